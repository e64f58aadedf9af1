// `npm run drill`: installs what is missing, then a drill (processes/drill.ts) on the pinned Node.
import { ensureInstalled, runPinned } from './install.mjs';

await ensureInstalled();
runPinned('processes/drill.ts', process.argv.slice(2));

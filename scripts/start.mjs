// `npm start`: installs what is missing, then everything on one machine (processes/local.ts) on the pinned Node.
import { ensureInstalled, runPinned } from './install.mjs';

await ensureInstalled();
runPinned('processes/local.ts', process.argv.slice(2));

// `npm test`: installs what is missing, then every check (scripts/checks/all.ts) on the pinned Node.
// `npm test -- intake` runs only the tests whose file names contain "intake".
import { ensureInstalled, runPinned } from './install.mjs';

await ensureInstalled();
runPinned('scripts/checks/all.ts', process.argv.slice(2));

// `npm run bench`: installs what is missing, then the benchmarks (bench/run.ts) on the pinned Node.
import { ensureInstalled, runPinned } from './install.mjs';

await ensureInstalled();
runPinned('bench/run.ts', process.argv.slice(2));

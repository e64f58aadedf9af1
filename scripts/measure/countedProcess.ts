/**
 * Runs the processes named as arguments together in this one, with V8's precise coverage on. The parent asks over IPC
 * which functions ran since it asked last; it asks again after a warm-up, so what runs at loading is not counted.
 */
import { Session } from 'node:inspector/promises';
import { pathToFileURL } from 'node:url';
import type { FunctionRun } from './coverage.ts';

const session = new Session();
session.connect();
await session.post('Profiler.enable');
await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });

process.on('message', (number: number) => {
  void session.post('Profiler.takePreciseCoverage').then(({ result }) => {
    const runs: FunctionRun[] = result.flatMap(({ url, functions }) =>
      functions.flatMap(({ functionName: name, ranges: [range] }) =>
        // The nameless function at the very beginning is the script itself.
        range === undefined || range.count === 0 || (name === '' && range.startOffset === 0)
          ? []
          : [{ url, offset: range.startOffset }],
      ),
    );
    const ours = runs.filter(({ url }) => url.startsWith('file://') && !url.includes('/node_modules/'));
    process.send?.({ number, runs: ours });
  });
});
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));

// A process may stay in its own top level as long as it runs, so none is waited for.
await Promise.race(process.argv.slice(2).map((file) => import(pathToFileURL(file).href)));

import { DefaultLogger, Runtime } from '@temporalio/worker';

let quiet = false;

/** Workers that run in this process say only what is wrong. */
export function quietEngine(): void {
  if (quiet) return;
  quiet = true;
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
}

import { fileURLToPath } from 'node:url';
import { type BundleOptions, DefaultLogger } from '@temporalio/worker';

/** How the peers' workflows are bundled. */
export const PEER_WORKFLOWS: BundleOptions = {
  workflowsPath: fileURLToPath(new URL('workflows.ts', import.meta.url)),
  logger: new DefaultLogger('ERROR'),
};

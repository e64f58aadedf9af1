import { fileURLToPath } from 'node:url';
import { type BundleOptions, DefaultLogger } from '@temporalio/worker';

/** How the peers' workflows are bundled: as the engine comes. */
export const PEER_WORKFLOWS: BundleOptions = {
  workflowsPath: fileURLToPath(new URL('workflows.ts', import.meta.url)),
  logger: new DefaultLogger('ERROR'),
};

/** The same with one frame kept of each promise, as in the system's own bundle (workflows/stackTraces.ts). */
export const ONE_FRAME_PEER_WORKFLOWS: BundleOptions = {
  ...PEER_WORKFLOWS,
  preloadModules: [fileURLToPath(new URL('../../workflows/stackTraces.ts', import.meta.url))],
};

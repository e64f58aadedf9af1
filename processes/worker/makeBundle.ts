/**
 * Makes the worker's bundle before there is a worker, as a process of its own: on one machine it is made while the
 * servers start, so that the worker finds it. The argument is the folder of everything local mode keeps.
 */
import { bundleFolder, workflowBundle } from './bundle.ts';

const [dataDir] = process.argv.slice(2);
if (dataDir === undefined) throw new Error('Which folder is everything kept in?');
await workflowBundle(bundleFolder(dataDir));

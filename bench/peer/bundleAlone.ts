/** The worker's bundle and nothing else, as a process of its own: one of the parts that a start is compared with. */
import { workflowBundle } from '../../processes/worker/bundle.ts';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('Which folder is the bundle kept in?');
await workflowBundle(folder);

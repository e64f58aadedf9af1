export { play } from './play.ts';
export { skeleton } from './skeleton.ts';
export { waiting } from './waiting.ts';

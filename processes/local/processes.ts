import type { HouseProcess } from './house.ts';

/**
 * How Node runs a process of the house: with a small space for what is new, so that a long list leaves half as much behind
 * before it is collected (B10), at no measurable cost.
 */
export const NODE_FLAGS: readonly string[] = ['--max-semi-space-size=4'];

/** The processes of the house on one machine, besides what they stand on; the stand-in offices are there for drills. */
export const PROCESSES: readonly HouseProcess[] = [
  { name: 'worker', file: 'processes/worker.ts', ahead: 'processes/worker/makeBundle.ts', givesWay: true },
  { name: 'api', file: 'processes/api.ts' },
  { name: 'offices', file: 'processes/offices.ts' },
];

import type { HouseProcess } from './house.ts';

/** The processes of the house on one machine, besides what they stand on; the stand-in offices are there for drills. */
export const PROCESSES: readonly HouseProcess[] = [
  { name: 'worker', file: 'processes/worker.ts', ahead: 'processes/worker/makeBundle.ts', givesWay: true },
  { name: 'api', file: 'processes/api.ts' },
  { name: 'offices', file: 'processes/offices.ts' },
];

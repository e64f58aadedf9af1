import type { StackProcess } from './devStack.ts';

/**
 * How Node runs a process of the stack: with a small space for what is new, so that a long list leaves half as much behind
 * before it is collected (B10), at no measurable cost.
 */
export const NODE_FLAGS: readonly string[] = ['--max-semi-space-size=4'];

/**
 * The worker besides: its heap is collected when it has grown by a quarter and not when it has doubled. A waiting journey
 * takes a fifth less (B3) and a list of 100,000 half (B10), and journeys are no slower for it (B2).
 */
export const WORKER_FLAGS: readonly string[] = ['--heap-growing-percent=25'];

/** The processes of the stack on one machine, besides what they stand on; the stand-in partners are there for drills. */
export const PROCESSES: readonly StackProcess[] = [
  {
    name: 'worker',
    file: 'processes/worker.ts',
    ahead: 'processes/worker/makeBundle.ts',
    flags: WORKER_FLAGS,
    givesWay: true,
  },
  { name: 'api', file: 'processes/api.ts' },
  { name: 'partners', file: 'processes/partners.ts' },
];

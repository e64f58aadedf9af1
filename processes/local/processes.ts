/** A process of the stack, run by the pinned Node. It says `ready …` on standard output when it is. */
export interface StackProcess {
  name: string;
  /** Relative to the project's folder. */
  file: string;
  /**
   * What can be made for it while the servers start, as a program that gets the data folder and ends; the process does
   * without where that fails.
   */
  ahead?: string;
  /** of Node, besides those that every process gets */
  flags?: readonly string[] | undefined;
  /** See PartCommand. */
  givesWay?: boolean;
  /** It runs workflows: its older versions run beside it, each by the same program with these flags, as long as they have open ones. */
  olderVersions?: { flags: readonly string[]; environment: Readonly<Record<string, string>> };
}

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
    olderVersions: {
      flags: [...WORKER_FLAGS, '--max-semi-space-size=1'],
      environment: { HOMEWARD_DATABASE_POOL: '4' },
    },
  },
  { name: 'api', file: 'processes/api.ts' },
  { name: 'partners', file: 'processes/partners.ts' },
];

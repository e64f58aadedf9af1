/** Loops between the tables and Temporal. Of all but the workflow starter, one runs and the others stand by. */
export const LOOPS = [
  'outbox publisher',
  'workflow starter',
  'inbox processor',
  'duplicate matcher',
  'version watch',
] as const;
export type LoopName = (typeof LOOPS)[number];

/** Jobs that run as Temporal Schedules, and how often. */
export const CHORES = { retention: '1 hour', timeZones: '1 hour' } as const;
export type ChoreName = keyof typeof CHORES;

/** A job in portions. `leaving`: whether the worker has asked it to stop; the next run does the rest. */
export type Chore = (leaving: () => boolean) => Promise<void>;

/**
 * Seconds since the database session of each loop last spoke; infinite where no process runs the loop. A session speaks
 * every five seconds.
 */
export type LoopReads = { silentSeconds(): Promise<ReadonlyMap<LoopName, number>> };

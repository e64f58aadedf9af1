/** Loops between the tables and Temporal. Of all but the workflow starter, one runs and the others stand by. */
export const LOOPS = [
  'outbox publisher',
  'workflow starter',
  'inbox processor',
  'duplicate matcher',
  'version watch',
  'command settler',
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

/** Runs `work` over all items, at most `limit` at once. It tries every item; the first error is thrown afterwards. */
export async function eachOf<Item>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  const errors: unknown[] = [];
  const lane = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      try {
        await work(item);
      } catch (error) {
        errors.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
  if (errors.length > 0) throw errors[0];
}

/** The log of use cases and loops; a pino logger fits. Fields are ids, counts and codes. */
export type Log = { info(fields: object, message: string): void; warn(fields: object, message: string): void };

/** The error by its code or name, because its message may quote values. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const { code } = error as Error & { code?: unknown };
  return typeof code === 'string' || typeof code === 'number' ? `${error.name} ${code}` : error.name;
}

import type { Instant } from '../time.ts';

/** A suspension that covers the subject: its start, and its end if it has ended. The end itself is not suspended. */
export type Interval = { from: Instant; until?: Instant | undefined };

/**
 * How long a subject was suspended between `since` and `at` (milliseconds of operation time), and whether it still is.
 * Overlapping suspensions count once.
 */
export function suspensionOverlapOver(
  suspensions: readonly Interval[],
  since: Instant,
  at: Instant,
): { overlap: number; open: boolean } {
  const clipped = suspensions
    .map(({ from, until }) => ({ from: Math.max(from, since), until: Math.min(until ?? at, at) }))
    .filter(({ from, until }) => from < until)
    .sort((a, b) => a.from - b.from);
  let overlap = 0;
  let reached = since;
  for (const { from, until } of clipped) {
    overlap += Math.max(0, until - Math.max(from, reached));
    reached = Math.max(reached, until);
  }
  return { overlap, open: suspensions.some(({ from, until }) => until === undefined && from <= at) };
}

import type { Instant } from '../time.ts';

/** A suspension that covers the subject: from when, and until when if it has ended. Half open: `until` counts as running. */
export type Interval = { from: Instant; until?: Instant };

/**
 * How long a subject stood still between `since` and `at` (milliseconds of operation time), and whether it still
 * does: a suspension without an end. Suspensions may overlap; a moment counts once.
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

import { DAY, HOUR, MINUTE, SECOND } from '../time.ts';

/**
 * Waits before each of the ten attempts, in milliseconds of real time, each counted from the attempt before it.
 * Source: Standard Webhooks 1.0, "Retries"; 75 h 35 min in all, so that an outage of three days loses nothing.
 */
export const ATTEMPT_WAITS: readonly number[] = [
  0,
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
];

export const ATTEMPTS = ATTEMPT_WAITS.length;

/** An endpoint that took nothing for this long is disabled, and a person is told. */
export const DISABLE_AFTER = 5 * DAY;

/** A wait that a receiver asks for is honoured up to this. */
const LONGEST_RETRY_AFTER = 24 * HOUR;

/** A receiver that is overloaded, or a gateway before it, gets at least this long to recover. */
const SHORTEST_THROTTLE = MINUTE;

/** Waits grow by up to this share, so that what failed together does not come back together. */
const JITTER_SHARE = 0.1;

/** Why there was no HTTP status. */
export type DeliveryFailure = 'refused_by_guard' | 'timeout' | 'connection' | 'malformed';

/**
 * delivered: taken. retry: try again by the schedule. throttle: the same, but not soon.
 * disable: the receiver says that nobody lives here any more.
 */
export type Outcome = 'delivered' | 'retry' | 'throttle' | 'disable';

/**
 * What the end of an attempt means. Only 2xx is taken: a redirect is a failure, since following it would send the
 * event to an address nobody checked.
 */
export function outcomeOf(end: { status: number } | { failure: DeliveryFailure }): Outcome {
  if ('failure' in end) return 'retry';
  if (end.status >= 200 && end.status <= 299) return 'delivered';
  if (end.status === 410) return 'disable';
  return end.status === 429 || end.status === 502 || end.status === 504 ? 'throttle' : 'retry';
}

/**
 * How long to wait after the `attempt`th attempt (counted from 1) in milliseconds, or `suspended`: no more attempts, a
 * person decides; nothing is dropped.
 * @param retryAfter milliseconds the receiver asked for; the wait is never shorter, but for the cap of a day
 * @param jitter 0..1, drawn by the caller
 */
export function nextAttempt(
  attempt: number,
  outcome: Exclude<Outcome, 'delivered'>,
  { retryAfter = 0, jitter = 0 }: { retryAfter?: number; jitter?: number } = {},
): number | 'suspended' {
  const scheduled = ATTEMPT_WAITS[attempt];
  if (outcome === 'disable' || scheduled === undefined) return 'suspended';
  const asked = Math.min(Math.max(retryAfter, 0), LONGEST_RETRY_AFTER);
  const wait = Math.max(scheduled, asked, outcome === 'throttle' ? SHORTEST_THROTTLE : 0);
  return Math.round(wait * (1 + JITTER_SHARE * Math.min(Math.max(jitter, 0), 1)));
}

/** Since when an endpoint has taken nothing, after this outcome. Epoch milliseconds of real time; null: it works. */
export function failingSince(before: number | null, outcome: Outcome, at: number): number | null {
  return outcome === 'delivered' ? null : (before ?? at);
}

/** Whether an endpoint that fails since then (epoch milliseconds) is to be disabled now. */
export function isGone(since: number | null, at: number): boolean {
  return since !== null && at - since >= DISABLE_AFTER;
}

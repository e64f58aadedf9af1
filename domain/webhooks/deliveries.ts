import { DAY, HOUR, MINUTE, SECOND } from '../time.ts';

export const ENDPOINT_STATUSES = ['active', 'disabled', 'removed'] as const;
export type EndpointStatus = (typeof ENDPOINT_STATUSES)[number];

export const DELIVERY_STATUSES = ['queued', 'retrying', 'delivered', 'suspended', 'redacted'] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** Why an event was not sent. A hold that blocks disclosure and a missing consent have the same reason. */
export const REDACTED_REASONS = ['not_shared', 'no_agreement'] as const;
export type RedactedReason = (typeof REDACTED_REASONS)[number];

/**
 * Delays before each of the ten attempts, in milliseconds of real time, each from the attempt before it.
 * Source: Standard Webhooks 1.0, "Retries". The total of 75 h 35 min covers an outage of three days.
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

/** An endpoint that accepts nothing for this long is disabled, and an alarm is raised. */
export const DISABLE_AFTER = 5 * DAY;

/** The longest delay that a receiver may request. */
const LONGEST_RETRY_AFTER = 24 * HOUR;

/** The shortest delay for an overloaded receiver or gateway. */
const SHORTEST_THROTTLE = MINUTE;

/** Delays grow by up to this share, so that failed deliveries do not return all at once. */
const JITTER_SHARE = 0.1;

/** Why an attempt has no HTTP status. */
export const DELIVERY_FAILURES = ['refused_by_guard', 'timeout', 'connection'] as const;
export type DeliveryFailure = (typeof DELIVERY_FAILURES)[number];

/**
 * The result of an attempt; the receiver's text is never stored. `retryAfter`: milliseconds that it requested. `detail`
 * is a code: the guard's reason or the socket's error.
 */
export type AttemptEnd = { ms: number } & (
  | { status: number; retryAfter?: number }
  | { failure: DeliveryFailure; detail: string }
);

/**
 * delivered: accepted. retry: try again by the schedule. throttle: retry, with a longer delay.
 * disable: the receiver says that the endpoint is gone.
 */
export type Outcome = 'delivered' | 'retry' | 'throttle' | 'disable';

/**
 * What the result of an attempt means. Only 2xx is accepted. A redirect is a failure, because following it would send
 * the event to an unchecked address.
 */
export function outcomeOf(end: { status: number } | { failure: DeliveryFailure }): Outcome {
  if ('failure' in end) return 'retry';
  if (end.status >= 200 && end.status <= 299) return 'delivered';
  if (end.status === 410) return 'disable';
  return end.status === 429 || end.status === 502 || end.status === 504 ? 'throttle' : 'retry';
}

/**
 * The delay after the `attempt`th attempt (counted from 1) in milliseconds, or `suspended`: no more attempts, and a
 * person decides. No event is dropped.
 * @param retryAfter milliseconds that the receiver requested; the delay is never shorter, up to the cap of a day
 * @param jitter 0..1, drawn by the caller
 */
export function nextAttempt(
  attempt: number,
  outcome: Exclude<Outcome, 'delivered'>,
  { retryAfter = 0, jitter = 0 }: { retryAfter?: number; jitter?: number } = {},
): number | 'suspended' {
  const scheduled = ATTEMPT_WAITS[attempt];
  if (outcome === 'disable' || scheduled === undefined) return 'suspended';
  const requested = Math.min(Math.max(retryAfter, 0), LONGEST_RETRY_AFTER);
  const wait = Math.max(scheduled, requested, outcome === 'throttle' ? SHORTEST_THROTTLE : 0);
  return Math.round(wait * (1 + JITTER_SHARE * Math.min(Math.max(jitter, 0), 1)));
}

/** Whether to disable an endpoint that fails since then (epoch milliseconds). */
export function isGone(since: number | null, at: number): boolean {
  return since !== null && at - since >= DISABLE_AFTER;
}

import { ApplicationFailure } from '@temporalio/common';

/**
 * What an activity throws decides whether it is tried again. Failures thrown as anything else (a broken connection,
 * a bug) are tried again by Temporal itself.
 */

/** Somebody else is not ready: try again, not before `retryAfterSeconds` where they named a time. Codes only, never values. */
export function retryable(code: string, retryAfterSeconds?: number): ApplicationFailure {
  return ApplicationFailure.create({
    type: code,
    message: code,
    nonRetryable: false,
    ...(retryAfterSeconds === undefined ? {} : { nextRetryDelay: retryAfterSeconds * 1_000 }),
  });
}

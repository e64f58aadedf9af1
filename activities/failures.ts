import { ApplicationFailure } from '@temporalio/common';

/**
 * The type of error decides whether Temporal retries the activity. Any other error (a broken connection, a bug) is
 * retried by Temporal's default.
 */

/**
 * A remote system is not ready: retry, after `retryAfterSeconds` if it gave a time. The details hold codes only, never
 * values.
 */
export function retryable(code: string, retryAfterSeconds?: number): ApplicationFailure {
  return ApplicationFailure.create({
    type: code,
    message: code,
    nonRetryable: false,
    ...(retryAfterSeconds === undefined ? {} : { nextRetryDelay: retryAfterSeconds * 1_000 }),
  });
}

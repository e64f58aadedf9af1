import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { SendInput } from '../application/requests/prepare.ts';
import { PartnerNotReady, type requests, type SendOutcome } from '../application/requests/requests.ts';
import type { Instant } from '../domain/time.ts';

export type { SendInput, SendOutcome };

/** Requests to partners, of every kind. Each asks the preconditions, writes the ledger, then calls. */
export type RequestActivities = {
  sendRequest(input: SendInput): Promise<SendOutcome>;
  sendEvidence(input: { requestId: string; kinds: string[]; at: Instant }): Promise<{ sent: boolean }>;
  remindRequest(input: { requestId: string; at: Instant }): Promise<{ reminded: boolean }>;
  recallRequest(input: { requestId: string; at: Instant }): Promise<{ recalled: boolean }>;
  /** an answer that nobody waits for any more is put before a person */
  setAnswerAside(input: { requestId: string; partnerId: string; eventKey: string; at: Instant }): Promise<void>;
};

/**
 * The type of error decides whether Temporal tries again. A partner that is not ready is asked again, at the time that it
 * gave if it gave one; any other error (a broken connection, a bug) by Temporal's default. Details hold codes alone.
 */
export function requestActivities(lifecycle: ReturnType<typeof requests>): RequestActivities {
  const retried = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      if (!(error instanceof PartnerNotReady)) throw error;
      const { code, retryAfterSeconds: seconds } = error;
      throw ApplicationFailure.create({
        type: code,
        message: code,
        nonRetryable: false,
        ...(seconds === undefined ? {} : { nextRetryDelay: seconds * 1_000 }),
      });
    }
  };
  return {
    sendRequest: (input) => retried(lifecycle.send(input)),
    sendEvidence: (input) => retried(lifecycle.sendEvidence(input)),
    remindRequest: (input) => retried(lifecycle.remind(input)),
    recallRequest: (input) => retried(lifecycle.recall(input)),
    setAnswerAside: (input) => lifecycle.setAnswerAside(input),
  };
}

/** Twice within the heartbeat timeout of outside calls (15 s), so that one heartbeat may be lost. */
const EVERY_MS = 5_000;

/**
 * Wraps activities so that they send heartbeats while they run. Temporal then notices a killed worker within the
 * heartbeat timeout, not only at the end of the longest call.
 */
export function withHeartbeat<A extends { [Name in keyof A]: (input: never) => Promise<unknown> }>(activities: A): A {
  const wrapped = Object.entries<(input: never) => Promise<unknown>>(activities).map(([name, activity]) => [
    name,
    async (input: never): Promise<unknown> => {
      const context = Context.current();
      const beat = setInterval(() => context.heartbeat(), EVERY_MS);
      try {
        return await activity(input);
      } finally {
        clearInterval(beat);
      }
    },
  ]);
  return Object.fromEntries(wrapped) as A;
}

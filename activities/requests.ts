import type { SendInput } from '../application/requests/prepare.ts';
import { PartnerNotReady, type requests, type SendOutcome } from '../application/requests/requests.ts';
import type { Instant } from '../domain/time.ts';
import { retryable } from './failures.ts';

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

export function requestActivities(lifecycle: ReturnType<typeof requests>): RequestActivities {
  const retried = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      if (error instanceof PartnerNotReady) throw retryable(error.code, error.retryAfterSeconds);
      throw error;
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

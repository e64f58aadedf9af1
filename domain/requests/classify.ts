import { z } from 'zod';
import type { AlarmKind } from '../messages/t.ts';
import { HOUR, type Instant } from '../time.ts';
import { versioned } from '../versioned.ts';
import type { InboxMessage } from './callback.ts';
import { type Answer, CALLBACK_TYPES, callbackOf, REQUESTS, type RequestKind, requestOf } from './index.ts';

/** The allowed difference between the clocks of two systems, before an answer counts as older than its request. */
const CLOCKS_APART = HOUR;

/** A request to a partner as it is stored. `subject` is a journey or a movement. */
export type PartnerRequest = {
  id: string;
  kind: RequestKind;
  subject: string;
  operationId: string;
  partnerId: string;
  round: number;
  requestedAt: Instant;
  status: 'intended' | 'sent' | 'acknowledged' | 'answered' | 'recalled' | 'refused' | 'failed';
  /** the answers so far: the last final one, and when the answer before it was retracted */
  outcome?: z.infer<typeof Outcome>;
  /** the answer that came with the response */
  reply?: Answer;
};

/** Stored with the request. Two answers mean the same if `answer` is equal. */
const Outcome = z.object({
  type: z.enum(CALLBACK_TYPES),
  occurredAt: z.number(),
  answer: z.string(),
  retractedAt: z.number().optional(),
  lastMessageAt: z.number().optional(),
});

export const STORED_OUTCOME = versioned({ name: 'Outcome of a request', version: 1, schema: Outcome, upgrades: {} });

/** Alarms about an answer that is not applied and that a person must look at; each opens a task of its name. */
export const ANSWERS_FOR_A_PERSON = [
  'contradicting_answer',
  'issued_after_recall',
  'late_answer',
  'unreadable_message',
] as const satisfies readonly AlarmKind[];

type Callback = InboxMessage['callback'];

/**
 * The disposition of a callback about a request. `apply` applies it; the others only record it. `stale`: it is older
 * than the recorded answer, or repeats it. `late`: it answers a request that was recalled, so a person decides.
 * `misplaced`: it answers another kind of request. `contradicts`: it contradicts the partner's own earlier answer, so
 * neither is applied and a person decides.
 */
export type Disposition = 'apply' | 'stale' | 'late' | 'misplaced' | 'contradicts';

/** The partner's own clock gives the order, not the arrival. A late callback is recorded and reverses nothing. */
export function classify(
  request: Pick<PartnerRequest, 'kind' | 'requestedAt' | 'status' | 'outcome'>,
  callback: Callback,
): Disposition {
  if (requestOf(callback.type) !== request.kind) return 'misplaced';
  const { part } = callbackOf(callback.type);
  if (callback.occurredAt < request.requestedAt - CLOCKS_APART) return 'stale';
  if (request.status === 'recalled') return part === 'acknowledgement' ? 'stale' : 'late';
  const before = request.outcome;
  if (before?.retractedAt !== undefined) {
    // A retraction is final for this request. Another answer needs a new request, and a person decides on it.
    return part === 'answer' && callback.occurredAt > before.retractedAt ? 'contradicts' : 'stale';
  }
  if (part === 'retraction') return 'apply';
  const answered = before !== undefined && isFinal(before.type);
  if (!isFinal(callback.type)) {
    if (answered) return 'stale';
    if (part === 'acknowledgement' && request.status === 'acknowledged') return 'stale';
    if (before?.lastMessageAt === undefined || callback.occurredAt > before.lastMessageAt) return 'apply';
    return callback.occurredAt < before.lastMessageAt || answerKey(callback) === before.answer ? 'stale' : 'apply';
  }
  if (!answered) return 'apply';
  if (answerKey(callback) === before.answer) return 'stale';
  // A clinic examines again: the later finding counts. Any other second answer of a partner is a contradiction.
  if (REQUESTS[request.kind].laterCounts) return callback.occurredAt > before.occurredAt ? 'apply' : 'stale';
  return 'contradicts';
}

/** Whether a callback ends its request. */
function isFinal(type: Callback['type']): boolean {
  const { part } = callbackOf(type);
  return part === 'answer' || part === 'retraction';
}

/** The request after a callback that applies. */
export function requestAfter(
  request: Pick<PartnerRequest, 'status' | 'outcome'>,
  callback: Callback,
): { status: 'answered' | 'acknowledged'; outcome: NonNullable<PartnerRequest['outcome']> } {
  const { type, occurredAt } = callback;
  const { outcome: before } = request;
  const answer = answerKey(callback);
  return {
    status: isFinal(type) || request.status === 'answered' ? 'answered' : 'acknowledged',
    outcome:
      callbackOf(type).part === 'retraction'
        ? { ...(before ?? { type, occurredAt, answer }), retractedAt: occurredAt }
        : { type, occurredAt, answer, lastMessageAt: Math.max(occurredAt, before?.lastMessageAt ?? occurredAt) },
  };
}

/** Two callbacks with equal keys have the same meaning. */
function answerKey(callback: Callback): string {
  const parts = Object.entries(callback.data)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([callback.type, parts]);
}

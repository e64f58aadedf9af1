import { z } from 'zod';
import { HOUR, type Instant } from '../time.ts';
import { versioned } from '../versioned.ts';
import type { Callback } from './callback.ts';
import type { RequestKind } from './protocol.ts';
import { CALLBACKS, type CallbackType } from './protocol.ts';

/** The allowed difference between the clocks of two systems, before an answer counts as older than its request. */
const CLOCKS_APART = HOUR;

/** What is known of a request when an answer arrives. */
export type PartnerRequest = {
  kind: RequestKind;
  requestedAt: Instant;
  status: 'intended' | 'sent' | 'acknowledged' | 'answered' | 'recalled' | 'refused' | 'failed';
  /** the answers so far: the last final one, and when the answer before it was retracted */
  outcome?: Outcome;
};

/** Stored with the request. Two answers mean the same if `answer` is equal. */
const Outcome = z.object({
  type: z.enum(Object.keys(CALLBACKS) as CallbackType[]),
  occurredAt: z.number(),
  answer: z.string(),
  retractedAt: z.number().optional(),
  lastMessageAt: z.number().optional(),
});
export type Outcome = z.infer<typeof Outcome>;

export const STORED_OUTCOME = versioned({ name: 'Outcome of a request', version: 1, schema: Outcome, upgrades: {} });

/** An outcome in its stored form. */
export const storedOutcome = (outcome: Outcome) => ({ version: STORED_OUTCOME.version, ...outcome });

/**
 * The disposition of a callback about a request. `apply` applies it; the others only record it. `stale`: it is older
 * than the recorded answer, or repeats it. `misplaced`: it answers another kind of request. `contradicts`: it
 * contradicts the partner's own earlier answer, so neither is applied and a person decides.
 */
export type Disposition = 'apply' | 'stale' | 'misplaced' | 'contradicts';

/** The partner's own clock gives the order, not the arrival. A late callback is recorded and reverses nothing. */
export function classify(request: PartnerRequest, callback: Callback): Disposition {
  const { of } = CALLBACKS[callback.type];
  if (of === null || !(of as readonly RequestKind[]).includes(request.kind)) return 'misplaced';
  if (callback.occurredAt < request.requestedAt - CLOCKS_APART || request.status === 'recalled') return 'stale';
  const before = request.outcome;
  if (before?.retractedAt !== undefined) {
    // A retraction is final for this request. Another answer needs a new request, and a person decides on it.
    return callback.type === 'verification.answered' && callback.occurredAt > before.retractedAt
      ? 'contradicts'
      : 'stale';
  }
  if (callback.type === 'verification.retracted') return 'apply';
  const answered = before !== undefined && CALLBACKS[before.type].final;
  if (!CALLBACKS[callback.type].final) {
    if (answered) return 'stale';
    if (callback.type === 'verification.acknowledged' && request.status === 'acknowledged') return 'stale';
    if (before?.lastMessageAt === undefined || callback.occurredAt > before.lastMessageAt) return 'apply';
    return callback.occurredAt < before.lastMessageAt || answerKey(callback) === before.answer ? 'stale' : 'apply';
  }
  if (!answered) return 'apply';
  if (answerKey(callback) === before.answer) return 'stale';
  // A clinic examines again: the later finding counts. Any other second answer of a partner is a contradiction.
  if (callback.type === 'fitness.answered') return callback.occurredAt > before.occurredAt ? 'apply' : 'stale';
  return 'contradicts';
}

/** The outcome of the request after a callback that applies. */
export function outcomeAfter(before: Outcome | undefined, callback: Callback): Outcome {
  const { type, occurredAt } = callback;
  if (type === 'verification.retracted') {
    return { ...(before ?? { type, occurredAt, answer: answerKey(callback) }), retractedAt: occurredAt };
  }
  return {
    type,
    occurredAt,
    answer: answerKey(callback),
    lastMessageAt: Math.max(occurredAt, before?.lastMessageAt ?? occurredAt),
  };
}

/** Two callbacks with equal keys have the same meaning. */
function answerKey(callback: Callback): string {
  const parts = Object.entries(callback.data)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([callback.type, parts]);
}

import { z } from 'zod';
import { HOUR, type Instant } from '../time.ts';
import { versioned } from '../versioned.ts';
import type { Callback } from './callback.ts';
import type { RequestKind } from './protocol.ts';
import { CALLBACKS, type CallbackType } from './protocol.ts';

/** Clocks of two systems may differ by this much before an answer counts as older than its request. */
const CLOCKS_APART = HOUR;

/** What we know of a request when an answer comes in. */
export type PartnerRequest = {
  kind: RequestKind;
  requestedAt: Instant;
  status: 'intended' | 'sent' | 'acknowledged' | 'answered' | 'recalled' | 'refused' | 'failed';
  /** the answers that stand so far: the last final one, and when the answer before it was taken back */
  outcome?: Outcome;
};

/** Kept with the request. `answer` is what must be equal for two answers to say the same. */
const Outcome = z.object({
  type: z.enum(Object.keys(CALLBACKS) as CallbackType[]),
  occurredAt: z.number(),
  answer: z.string(),
  retractedAt: z.number().optional(),
  lastMessageAt: z.number().optional(),
});
export type Outcome = z.infer<typeof Outcome>;

export const STORED_OUTCOME = versioned({ name: 'Outcome of a request', version: 1, schema: Outcome, upgrades: {} });

/** An outcome as it is stored. */
export const storedOutcome = (outcome: Outcome) => ({ version: STORED_OUTCOME.version, ...outcome });

/**
 * What is done with a callback about a request: `apply` it; or record it only, because it is `stale` (older than what
 * stands, or says it again), `misplaced` (it answers another kind of request), or `contradicts` what the partner
 * itself said before: then nothing is taken for true and a person looks.
 */
export type Disposition = 'apply' | 'stale' | 'misplaced' | 'contradicts';

/** Order is told by the partner's own clock, not by arrival: what is late is recorded and never turns anything back. */
export function classify(request: PartnerRequest, callback: Callback): Disposition {
  const { of } = CALLBACKS[callback.type];
  if (of === null || !(of as readonly RequestKind[]).includes(request.kind)) return 'misplaced';
  if (callback.occurredAt < request.requestedAt - CLOCKS_APART || request.status === 'recalled') return 'stale';
  const before = request.outcome;
  if (before?.retractedAt !== undefined) {
    // Taken back is final for this request: whoever wants another answer asks again, and a person sees to it.
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
  // A clinic examines again: the later finding stands. Any other second word of a partner is a contradiction.
  if (callback.type === 'fitness.answered') return callback.occurredAt > before.occurredAt ? 'apply' : 'stale';
  return 'contradicts';
}

/** The request's outcome after a callback that applies. */
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

/** Two callbacks with equal keys say the same. */
function answerKey(callback: Callback): string {
  const parts = Object.entries(callback.data)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([callback.type, parts]);
}

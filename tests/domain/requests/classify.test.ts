import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { InboxMessage } from '../../../domain/requests/callback.ts';
import { classify, type PartnerRequest, requestAfter } from '../../../domain/requests/classify.ts';
import { HOUR } from '../../../domain/time.ts';

const ASKED = Date.parse('2026-06-01T00:00:00Z');
type Callback = InboxMessage['callback'];
type Request = Pick<PartnerRequest, 'kind' | 'requestedAt' | 'status' | 'outcome'>;

const asked: Request = { kind: 'verification', requestedAt: ASKED, status: 'sent' };

const saying = (outcome: 'confirmed' | 'not_confirmed', at: number): Callback => ({
  type: 'verification.answered',
  occurredAt: ASKED + at,
  data: { outcome },
});
const acknowledged = (at: number): Callback => ({
  type: 'verification.acknowledged',
  occurredAt: ASKED + at,
  data: {},
});
const moreInfo = (at: number): Callback => ({
  type: 'verification.more_info',
  occurredAt: ASKED + at,
  data: { requestedEvidence: ['INTERVIEW'] },
});
const retracted = (at: number): Callback => ({ type: 'verification.retracted', occurredAt: ASKED + at, data: {} });

/** The request after callbacks in this order of arrival, with the disposition of each. */
function classifyAll(...callbacks: Callback[]): { request: Request; dispositions: string[] } {
  let request = asked;
  const dispositions = callbacks.map((callback) => {
    const disposition = classify(request, callback);
    if (disposition === 'apply') request = { ...request, ...requestAfter(request, callback) };
    return disposition;
  });
  return { request, dispositions };
}

describe('the disposition of a callback about a request', () => {
  it.each<[string, Callback[], string[]]>([
    ['the plain way', [acknowledged(1), moreInfo(2), saying('confirmed', 3)], ['apply', 'apply', 'apply']],
    ['an answer without an acknowledgement', [saying('confirmed', 1)], ['apply']],
    ['an acknowledgement after the answer', [saying('confirmed', 2), acknowledged(1)], ['apply', 'stale']],
    ['a second acknowledgement', [acknowledged(1), acknowledged(2)], ['apply', 'stale']],
    ['a request for evidence that is older than the last', [moreInfo(5), moreInfo(3)], ['apply', 'stale']],
    ['two rounds of evidence', [moreInfo(1), moreInfo(3)], ['apply', 'apply']],
    ['the same answer again', [saying('confirmed', 1), saying('confirmed', 2)], ['apply', 'stale']],
    ['another answer', [saying('confirmed', 1), saying('not_confirmed', 2)], ['apply', 'contradicts']],
    ['retracted', [saying('confirmed', 1), retracted(2)], ['apply', 'apply']],
    ['retracted twice', [saying('confirmed', 1), retracted(2), retracted(3)], ['apply', 'apply', 'stale']],
    ['retracted before the answer', [retracted(2), saying('confirmed', 1)], ['apply', 'stale']],
    [
      'answered again after a retraction',
      [saying('confirmed', 1), retracted(2), saying('confirmed', 3)],
      ['apply', 'apply', 'contradicts'],
    ],
    ['the same request for evidence under another id', [moreInfo(1), moreInfo(1)], ['apply', 'stale']],
  ])('%s', (_name, callbacks, dispositions) => {
    expect(classifyAll(...callbacks).dispositions).toEqual(dispositions);
  });

  it('older than the request is stale, within an hour of two clocks it is not', () => {
    expect(classify(asked, saying('confirmed', -HOUR - 1))).toBe('stale');
    expect(classify(asked, saying('confirmed', -HOUR))).toBe('apply');
  });

  it('after a recall nothing is applied, and what says something comes late', () => {
    const recalled: Request = { ...asked, status: 'recalled' };
    expect(classify(recalled, saying('confirmed', 1))).toBe('late');
    expect(classify(recalled, moreInfo(1))).toBe('late');
    expect(classify(recalled, retracted(1))).toBe('late');
    expect(classify(recalled, acknowledged(1))).toBe('stale');
  });

  it('an answer to another kind of request, and a message about a vehicle, are misplaced', () => {
    expect(classify(asked, { type: 'document.refused', occurredAt: ASKED, data: {} })).toBe('misplaced');
    expect(classify(asked, { type: 'movement.departed', occurredAt: ASKED, data: {} })).toBe('misplaced');
  });

  it('of two findings of a clinic the later one applies', () => {
    const finding = (result: 'fit' | 'unfit', at: number): Callback => ({
      type: 'fitness.answered',
      occurredAt: ASKED + at,
      data: { result, conditions: [], examinedAt: ASKED + at, validForHours: 72 },
    });
    const first = {
      ...asked,
      kind: 'fitness' as const,
      status: 'answered' as const,
      outcome: requestAfter({ status: 'sent' }, finding('unfit', 10)).outcome,
    };
    expect(classify(first, finding('fit', 20))).toBe('apply');
    expect(classify(first, finding('fit', 5))).toBe('stale');
  });

  const callback = fc.oneof(
    fc.nat(50).map(acknowledged),
    fc.nat(50).map(moreInfo),
    fc
      .tuple(fc.constantFrom('confirmed' as const, 'not_confirmed' as const), fc.nat(50))
      .map(([outcome, at]) => saying(outcome, at)),
    fc.nat(50).map(retracted),
  );

  it('applies nothing twice, one answer at most, and nothing after a retraction', () => {
    fc.assert(
      fc.property(fc.array(callback, { maxLength: 12 }), (callbacks) => {
        const { dispositions } = classifyAll(...callbacks);
        const applied = callbacks.filter((_, i) => dispositions[i] === 'apply').map(({ type }) => type);
        expect(applied.filter((type) => type === 'verification.answered').length).toBeLessThanOrEqual(1);
        const back = applied.indexOf('verification.retracted');
        if (back !== -1) expect(applied.slice(back + 1)).toEqual([]);
        const again = classifyAll(...callbacks, ...callbacks.filter((_, i) => dispositions[i] === 'apply'));
        expect(again.dispositions.slice(callbacks.length)).not.toContain('apply');
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Interval, suspensionOverlapOver } from '../../../domain/operations/suspensionOverlap.ts';

const HORIZON = 60;
const interval = fc
  .record({ from: fc.integer({ min: 0, max: HORIZON }), length: fc.option(fc.integer({ min: 0, max: 20 })) })
  .map(({ from, length }): Interval => (length === null ? { from } : { from, until: from + length }));
const span = fc
  .tuple(fc.integer({ min: 0, max: HORIZON }), fc.integer({ min: 0, max: HORIZON }))
  .map(([a, b]) => ({ since: Math.min(a, b), at: Math.max(a, b) }));

describe('how long a subject was suspended', () => {
  it('equals counting the moments one by one', () => {
    fc.assert(
      fc.property(fc.array(interval, { maxLength: 6 }), span, (suspensions, { since, at }) => {
        let moments = 0;
        for (let moment = since; moment < at; moment++) {
          if (suspensions.some(({ from, until }) => from <= moment && (until === undefined || moment < until)))
            moments++;
        }
        expect(suspensionOverlapOver(suspensions, since, at).overlap).toBe(moments);
      }),
    );
  });

  it('adds up over parts of the time', () => {
    fc.assert(
      fc.property(fc.array(interval, { maxLength: 6 }), span, fc.nat(HORIZON), (suspensions, { since, at }, cut) => {
        const middle = Math.min(Math.max(cut, since), at);
        const whole = suspensionOverlapOver(suspensions, since, at).overlap;
        expect(
          suspensionOverlapOver(suspensions, since, middle).overlap +
            suspensionOverlapOver(suspensions, middle, at).overlap,
        ).toBe(whole);
      }),
    );
  });

  it('does not change with the order of suspensions, nor when one is given twice', () => {
    fc.assert(
      fc.property(fc.array(interval, { maxLength: 6 }), span, (suspensions, { since, at }) => {
        const doubled = [...suspensions, ...suspensions].reverse();
        expect(suspensionOverlapOver(doubled, since, at)).toEqual(suspensionOverlapOver(suspensions, since, at));
      }),
    );
  });

  it.each([
    { name: 'one that has ended', suspensions: [{ from: 0, until: 5 }], open: false },
    { name: 'one without an end', suspensions: [{ from: 5 }], open: true },
    { name: 'one that begins later', suspensions: [{ from: 11 }], open: false },
    { name: 'one that begins now', suspensions: [{ from: 10 }], open: true },
    { name: 'an ended and an open one', suspensions: [{ from: 5 }, { from: 0, until: 3 }], open: true },
  ])('is open: $name → $open', ({ suspensions, open }) => {
    expect(suspensionOverlapOver(suspensions, 0, 10).open).toBe(open);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SYSTEM } from '../../domain/actor.ts';
import { merged, type RecordedFact } from '../../domain/record.ts';

const fact = (seq: number, type: string, data: Record<string, unknown>, commandId?: string): RecordedFact => ({
  seq,
  type,
  at: seq,
  actor: SYSTEM,
  data,
  ...(commandId === undefined ? {} : { commandId }),
});

/** Facts that follow sequence number 7, each another one. */
const facts = (prefix: string) =>
  fc
    .array(fc.boolean(), { maxLength: 8 })
    .map((commands) =>
      commands.map((command, index) =>
        fact(8 + index, `${prefix}${index}`, { n: index }, command ? `${prefix}-${index}` : undefined),
      ),
    );
const known = (list: readonly RecordedFact[] | undefined) => (list ?? []).map(({ type }) => type);

describe('a batch merged with what stands', () => {
  it('keeps what stands as it stands, adds what is new in its order, without a gap, each once', () => {
    fc.assert(
      fc.property(facts('a'), facts('b'), fc.nat(), (stood, more, seed) => {
        // the batch: everything that stands, or a part of it, anywhere among what is new
        const own = [...stood.filter((_, index) => (seed >> index) & 1), ...more];
        const place = new Map(own.map((one, index) => [one, (seed * 31 + index * 17) % 11]));
        const shuffled = own
          .toSorted((one, other) => (place.get(one) ?? 0) - (place.get(other) ?? 0))
          .map((one, index) => ({ ...one, seq: 8 + index }));
        const all = merged(stood, shuffled);
        expect(known(all).slice(0, stood.length)).toEqual(known(stood));
        expect(known(all).slice(stood.length)).toEqual(known(shuffled).filter((type) => !known(stood).includes(type)));
        if (stood.length > 0) expect(all?.map(({ seq }) => seq)).toEqual(all?.map((_, index) => 8 + index));
      }),
    );
  });

  it('merged again, nothing is new', () => {
    fc.assert(
      fc.property(facts('a'), facts('b'), (stood, more) => {
        fc.pre(stood.length > 0);
        const once = merged(stood, more) ?? [];
        expect(merged(once, more)).toEqual(once);
      }),
    );
  });

  it('a command makes a fact once, whatever it says the second time', () => {
    const stood = [fact(8, 'consentGiven', { version: 2 }, 'cmd')];
    expect(merged(stood, [fact(8, 'consentGiven', { version: 3 }, 'cmd')])).toEqual(stood);
    expect(merged(stood, [fact(8, 'consentGiven', { version: 2 }, 'other')])).toHaveLength(2);
    expect(merged(stood, [fact(8, 'consentGiven', { version: 2 })])).toHaveLength(2);
  });

  it('the same words in another order of keys are the same', () => {
    const stood = [fact(8, 'arrived', { movementId: 'm', stage: 's' })];
    expect(merged(stood, [fact(8, 'arrived', { stage: 's', movementId: 'm' })])).toHaveLength(1);
    expect(merged(stood, [fact(8, 'arrived', { stage: 's', movementId: 'n' })])).toHaveLength(2);
  });

  it('two that begin otherwise are two subjects', () => {
    expect(
      merged([fact(1, 'journeyStarted', { consent: 'given' })], [fact(1, 'journeyStarted', { consent: 'refused' })]),
    ).toBeUndefined();
    expect(merged([fact(1, 'journeyStarted', {})], [fact(1, 'journeyStarted', {})])).toHaveLength(1);
  });
});

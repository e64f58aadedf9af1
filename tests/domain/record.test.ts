import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SYSTEM } from '../../domain/actor.ts';
import { merged, type RecordedEvent } from '../../domain/record.ts';

const event = (seq: number, type: string, data: Record<string, unknown>, commandId?: string): RecordedEvent => ({
  seq,
  type,
  at: seq,
  actor: SYSTEM,
  data,
  ...(commandId === undefined ? {} : { commandId }),
});

/** Events that follow sequence number 7, each another one. */
const events = (prefix: string) =>
  fc
    .array(fc.boolean(), { maxLength: 8 })
    .map((commands) =>
      commands.map((command, index) =>
        event(8 + index, `${prefix}${index}`, { n: index }, command ? `${prefix}-${index}` : undefined),
      ),
    );
const known = (list: readonly RecordedEvent[] | undefined) => (list ?? []).map(({ type }) => type);

describe('a batch merged with what alreadyRecorded', () => {
  it('leaves recorded events unchanged, and adds new ones in order, without a gap, each once', () => {
    fc.assert(
      fc.property(events('a'), events('b'), fc.nat(), (stood, more, seed) => {
        // the batch: every recorded event, or some of them, anywhere among what is new
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
      fc.property(events('a'), events('b'), (stood, more) => {
        fc.pre(stood.length > 0);
        const once = merged(stood, more) ?? [];
        expect(merged(once, more)).toEqual(once);
      }),
    );
  });

  it('a command makes an event once, whatever its second attempt holds', () => {
    const stood = [event(8, 'consentGiven', { version: 2 }, 'cmd')];
    expect(merged(stood, [event(8, 'consentGiven', { version: 3 }, 'cmd')])).toEqual(stood);
    expect(merged(stood, [event(8, 'consentGiven', { version: 2 }, 'other')])).toHaveLength(2);
    expect(merged(stood, [event(8, 'consentGiven', { version: 2 })])).toHaveLength(2);
  });

  it('the same words in another order of keys are the same', () => {
    const stood = [event(8, 'arrived', { movementId: 'm', leg: 's' })];
    expect(merged(stood, [event(8, 'arrived', { leg: 's', movementId: 'm' })])).toHaveLength(1);
    expect(merged(stood, [event(8, 'arrived', { leg: 's', movementId: 'n' })])).toHaveLength(2);
  });

  it('two that begin otherwise are two subjects', () => {
    expect(
      merged([event(1, 'journeyStarted', { consent: 'given' })], [event(1, 'journeyStarted', { consent: 'refused' })]),
    ).toBeUndefined();
    expect(merged([event(1, 'journeyStarted', {})], [event(1, 'journeyStarted', {})])).toHaveLength(1);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CONTACT_CHANNELS,
  confirmationRefusal,
  endingAfterFollowUps,
  inContact,
  lostContactLacks,
  protectionMustConfirm,
  withAttempt,
} from '../../../domain/journeys/endings.ts';
import { emptyJourney } from '../../../domain/journeys/state.ts';
import { DAY } from '../../../domain/time.ts';

const attempts = (made: ReadonlyArray<readonly [(typeof CONTACT_CHANNELS)[number], number]>) =>
  made.reduce((list, [channel, day]) => withAttempt(list, channel, day * DAY + 5), emptyJourney().contactAttempts);

describe('lost contact', () => {
  it.each([
    ['nobody tried', [], false],
    [
      'four calls on one day',
      [
        ['phone', 1],
        ['phone', 1],
        ['phone', 1],
        ['phone', 1],
      ],
      false,
    ],
    [
      'three days by one channel',
      [
        ['phone', 1],
        ['phone', 2],
        ['phone', 3],
      ],
      false,
    ],
    [
      'two channels on two days',
      [
        ['phone', 1],
        ['visit', 2],
        ['sms', 2],
      ],
      false,
    ],
    [
      'three days, two channels',
      [
        ['phone', 1],
        ['visit', 2],
        ['phone', 3],
      ],
      true,
    ],
    ['a visit long before many calls', [['visit', 1], ...[2, 3, 4, 5, 6].map((day) => ['phone', day])], true],
  ] as const)('%s: %#', (_, made, enough) => {
    expect(lostContactLacks(attempts(made as never)) === undefined).toBe(enough);
  });

  it('is decided as by the whole list, and the list has an end', () => {
    const one = fc.tuple(fc.constantFrom(...CONTACT_CHANNELS), fc.nat(9));
    fc.assert(
      fc.property(fc.array(one, { maxLength: 60 }), (made) => {
        const inOrder = made.toSorted((a, b) => a[1] - b[1]);
        const kept = attempts(inOrder);
        expect(kept.length).toBeLessThanOrEqual(3 * CONTACT_CHANNELS.length);
        const days = new Set(made.map(([, day]) => day)).size;
        const channels = new Set(made.map(([channel]) => channel)).size;
        expect(lostContactLacks(kept) === undefined).toBe(days >= 3 && channels >= 2);
      }),
    );
  });

  it('is forgotten when the person was reached, with its proposal alone', () => {
    const proposed = { ending: 'lost_contact', by: 'a', protection: true, at: 1 } as const;
    expect(inContact({ proposedEnding: proposed })).toEqual({ contactAttempts: [], proposedEnding: null });
    const other = { ...proposed, ending: 'ineligible' } as const;
    expect(inContact({ proposedEnding: other }).proposedEnding).toBe(other);
  });
});

describe('the second person', () => {
  const base = emptyJourney();
  const by = (id: string, role: 'case_worker' | 'protection_officer') => ({ kind: 'staff', id, role }) as const;
  const proposed = (protection: boolean) => ({ ending: 'ineligible', by: 'first', protection, at: 0 }) as const;
  const situations = [
    ['free', {}, false],
    ['under a hold', { holds: ['hld_1'] }, true],
    ['on board', { travel: { ...base.travel, status: 'boarded' } }, true],
    ['in transit', { travel: { ...base.travel, status: 'in_transit' } }, true],
    ['arrived', { travel: { ...base.travel, status: 'arrived' } }, false],
  ] as const;

  it.each(situations)('%s', (_, over, protectionNeeded) => {
    for (const first of [true, false]) {
      const state = {
        ...base,
        ...over,
        holds: [...('holds' in over ? over.holds : [])],
        proposedEnding: proposed(first),
      };
      expect(protectionMustConfirm(state)).toBe(protectionNeeded && !first);
      const refused = (id: string, role: 'case_worker' | 'protection_officer') =>
        confirmationRefusal(state, 'ineligible', by(id, role)) !== undefined;
      expect(refused('first', 'protection_officer')).toBe(true);
      expect(refused('second', 'case_worker')).toBe(protectionNeeded && !first);
      expect(refused('second', 'protection_officer')).toBe(false);
    }
  });

  it('confirms nothing else than what was proposed', () => {
    expect(confirmationRefusal(base, 'ineligible', by('second', 'protection_officer'))).toBe('No ending is proposed');
    const state = { ...base, proposedEnding: proposed(true) };
    expect(confirmationRefusal(state, 'referred_out', by('second', 'protection_officer'))).toContain('Another ending');
  });
});

describe('the end of the follow-ups', () => {
  const followUps = (...reached: boolean[]) => reached.map((yes, at) => ({ month: [1, 3, 6, 12][at]!, reached: yes }));
  it.each([
    ['all reached', followUps(true, true, true, true), 'completed'],
    ['the last one reached', followUps(false, false, false, true), 'completed'],
    ['never reached', followUps(false, false, false, false), 'not_reached'],
    ['reached, then not', followUps(true, true, true, false), 'not_reached'],
  ])('%s', (_, made, ending) => {
    expect(endingAfterFollowUps({ followUps: made }, [1, 3, 6, 12])).toBe(ending);
  });
  it('is the end of the journey where the rules know none', () => {
    expect(endingAfterFollowUps({ followUps: [] }, [])).toBe('completed');
  });
});

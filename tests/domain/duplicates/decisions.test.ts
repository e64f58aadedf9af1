import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  allowedPairCommands,
  journeyThatWaits,
  PAIR_COMMAND_NAMES,
  PAIR_COMMANDS,
  PAIR_STATUSES,
  type PairedJourney,
  refusalOfPair,
} from '../../../domain/duplicates/decisions.ts';
import { JOURNEY_STATUSES } from '../../../domain/journeys/statuses.ts';

describe('decisions on a pair', () => {
  it.each([
    ['suspected', ['same', 'notTheSame', 'ask']],
    ['awaiting_contact', ['same', 'notTheSame']],
    ['distinct', ['same']],
    ['same', ['separate']],
  ] as const)('%s allows %j to whoever knows both', (status, allowed) => {
    expect(allowedPairCommands(status, ['case_worker'], true)).toEqual(allowed);
  });

  it('offer only to contact the people, if one of the two is known only in another operation', () => {
    for (const status of PAIR_STATUSES) {
      expect(allowedPairCommands(status, ['operation_lead'], false)).toEqual(status === 'suspected' ? ['ask'] : []);
    }
  });

  it.each(['movement_officer', 'health_officer', 'consular_officer', 'coordinator', 'auditor', 'admin'] as const)(
    'are not for %s',
    (role) => {
      for (const status of PAIR_STATUSES) expect(allowedPairCommands(status, [role], true)).toEqual([]);
    },
  );

  it('need a reason wherever something is decided, and say why they are refused', () => {
    for (const command of PAIR_COMMAND_NAMES) {
      expect(PAIR_COMMANDS[command].reason).toBe(command !== 'ask');
      for (const status of PAIR_STATUSES) {
        const refused = refusalOfPair(command, status);
        expect(refused === undefined).toBe(allowedPairCommands(status, ['case_worker'], true).includes(command));
      }
    }
  });
});

describe('of two journeys of one person', () => {
  const journey = fc.record({
    journeyId: fc.uuid(),
    status: fc.constantFrom(...JOURNEY_STATUSES),
    ended: fc.boolean(),
    registeredAt: fc.integer({ min: 0, max: 3 }),
  });
  const standing = (different: Partial<PairedJourney>): PairedJourney => ({
    journeyId: 'jrn_1',
    status: 'registered',
    ended: false,
    registeredAt: 0,
    ...different,
  });

  const hasLeft = ({ status }: PairedJourney): boolean =>
    JOURNEY_STATUSES.indexOf(status) >= JOURNEY_STATUSES.indexOf('boarded');

  it('one waits, the same in either order, and never one that has departed before the other', () => {
    fc.assert(
      fc.property(journey, journey, (one, other) => {
        fc.pre(one.journeyId !== other.journeyId);
        const waits = journeyThatWaits(one, other);
        expect(journeyThatWaits(other, one)).toBe(waits);
        if (one.ended || other.ended) expect(waits).toBeUndefined();
        else if (waits === undefined) expect(hasLeft(one) && hasLeft(other)).toBe(true);
        else expect(hasLeft(waits)).toBe(false);
      }),
    );
  });

  it('the one less far waits, else the later one', () => {
    const [early, late] = [standing({}), standing({ journeyId: 'jrn_2', registeredAt: 5 })];
    expect(journeyThatWaits(early, late)).toBe(late);
    const further = standing({ journeyId: 'jrn_3', registeredAt: 9, status: 'seated' });
    expect(journeyThatWaits(early, further)).toBe(early);
  });
});

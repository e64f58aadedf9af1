import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Occasion } from '../../../domain/gate.ts';
import { judgeUnit, neutralReasons, type PersonFacts } from '../../../domain/movement/unit.ts';
import { DAY } from '../../../domain/time.ts';

const NOW = 1_000 * DAY;
const OCCASION: Occasion = {
  now: NOW,
  departsAt: NOW + DAY,
  arrivesAt: NOW + 2 * DAY,
  needs: { nationality: true, document: false, exitPermit: false },
  rules: { documentValidityAfterArrival: 0, consentMaxAge: 30 * DAY },
};

const person = (id: string, over: Partial<PersonFacts> = {}): PersonFacts => ({
  journeyId: id,
  personId: `per_${id}`,
  householdId: 'hh',
  operationId: 'op',
  nationalityCode: 'VUT',
  traveller: 'adult',
  isHead: false,
  conditions: [],
  travelStage: 's',
  unitSeated: true,
  identity: 'confirmed',
  screened: true,
  consent: { status: 'given', sharing: true, confirmedAt: NOW },
  holds: { disclosure: false, seat: false, boarding: false },
  nationality: 'confirmed',
  document: { status: 'none' },
  exitPermit: 'open',
  fitness: { status: 'fit', until: NOW + 3 * DAY },
  householdWhole: true,
  operationRunning: true,
  agreement: false,
  seatOnThisMovement: true,
  movementCleared: true,
  householdOpen: false,
  ended: false,
  ...over,
});

const HELD = { holds: { disclosure: true, seat: true, boarding: true } };
const reasonsOf = (members: PersonFacts[], step: 'allocate' | 'lock' = 'allocate') =>
  neutralReasons(judgeUnit(step, members, OCCASION).flatMap(({ own, unit }) => [...own, ...unit]));

describe('a household before the gate', () => {
  it('passes as a whole, or not at all', () => {
    const unfit = { fitness: { status: 'unfit' as const } };
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom({}, unfit, HELD, { ended: true }, { householdOpen: true }), {
          minLength: 1,
          maxLength: 6,
        }),
        (overs) => {
          const verdicts = judgeUnit(
            'allocate',
            overs.map((over, i) => person(`j${i}`, over)),
            OCCASION,
          );
          const all = verdicts.every(({ own, unit }) => own.length + unit.length === 0);
          const none = verdicts.every(({ own, unit }) => own.length + unit.length > 0);
          expect(all || none).toBe(true);
          expect(all).toBe(overs.every((over) => Object.keys(over).length === 0));
        },
      ),
    );
  });

  it('says whose own reason it is', () => {
    const [well, ill] = judgeUnit('allocate', [person('a'), person('b', { fitness: { status: 'unfit' } })], OCCASION);
    expect(well).toMatchObject({ own: [], unit: [{ condition: 'household' }] });
    expect(ill).toMatchObject({ own: [{ code: 'not_fit' }], unit: [{ condition: 'household' }] });
  });

  it('from the lock on everybody of it has a seat', () => {
    expect(judgeUnit('lock', [person('a', { unitSeated: false })], OCCASION)[0]?.unit).toMatchObject([
      { condition: 'household' },
    ]);
    expect(
      judgeUnit('allocate', [person('a', { unitSeated: false, seatOnThisMovement: false })], OCCASION)[0]?.unit,
    ).toEqual([]);
  });
});

describe('what everybody may read', () => {
  it('tells what a person can do something about', () => {
    expect(
      reasonsOf([person('a', { fitness: { status: 'unfit' } }), person('b', { nationality: 'open' })]).map(
        (reason) => reason.code,
      ),
    ).toEqual(['nationality_open', 'not_fit']);
  });

  it('does not tell a hold from a consent withdrawn or a household in question, byte for byte', () => {
    const withdrawn = { consent: { status: 'withdrawn' as const, sharing: false } };
    const texts = [HELD, withdrawn, { householdOpen: true }].map((over) =>
      JSON.stringify(reasonsOf([person('a', over), person('b')])),
    );
    expect(new Set(texts).size).toBe(1);
  });

  it('does not let what a hold has stopped show beside it', () => {
    const asylum = reasonsOf([person('a', { ...HELD, nationality: 'open' })]);
    const medical = reasonsOf([person('a', { ...HELD, nationality: 'confirmed' })]);
    expect(JSON.stringify(asylum)).toBe(JSON.stringify(medical));
    expect(asylum).toEqual([{ code: 'not_travelling', words: 'Not travelling on this movement' }]);
  });
});

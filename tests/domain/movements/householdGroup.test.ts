import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeGroup, neutralReasons, type PersonPreconditions } from '../../../domain/movements/householdGroup.ts';
import { OCCASION, person } from './person.ts';

const HELD = { held: true };
const reasonsOf = (members: PersonPreconditions[], step: 'allocate' | 'lock' = 'allocate') =>
  neutralReasons(judgeGroup(step, members, OCCASION).flatMap(({ own, group }) => [...own, ...group]));

describe('a household before the failedPreconditions', () => {
  it('passes as a whole, or not at all', () => {
    const unfit = { fitness: { status: 'unfit' as const } };
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom({}, unfit, HELD, { ended: true }, { householdOpen: true }), {
          minLength: 1,
          maxLength: 6,
        }),
        (overs) => {
          const verdicts = judgeGroup(
            'allocate',
            overs.map((over, i) => person(`j${i}`, over)),
            OCCASION,
          );
          const all = verdicts.every(({ own, group }) => own.length + group.length === 0);
          const none = verdicts.every(({ own, group }) => own.length + group.length > 0);
          expect(all || none).toBe(true);
          expect(all).toBe(overs.every((over) => Object.keys(over).length === 0));
        },
      ),
    );
  });

  it('says whose own reason it is', () => {
    const [well, ill] = judgeGroup('allocate', [person('a'), person('b', { fitness: { status: 'unfit' } })], OCCASION);
    expect(well).toMatchObject({ own: [], group: [{ condition: 'household' }] });
    expect(ill).toMatchObject({ own: [{ code: 'not_fit' }], group: [{ condition: 'household' }] });
  });

  it('from the lock on everybody of it has a seat', () => {
    expect(judgeGroup('lock', [person('a', { groupSeated: false })], OCCASION)[0]?.group).toMatchObject([
      { condition: 'household' },
    ]);
    expect(
      judgeGroup('allocate', [person('a', { groupSeated: false, seatOnThisMovement: false })], OCCASION)[0]?.group,
    ).toEqual([]);
  });
});

describe('what everybody may read', () => {
  it('shows reasons that a person can act on', () => {
    expect(
      reasonsOf([person('a', { fitness: { status: 'unfit' } }), person('b', { nationality: 'open' })]).map(
        (reason) => reason.code,
      ),
    ).toEqual(['nationality_open', 'not_fit']);
  });

  it('shows the same bytes for a hold, a withdrawn consent and an open question about the household', () => {
    const withdrawn = { consent: { status: 'withdrawn' as const, sharing: false, namesState: false } };
    const texts = [HELD, withdrawn, { householdOpen: true }].map((over) =>
      JSON.stringify(reasonsOf([person('a', over), person('b')])),
    );
    expect(new Set(texts).size).toBe(1);
  });

  it('redacts the consequences of a hold as well', () => {
    const asylum = reasonsOf([person('a', { ...HELD, nationality: 'open' })]);
    const medical = reasonsOf([person('a', { ...HELD, nationality: 'confirmed' })]);
    expect(JSON.stringify(asylum)).toBe(JSON.stringify(medical));
    expect(asylum).toEqual([{ code: 'not_travelling', words: 'Not travelling on this movement' }]);
  });
});

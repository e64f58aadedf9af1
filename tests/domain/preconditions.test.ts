import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CONDITIONS,
  type Condition,
  failedPreconditions,
  type Occasion,
  PRECONDITIONS,
  type PreconditionInput,
  STEPS,
  type Step,
} from '../../domain/preconditions.ts';
import { DAY } from '../../domain/time.ts';

const NOW = Date.UTC(2026, 2, 1);
const OCCASION: Occasion = {
  now: NOW,
  departsAt: NOW + DAY,
  arrivesAt: NOW + 2 * DAY,
  needs: { nationality: true, document: true, exitPermit: true },
  rules: { documentValidityAfterArrival: 7 * DAY, consentMaxAge: 30 * DAY },
};

/** A person who meets every condition. */
const CLEAR: PreconditionInput = {
  identity: 'confirmed',
  screening: 'done',
  consent: { status: 'given', sharing: true, namesState: true, confirmedAt: NOW - DAY },
  held: false,
  nationality: 'confirmed',
  document: { status: 'held', validUntil: NOW + 100 * DAY },
  exitPermit: 'granted',
  fitness: { status: 'fit', until: NOW + 3 * DAY },
  householdWhole: true,
  members: 'ready',
  operationRunning: true,
  agreement: true,
  seatOnThisMovement: true,
  movementCleared: true,
  householdOpen: false,
  ended: false,
};

/** What makes each condition fail, and it alone. */
const FAILING: Record<Condition, Partial<PreconditionInput>> = {
  screening: { screening: 'open' },
  identity: { identity: 'unclear' },
  consent: { consent: { status: 'withdrawn', sharing: false, namesState: false } },
  holds: { held: true },
  nationality: { nationality: 'undetermined' },
  document: { document: { status: 'none' } },
  exit_permit: { exitPermit: 'refused' },
  fitness: { fitness: { status: 'unfit' } },
  household: { householdWhole: false },
  members: { members: 'open' },
  operation: { operationRunning: false },
  seat: { seatOnThisMovement: false },
  clearance: { movementCleared: false },
};

/** The table of preconditions, written a second time: which condition applies to which step. */
const EXPECTED: Record<Condition, Step[]> = {
  screening: ['disclose', 'allocate', 'lock', 'check_in', 'board', 'pay'],
  identity: ['allocate', 'lock', 'check_in', 'board', 'pay'],
  consent: ['disclose', 'allocate', 'lock', 'check_in', 'board'],
  holds: ['disclose', 'allocate', 'lock', 'check_in', 'board', 'pay'],
  nationality: ['allocate', 'lock', 'check_in', 'board'],
  document: ['allocate', 'lock', 'check_in', 'board'],
  exit_permit: ['allocate', 'lock', 'check_in', 'board'],
  fitness: ['allocate', 'lock', 'check_in', 'board'],
  household: ['allocate', 'lock', 'check_in', 'board'],
  members: ['disclose'],
  operation: ['disclose', 'allocate', 'lock', 'check_in', 'board', 'pay'],
  seat: ['lock', 'check_in', 'board'],
  clearance: ['lock', 'check_in', 'board'],
};

const failed = (step: Step, input: Partial<PreconditionInput>, occasion: Partial<Occasion> = {}): Condition[] =>
  failedPreconditions(step, { ...CLEAR, ...input }, { ...OCCASION, ...occasion }).map((reason) => reason.condition);

/** Cells in which failedPreconditions differs from the table above. */
function disagreements(): string[] {
  return CONDITIONS.flatMap((condition) =>
    STEPS.filter(
      (step) => failed(step, FAILING[condition]).includes(condition) !== EXPECTED[condition].includes(step),
    ).map((step) => `${condition} × ${step}`),
  );
}

describe('the failedPreconditions', () => {
  it('evaluates each condition for the steps of its row, and no other', () => {
    expect(disagreements()).toEqual([]);
  });

  it.each(CONDITIONS.flatMap((condition) => STEPS.map((step) => [condition, step] as const)))(
    'with %s × %s turned round, the check above fails, and in this cell alone',
    (condition, step) => {
      PRECONDITIONS[condition][step] = !PRECONDITIONS[condition][step];
      try {
        expect(disagreements()).toEqual([`${condition} × ${step}`]);
      } finally {
        PRECONDITIONS[condition][step] = !PRECONDITIONS[condition][step];
      }
    },
  );

  it('gives no reason for a person who meets every condition', () => {
    for (const step of STEPS) expect(failed(step, {})).toEqual([]);
  });

  it('gives every reason, in the order of the conditions, and never more for more that is right', () => {
    fc.assert(
      fc.property(fc.subarray([...CONDITIONS]), fc.constantFrom(...STEPS), (wrong, step) => {
        const input = Object.assign({}, ...wrong.map((condition) => FAILING[condition])) as Partial<PreconditionInput>;
        expect(failed(step, input)).toEqual(
          CONDITIONS.filter((condition) => wrong.includes(condition) && EXPECTED[condition].includes(step)),
        );
      }),
    );
  });

  it.each<[string, Step, Partial<PreconditionInput>, Partial<Occasion>, Condition[]]>([
    ['a journey that has ended', 'allocate', { ended: true }, {}, ['identity']],
    ['somebody not yet screened', 'allocate', { screening: 'open' }, {}, ['screening']],
    ['a risk that is not decided', 'disclose', { screening: 'undecided' }, {}, ['screening']],
    ['a risk that is not decided', 'board', { screening: 'undecided' }, {}, []],
    [
      'another State than the consent names',
      'disclose',
      { consent: { status: 'given', sharing: true, namesState: false, confirmedAt: NOW } },
      {},
      ['consent'],
    ],
    ['a member who has not consented', 'disclose', { members: 'open' }, { about: 'way' }, ['members']],
    ['a member who has not consented', 'disclose', { members: 'open' }, { about: 'person' }, []],
    ['a member who waits for papers', 'disclose', { members: 'unready' }, { about: 'way' }, []],
    ['a member who waits for papers', 'disclose', { members: 'unready' }, { about: 'renewal' }, ['members']],
    [
      'consent older than it may be',
      'board',
      { consent: { status: 'given', sharing: true, namesState: true, confirmedAt: NOW - 31 * DAY } },
      {},
      ['consent'],
    ],
    [
      'consent on its last day',
      'board',
      { consent: { status: 'given', sharing: true, namesState: true, confirmedAt: NOW - 30 * DAY } },
      {},
      [],
    ],
    [
      'travel agreed to, sharing not',
      'allocate',
      { consent: { status: 'given', sharing: false, namesState: true, confirmedAt: NOW } },
      {},
      [],
    ],
    [
      'travel agreed to, sharing not',
      'disclose',
      { consent: { status: 'given', sharing: false, namesState: true, confirmedAt: NOW } },
      {},
      ['consent'],
    ],
    [
      'no papers where none are asked for',
      'board',
      { nationality: 'open', document: { status: 'none' }, exitPermit: 'open' },
      { needs: { nationality: false, document: false, exitPermit: false } },
      [],
    ],
    ['a nationality retracted', 'board', { nationality: 'retracted' }, {}, ['nationality']],
    [
      'a document that ends a day too early',
      'allocate',
      { document: { status: 'issued', validUntil: NOW + 9 * DAY - 1 } },
      {},
      ['document'],
    ],
    ['a document that just lasts', 'allocate', { document: { status: 'issued', validUntil: NOW + 9 * DAY } }, {}, []],
    ['a document without a day', 'allocate', { document: { status: 'held' } }, {}, ['document']],
    ['no permit needed', 'board', { exitPermit: 'not_required' }, {}, []],
    ['silence about the permit', 'board', { exitPermit: 'requested' }, {}, ['exit_permit']],
    [
      'fit, but not on the day of travel',
      'allocate',
      { fitness: { status: 'fit', until: NOW + DAY - 1 } },
      {},
      ['fitness'],
    ],
    [
      'fit with conditions on the day of travel',
      'allocate',
      { fitness: { status: 'fit_with', until: NOW + DAY } },
      {},
      [],
    ],
    ['fit for an unknown time', 'allocate', { fitness: { status: 'fit' } }, {}, ['fitness']],
    ['an open request about the household', 'allocate', { householdOpen: true }, {}, ['household']],
    ['no agreement with the partner', 'disclose', { agreement: false }, {}, ['operation']],
    ['no agreement with a partner that is not asked', 'board', { agreement: false }, {}, []],
  ])('%s, %s', (_what, step, input, occasion, expected) => {
    expect(failed(step, input, occasion)).toEqual(expected);
  });
});

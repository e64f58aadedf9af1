import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeList } from '../../domain/imports/judgeList.ts';
import { PROTECTION_FLAGS } from '../../domain/imports/person.ts';
import {
  heldPassport,
  holdsAtRegistration,
  ORDINARY_PRIORITY,
  priorityOf,
  referenceDateOf,
  registeredInstant,
  travellerOf,
} from '../../domain/registration.ts';
import { person } from './imports/scenario.ts';

const flags = fc.subarray([...PROTECTION_FLAGS]);

describe('holds at registration', () => {
  it('are raised for each flag that makes a request to a partner harmful, and block every step', () => {
    fc.assert(
      fc.property(flags, fc.boolean(), (protection, incomplete) => {
        const types = holdsAtRegistration(protection, incomplete ? ['DATA_DISPUTE'] : []);
        const harmful = [
          'UASC',
          'CHILD_HEAD',
          'UNVERIFIED_CARER',
          'TRAFFICKING_RISK',
          'ASYLUM',
          'PROTECTION_CONCERN',
        ] as const;
        const harms = types.filter((type) => type !== 'DATA_DISPUTE');
        expect(harms).toHaveLength(harmful.filter((flag) => protection.includes(flag)).length);
        expect(types.includes('DATA_DISPUTE')).toBe(incomplete);
        expect(new Set(types).size).toBe(types.length);
      }),
    );
  });
});

describe('how early a household goes', () => {
  it('is as early as its most vulnerable member alone, and never later for another member', () => {
    fc.assert(
      fc.property(fc.array(flags, { minLength: 1, maxLength: 6 }), (members) => {
        expect(priorityOf(members)).toBe(Math.min(...members.map((member) => priorityOf([member]))));
        expect(priorityOf(members)).toBeLessThanOrEqual(ORDINARY_PRIORITY);
      }),
    );
  });

  it('does not change with what a hold hides', () => {
    fc.assert(
      fc.property(flags, (protection) => {
        const hidden = ['ASYLUM', 'TRAFFICKING_RISK', 'PROTECTION_CONCERN'];
        const open = protection.filter((flag) => !hidden.includes(flag));
        expect(priorityOf([protection])).toBe(priorityOf([open]));
      }),
    );
  });
});

describe('who takes which seat', () => {
  it.each([
    ['a child of one', { year: 2025, month: 3, day: 1 }, 'infant'],
    ['on the second birthday', { year: 2024, month: 11, day: 25 }, 'child'],
    ['the day before', { year: 2024, month: 11, day: 26 }, 'infant'],
    ['one whose month may make it an infant', { year: 2024, month: 11, day: null }, 'infant'],
    ['one whose year may make it an infant', { year: 2024, month: null, day: null }, 'infant'],
    ['one whose year may make it a child', { year: 2008, month: null, day: null }, 'child'],
    ['surely 18', { year: 2008, month: 11, day: 25 }, 'adult'],
    ['of unknown age', null, 'child'],
  ] as const)('%s', (_name, birthDate, traveller) => {
    expect(travellerOf(birthDate, 20261125)).toBe(traveller);
  });
});

describe('the passport held', () => {
  const passport = {
    given_names: 'Md Rubel',
    family_name: 'Sheikh',
    sex: 'M',
    nationality: 'BGD',
    date_of_birth: '1990-09-01',
    document_type: 'PASSPORT',
    document_number: 'Z8970403',
    mrz_line1: 'P<BGDSHEIKH<<MD<RUBEL<<<<<<<<<<<<<<<<<<<<<<<',
    mrz_line2: 'Z8970403<0BGD9009017M3106084<<<<<<<<<<<<<<<6',
  } as const;
  const held = (different: Parameters<typeof person>[0], at = Date.UTC(2026, 10, 25)) => {
    const row = judgeList([person({ ...passport, ...different })], { referenceDate: '2026-11-25' }).rows[0];
    if (!row) throw new Error('no row');
    return heldPassport(
      row.meaning,
      row.codes.map(({ code }) => code),
      at,
    );
  };

  it('counts until its last day begins', () => {
    expect(held({})).toEqual({ issuedBy: 'BGD', validUntil: Date.UTC(2031, 5, 8) });
    expect(held({}, Date.UTC(2031, 5, 8) - 1)).toBeDefined();
    expect(held({}, Date.UTC(2031, 5, 8))).toBeUndefined();
  });

  it.each([
    ['no passport', { document_type: 'NATIONAL_ID' }],
    ['no lines', { mrz_line1: '', mrz_line2: '' }],
    ['another number', { document_number: 'Z8970404' }],
    ['another birth date', { date_of_birth: '1991-09-01' }],
    ['another sex', { sex: 'F' }],
    ['another nationality', { nationality: 'SDN' }],
    ['another name', { family_name: 'Rahman' }],
    ['a wrong check digit', { mrz_line2: 'Z8970403<1BGD9009017M3106084<<<<<<<<<<<<<<<6' }],
    ['a line cut short', { mrz_line1: 'P<BGDSHEIKH<<MD<RUBEL' }],
  ])('does not count with %s', (_name, different) => {
    expect(held(different)).toBeUndefined();
  });
});

describe('the time of the request', () => {
  it('is the moment written, or its local time as UTC where no offset is', () => {
    const local = { local: '2026-11-20T09:00:00', day: 20261120 };
    expect(registeredInstant({ ...local, offsetMinutes: 120, instant: Date.UTC(2026, 10, 20, 7) })).toBe(
      Date.UTC(2026, 10, 20, 7),
    );
    expect(registeredInstant({ ...local, offsetMinutes: null, instant: null })).toBe(Date.UTC(2026, 10, 20, 9));
  });

  it('is reckoned on the operation’s day', () => {
    expect(referenceDateOf(Date.UTC(2026, 10, 25, 23, 59))).toBe('2026-11-25');
  });
});

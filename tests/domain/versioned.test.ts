import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { JOURNEY_EVENT_FORMS } from '../../domain/journeys/events.ts';
import { EVENT_FORMS } from '../../domain/record.ts';
import { eventForms, StoredFormError, versioned } from '../../domain/versioned.ts';

/** Version 1 has a name, version 2 has two, version 3 says whether it is known. */
const form = versioned({
  name: 'Label',
  version: 3,
  schema: z.object({ first: z.string(), last: z.string(), known: z.boolean() }),
  upgrades: {
    1: ({ name, ...rest }) => ({ ...rest, first: name, last: '' }),
    2: (old) => ({ ...old, known: false }),
  },
});

const reason = (value: unknown, read: (value: unknown) => unknown = form.read): string => {
  try {
    read(value);
  } catch (error) {
    if (error instanceof StoredFormError) return error.message;
    throw error;
  }
  return 'it was read';
};

describe('a stored form', () => {
  it('reads every version as the current one', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.boolean(), (first, last, known) => {
        expect(form.read({ version: 3, first, last, known })).toEqual({ first, last, known });
        expect(form.read({ version: 2, first, last })).toEqual({ first, last, known: false });
        expect(form.read({ version: 1, name: first })).toEqual({ first, last: '', known: false });
      }),
    );
  });

  it('applies each upgrade once, in order, from the version that is stored', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.nat(11), (current, back) => {
        const stored = Math.max(1, current - back);
        const upgrades = Object.fromEntries(
          Array.from({ length: current - 1 }, (_, index) => [
            index + 1,
            (old: Record<string, unknown>) => ({ ...old, path: `${String(old['path'])}${index + 1},` }),
          ]),
        );
        const counted = versioned({
          name: 'Count',
          version: current,
          schema: z.object({ path: z.string() }),
          upgrades,
        });
        const steps = Array.from({ length: current - stored }, (_, index) => `${stored + index},`).join('');
        expect(counted.read({ version: stored, path: '' }).path).toBe(steps);
      }),
    );
  });

  it('leaves what it reads as it was', () => {
    const stored = Object.freeze({ version: 1, name: 'Amina' });
    expect(form.read(stored)).toEqual(form.read(stored));
  });

  it('refuses what has no version that counts', () => {
    for (const value of [undefined, null, 7, 'text', [], {}, { version: '1' }, { version: 0 }, { version: 1.5 }])
      expect(reason(value)).toBe('Label has no version');
  });

  it('refuses a version ahead of this build', () => {
    fc.assert(
      fc.property(fc.integer({ min: 4, max: 2 ** 31 }), (version) => {
        expect(reason({ version, first: 'a', last: 'b', known: true })).toBe(
          `Label has version ${version}; this build reads up to 3`,
        );
      }),
    );
  });

  it('refuses a version whose upgrade is missing', () => {
    const gap = versioned({ name: 'Gap', version: 3, schema: z.looseObject({}), upgrades: { 1: (old) => old } });
    expect(reason({ version: 2 }, gap.read)).toBe('Gap of version 2 cannot be upgraded');
    expect(reason({ version: 1 }, gap.read)).toBe('Gap of version 2 cannot be upgraded');
  });

  it('names the place of what its schema refuses, and never the data', () => {
    expect(reason({ version: 3, first: 'Zerubbabel', last: 7, known: 'Zerubbabel' })).toBe(
      'Label of version 3 is not readable: last: invalid_type; known: invalid_type',
    );
    fc.assert(
      fc.property(fc.string({ minLength: 12, unit: fc.constantFrom('Q', 'X', 'Z') }), (secret) => {
        const all = [
          { version: secret, first: secret },
          { version: 1, name: [secret] },
          { version: 2, first: secret, last: { [secret]: secret } },
          { version: 3, first: secret, last: secret, known: secret },
          { version: 9, first: secret },
          secret,
        ];
        for (const value of all) expect(reason(value)).not.toContain(secret);
      }),
    );
  });
});

/** `counted` has a field `version` of its own, and was once a bare number of people, then of adults. */
const forms = eventForms(
  'trial',
  { counted: z.object({ version: z.number(), adults: z.number(), children: z.number() }), begun: z.object({}) },
  {
    counted: [({ people, ...rest }) => ({ ...rest, adults: people }), (old) => ({ ...old, children: 0 })],
  },
);

describe('the data of an event', () => {
  it('is read as the current form of its type, whatever version it was written with', () => {
    const current = { type: 'counted', data: { version: 9, adults: 3, children: 0 } };
    expect(forms.read('counted', 1, { version: 9, people: 3 })).toEqual(current);
    expect(forms.read('counted', 2, { version: 9, adults: 3 })).toEqual(current);
    expect(forms.read('counted', 3, current.data)).toEqual(current);
  });

  it('is written with one version more for each upgrade', () => {
    expect([forms.versionOf('counted'), forms.versionOf('begun')]).toEqual([3, 1]);
  });

  it('of an unknown type or a version ahead is refused by name', () => {
    expect(() => forms.read('ended', 1, {})).toThrow('Event trial.ended is not known to this build');
    expect(() => forms.versionOf('ended')).toThrow('Event trial.ended is not known to this build');
    expect(() => forms.read('counted', 4, {})).toThrow('Event trial.counted has version 4; this build reads up to 3');
  });

  it('that its schema refuses is named by its place, never quoted', () => {
    expect(() => JOURNEY_EVENT_FORMS.read('holdRaised', 1, { holdId: ['Zerubbabel'] })).toThrow(
      /^Event journey\.holdRaised of version 1 is not readable: data\.holdId: invalid_type$/,
    );
    for (const data of [null, undefined, 'Zerubbabel', ['Zerubbabel']])
      expect(() => forms.read('counted', 1, data)).toThrow(/^Event trial\.counted of version 3 is not readable/);
  });

  it('has a form for every kind of subject', () => {
    expect(Object.keys(EVENT_FORMS).sort()).toEqual(['household', 'journey', 'movement', 'operation', 'pair']);
  });
});

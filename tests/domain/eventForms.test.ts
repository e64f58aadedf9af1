import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { eventForms } from '../../domain/eventForms.ts';
import { EVENT_FORMS } from '../../domain/eventLog.ts';
import { JOURNEY_EVENT_FORMS } from '../../domain/journeys/events.ts';

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

import { z } from 'zod';
import { BEFORE_BOARDING, defineEvent } from './define.ts';

export const splitOff = defineEvent({
  data: z
    .object({
      householdId: z.string().describe('id of the new household'),
    })
    .describe('The person is separated from the household.'),
  phase: 'here',
  sentence: 'event.splitOff',
  effects: { freesSeats: BEFORE_BOARDING, concernsMembers: true, judgesHousehold: true },
  evolve: (_state, data) => ({ householdId: data.householdId, householdOpen: false }),
});

export const householdChanged = defineEvent({
  data: z
    .object({
      journeyId: z.string().describe("id of the member's journey"),
      child: z.boolean().default(false).describe('whether a child is or was in the household: protection decides'),
    })
    .describe('A member of the household ended their journey without travel.'),
  phase: 'here',
  sentence: 'event.householdChanged',
  effects: { freesSeats: BEFORE_BOARDING },
  evolve: (state, { child }) => ({ householdOpen: true, householdChild: state.householdChild || child }),
});

export const householdConfirmed = defineEvent({
  data: z.object({}).describe('A person confirms that the household travels as it is.'),
  phase: 'here',
  sentence: 'event.householdConfirmed',
  effects: { concernsMembers: true },
  evolve: () => ({ householdOpen: false, householdChild: false }),
});

export const ageJudged = defineEvent({
  data: z
    .object({ age: z.enum(['adult', 'child']).describe('as what the person counts from now on') })
    .describe('A person has judged an age that no birth date proves.'),
  phase: 'here',
  sentence: ({ age }) => `event.ageJudged.${age}`,
  effects: { judgesHousehold: true, setsAge: true },
  evolve: (_state, { age }) => ({ child: age === 'child' }),
});

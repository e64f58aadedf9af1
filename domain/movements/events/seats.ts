import { z } from 'zod';
import { DATA, defineEvent } from './define.ts';

export const seatsAllocated = defineEvent({
  data: z
    .object({
      households: z.number().describe('households that hold seats now'),
      people: z.number().describe('people who hold seats now'),
      refused: z.number().describe('households that were considered and not seated'),
      released: z.number().describe('households that had to leave a smaller vehicle'),
      overCapacity: DATA.overCapacity,
    })
    .describe('Seats are reserved for whole households.'),
  evolve: (_state, data) => ({
    seated: { households: data.households, people: data.people },
    overCapacity: data.overCapacity,
  }),
});

export const householdReleased = defineEvent({
  data: z
    .object({
      householdId: DATA.householdId,
      people: DATA.people,
      aboard: z.number().describe('members who have boarded and must be offloaded by hand'),
    })
    .describe('The seats of a household are released.'),
  evolve: (state, data) => ({
    seated: {
      households: Math.max(0, state.seated.households - (data.aboard === 0 && data.people > 0 ? 1 : 0)),
      people: Math.max(0, state.seated.people - data.people),
    },
    mustLeave:
      data.aboard > 0 && !state.mustLeave.includes(data.householdId)
        ? [...state.mustLeave, data.householdId]
        : state.mustLeave,
  }),
});

export const manifestLocked = defineEvent({
  data: z
    .object({
      version: DATA.manifestVersion,
      people: DATA.people,
      released: z.number().describe('households that held seats and did not meet the preconditions'),
    })
    .describe('The manifest is locked.'),
  sentence: 'event.manifestLocked',
  effects: { partnerEvent: { type: 'movement.locked', fields: ['version'] } },
  evolve: (state, data) => ({
    manifest: { version: data.version, locked: true },
    seated: { households: Math.max(0, state.seated.households - data.released), people: data.people },
  }),
});

export const manifestAmended = defineEvent({
  data: z
    .object({
      version: DATA.manifestVersion,
      people: DATA.people,
    })
    .describe('People left after the lock: the same manifest without them, under the next version.'),
  evolve: (state, data) => ({
    manifest: { ...state.manifest, version: data.version },
    seated: { ...state.seated, people: data.people },
  }),
});

export const manifestReopeningRequested = defineEvent({
  data: z
    .object({
      by: z.string().describe('who requests the change'),
      role: z.string().describe('under which role'),
    })
    .describe('The first of the two roles that a change after the lock needs approves it.'),
  evolve: (state, data) => ({
    manifest: { ...state.manifest, reopeningRequestedBy: { id: data.by, role: data.role } },
  }),
});

export const manifestReopened = defineEvent({
  data: z.object({ version: DATA.manifestVersion }).describe('The manifest is open again.'),
  evolve: (state) => ({ manifest: { version: state.manifest.version, locked: false } }),
});

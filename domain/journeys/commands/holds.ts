import { z } from 'zod';
import { PROTECTION_ROLES } from '../../actor.ts';
import { FIELDS, id } from '../../fields.ts';
import { HOLD_TYPES } from '../../holds.ts';
import { defineCommand, WHOLE_TEAM } from './define.ts';

export const raiseHold = defineCommand({
  name: 'raiseHold',
  args: {
    type: z.enum(HOLD_TYPES),
    urgent: z.boolean().default(false).meta({ description: 'whether protection is to look at it within the hour' }),
  },
  example: { type: 'SECURITY' },
  roles: WHOLE_TEAM,
  reason: true,
  sentence: 'command.journey.raiseHold',
  makes: 'hold',
  prepare: ({ type }) => ({ what: 'raiseHold', type }),
  staysBehind: ['type'],
  noteRestricted: true,
  effect: (_state, { holdId, urgent }) => [{ type: 'holdRaised', data: { holdId, urgent } }],
});

export const releaseHold = defineCommand({
  name: 'releaseHold',
  args: {
    holdId: id('hold'),
    reference: FIELDS.title.meta({
      description: 'of the decision that allows it (BIA, BID, court, finding); never a name',
    }),
  },
  example: { holdId: 'hld_00000000000000000000000000', reference: 'BIA 12/2026' },
  roles: PROTECTION_ROLES,
  reason: true,
  sentence: 'command.journey.releaseHold',
  secondApproval: true,
  prepare: ({ holdId, reference }) => ({ what: 'releaseHold', holdId, reference }),
  staysBehind: ['reference'],
  noteRestricted: true,
  plausible: ({ holds }) => ({ holdId: holds[0] ?? '' }),
  refusal: ({ holds }, { holdId }) => (holds.includes(holdId) ? undefined : 'This hold is not open'),
  effect: (_state, { holdId }) => [{ type: 'holdReleased', data: { holdId } }],
});

export const reviewHolds = defineCommand({
  name: 'reviewHolds',
  args: {},
  roles: PROTECTION_ROLES,
  reason: true,
  sentence: 'command.journey.reviewHolds',
  noteRestricted: true,
  refusal: ({ holds }) => (holds.length > 0 ? undefined : 'No hold is open'),
  effect: () => [{ type: 'holdsReviewed', data: {} }],
});

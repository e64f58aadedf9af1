import { z } from 'zod';
import { CASE_WORK, defineCommand, ON_THE_WAY } from './define.ts';

export const dismissCancelRequest = defineCommand({
  name: 'dismissCancelRequest',
  args: {},
  roles: ['duty_supervisor', 'operation_lead', 'coordinator'],
  reason: true,
  sentence: 'command.journey.dismissCancelRequest',
  then: 'continueAsNew',
  refusal: ({ cancelRequested }) => (cancelRequested ? undefined : 'Nobody has asked Temporal to cancel this journey'),
  effect: () => [{ type: 'cancelRequestDismissed', data: {} }],
});

/** What has happened is recorded wherever the person is, by whoever knows of it. */
export const recordDeath = defineCommand({
  name: 'recordDeath',
  args: {},
  roles: ['movement_officer', 'health_officer', 'coordinator', ...CASE_WORK, 'duty_supervisor', 'operation_lead'],
  sentence: 'command.journey.recordDeath',
  effect: ({ travel: { movementId } }) => [
    { type: 'deathRecorded', data: movementId === undefined ? {} : { movementId } },
  ],
});

export const endJourney = defineCommand({
  name: 'endJourney',
  args: {
    ending: z
      .enum(['ineligible', 'referred_out', 'self_departed', 'lost_contact'])
      .meta({ description: 'why it ends' }),
  },
  example: { ending: 'referred_out' },
  roles: ['protection_lead', 'operation_lead', 'coordinator'],
  reason: true,
  sentence: 'command.journey.endJourney',
  refusal: ({ travel }) => (travel.status === 'in_transit' ? ON_THE_WAY : undefined),
  effect: (_state, { ending }) => [{ type: 'journeyEnded', data: { ending } }],
});

import { z } from 'zod';
import { CASE_WORK, defineCommand } from './define.ts';

export const confirmIdentity = defineCommand({
  name: 'confirmIdentity',
  args: {},
  roles: ['case_worker', 'coordinator'],
  sentence: 'command.journey.confirmIdentity',
  refusal: ({ identity }) => (identity === 'confirmed' ? 'The identity is already confirmed' : undefined),
  effect: () => [{ type: 'identityConfirmed', data: { by: 'staff' } }],
});

export const completeScreening = defineCommand({
  name: 'completeScreening',
  args: { risk: z.enum(['none', 'elevated', 'acute']).meta({ description: 'the risk that was found' }) },
  example: { risk: 'none' },
  roles: CASE_WORK,
  sentence: 'command.journey.completeScreening',
  refusal: ({ screened }) =>
    screened ? 'The screening is already complete; raise a hold if there is new information' : undefined,
  effect: (_state, { risk }) => [{ type: 'screened', data: { risk } }],
});

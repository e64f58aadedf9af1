import { z } from 'zod';
import { PROTECTION_ROLES } from '../../actor.ts';
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
  makes: 'hold',
  // An acute risk is a hold at once; an elevated one is for protection to decide, and nothing is disclosed meanwhile.
  prepare: ({ risk }) => (risk === 'acute' ? { what: 'raiseHold', type: 'PROTECTION_CONCERN' } : undefined),
  noteRestricted: true,
  refusal: ({ screened }) =>
    screened ? 'The screening is already complete; raise a hold if there is new information' : undefined,
  effect: (_state, { risk, holdId }) => [
    { type: 'screened', data: { risk } },
    ...(risk === 'acute' ? [{ type: 'holdRaised' as const, data: { holdId, urgent: true } }] : []),
  ],
});

export const decideRisk = defineCommand({
  name: 'decideRisk',
  args: {},
  roles: PROTECTION_ROLES,
  reason: true,
  sentence: 'command.journey.decideRisk',
  noteRestricted: true,
  refusal: ({ riskOpen }) => (riskOpen ? undefined : 'No risk waits for a decision'),
  effect: () => [{ type: 'riskDecided', data: {} }],
});

import { z } from 'zod';
import { FIELDS, id } from '../../fields.ts';
import { PHASES } from '../events.ts';
import { defineCommand, LEADING, OPEN, unlessIn } from './define.ts';

export const suspend = defineCommand({
  name: 'suspend',
  args: {
    scopeKind: FIELDS.suspensionScope.default('all'),
    scopeValue: z.string().min(1).max(200).optional().meta({ description: 'which leg, site or nationality' }),
  },
  example: { scopeKind: 'leg', scopeValue: 'sea' },
  roles: [...LEADING, 'duty_supervisor', 'protection_lead'],
  reason: true,
  sentence: 'command.operation.suspend',
  makes: 'suspension',
  // nothing has this name, so nothing of this name is suspended
  plausible: () => ({ scopeValue: '' }),
  refusal: (state, { scopeKind, scopeValue }) => {
    const outside = unlessIn(state, OPEN);
    if (outside !== undefined) return outside;
    if (scopeKind === 'all' ? scopeValue !== undefined : scopeValue === undefined) {
      return scopeKind === 'all'
        ? 'A suspension of the whole operation takes no scope value'
        : 'Name the leg, site or nationality to suspend';
    }
    return state.suspensions.some(
      (open) => open.scopeKind === scopeKind && ('scopeValue' in open ? open.scopeValue : undefined) === scopeValue,
    )
      ? 'This is already suspended'
      : undefined;
  },
  effect: (_state, { suspensionId, scopeKind, scopeValue }, { at, reasonCode = '' }) => {
    const data = { scopeKind, ...(scopeValue === undefined ? {} : { scopeValue }), suspensionId };
    return {
      step: 'openSuspension',
      input: { ...data, at, reasonCode },
      // The event bears the moment of its transaction: on a drill's clock even a short call takes hours.
      events: () => [{ type: 'operationSuspended', data, at }],
    };
  },
});

export const resume = defineCommand({
  name: 'resume',
  args: { suspensionId: id('suspension') },
  example: { suspensionId: 'sus_00000000000000000000000000' },
  roles: [...LEADING, 'duty_supervisor'],
  reason: true,
  sentence: 'command.operation.resume',
  plausible: ({ suspensions }) => ({ suspensionId: suspensions[0]?.suspensionId ?? '' }),
  refusal: (state, { suspensionId }) =>
    unlessIn(state, OPEN) ??
    (state.suspensions.some((open) => open.suspensionId === suspensionId) ? undefined : 'This suspension is not open'),
  effect: (_state, { suspensionId }, { at }) => ({
    step: 'closeSuspension',
    input: { suspensionId, at },
    events: (lapsed) => [{ type: 'operationResumed', data: { suspensionId, lapsed }, at }],
  }),
});

export const setPhase = defineCommand({
  name: 'setPhase',
  args: { area: FIELDS.code, phase: z.enum(PHASES).meta({ description: 'before, during or after the crisis' }) },
  example: { area: 'health', phase: 'during' },
  roles: LEADING,
  sentence: 'command.operation.setPhase',
  // nothing has this name, so it is in no phase
  plausible: () => ({ area: '' }),
  refusal: (state, { area, phase }) =>
    unlessIn(state, ['draft', ...OPEN]) ??
    (state.phases[area] === phase ? 'The area is already in this phase' : undefined),
  effect: (_state, { area, phase }) => ({
    step: 'setPhase',
    input: { area, phase },
    events: () => [{ type: 'phaseSet', data: { area, phase } }],
  }),
});

import type { Role } from '../../actor.ts';
import { commandsOf } from '../../commands.ts';
import type { JourneyEvent } from '../events.ts';
import type { JourneyState } from '../state.ts';

/** A command of a journey makes events and nothing else. */
export const defineCommand = commandsOf<{ state: JourneyState; event: JourneyEvent; steps: Record<never, never> }>();

/** Who works with people and their cases. */
export const CASE_WORK: readonly Role[] = ['case_worker', 'protection_officer', 'protection_lead'];

/** Everybody who works in an operation: what they notice about a person, they say. */
export const WHOLE_TEAM: readonly Role[] = [
  'coordinator',
  'movement_officer',
  'health_officer',
  'consular_officer',
  ...CASE_WORK,
  'duty_supervisor',
  'operation_lead',
];

export const ON_THE_WAY = 'The person is on the way';

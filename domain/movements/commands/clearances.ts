import { FIELDS } from '../../fields.ts';
import { CLEARANCE_KINDS } from '../events.ts';
import { missingClearances } from '../state.ts';
import { DEPARTED, defineCommand, hasDeparted, LEADS } from './define.ts';

export const giveClearance = defineCommand({
  name: 'giveClearance',
  args: { kind: FIELDS.clearance },
  example: { kind: 'permit' },
  roles: LEADS,
  sentence: 'command.movement.giveClearance',
  plausible: (state) => ({ kind: missingClearances(state)[0] ?? 'carrier' }),
  refusal: (state, { kind }) => {
    if (hasDeparted(state)) return DEPARTED;
    return state.clearances[kind] === 'given' ? 'This clearance is already given' : undefined;
  },
  effect: (_state, { kind }) => ({
    step: 'writeClearance',
    input: { kind, status: 'given' },
    events: () => [{ type: 'clearanceGiven', data: { kind } }],
  }),
});

export const loseClearance = defineCommand({
  name: 'loseClearance',
  args: { kind: FIELDS.clearance },
  example: { kind: 'security' },
  roles: LEADS,
  reason: true,
  sentence: 'command.movement.loseClearance',
  plausible: ({ clearances }) => ({ kind: CLEARANCE_KINDS.find((kind) => clearances[kind] === 'given') ?? 'security' }),
  refusal: (state, { kind }) => {
    if (hasDeparted(state)) return DEPARTED;
    return state.clearances[kind] === 'lost' ? 'This clearance is already lost' : undefined;
  },
  effect: (_state, { kind }) => ({
    step: 'writeClearance',
    input: { kind, status: 'lost' },
    events: () => [{ type: 'clearanceLost', data: { kind } }],
  }),
});

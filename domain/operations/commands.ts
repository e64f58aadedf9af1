import type { Role } from '../actor.ts';
import type { Phase, Scope } from './events.ts';
import { ended, type OperationState, type OperationStatus, statusOf } from './state.ts';

/** Arguments of each command, as they enter Temporal. The schemas of the API mirror these. */
export type OperationCommands = {
  activate: { governmentRequestRef: string; leads: Record<string, string> };
  suspend: { suspensionId: string; scopeKind: Scope['scopeKind']; scopeValue?: string };
  resume: { suspensionId: string };
  setPhase: { area: string; phase: Phase };
  windDown: Record<never, never>;
  closeOperation: Record<never, never>;
  cancelOperation: Record<never, never>;
  dismissCancelRequest: Record<never, never>;
};

export type OperationCommand = keyof OperationCommands;

/** Areas that need a named lead before activation. */
const REQUIRED_LEADS = ['protection', 'health', 'movement'] as const;

/** Areas that may have a lead. */
export const LEAD_AREAS = [...REQUIRED_LEADS, 'consular', 'reception'] as const;

type CommandRule<C extends OperationCommand> = {
  roles: readonly Role[];
  /** whether a reason must be given */
  reason: boolean;
  /** the statuses in which the command is allowed */
  when: readonly OperationStatus[];
  /** undefined: allowed. Otherwise the reason; it is called only in one of the statuses above */
  refuse: (state: OperationState, args: OperationCommands[C]) => string | undefined;
  sentence: string;
};

const LEADING: readonly Role[] = ['coordinator', 'operation_lead'];
const OPEN: readonly OperationStatus[] = ['draft', 'activated', 'running', 'suspended', 'winding_down'];

/** Which command is allowed when, and to whom. Update validators, the API and the console read this one table. */
export const OPERATION_COMMANDS: { [C in OperationCommand]: CommandRule<C> } = {
  activate: {
    roles: LEADING,
    reason: false,
    when: ['draft'],
    refuse: (_state, args) => {
      const missing = missingForActivation(args);
      return missing.length === 0 ? undefined : `Before activation there must be: ${missing.join(', ')}`;
    },
    sentence: 'Start the operation on a government’s request, with its leads named',
  },
  suspend: {
    roles: ['coordinator', 'operation_lead', 'duty_supervisor', 'protection_lead'],
    reason: true,
    when: ['activated', 'running', 'suspended', 'winding_down'],
    refuse: (state, args) => {
      if (args.scopeKind === 'all' ? args.scopeValue !== undefined : !args.scopeValue) {
        return args.scopeKind === 'all'
          ? 'A suspension of the whole operation takes no scope value'
          : 'Name the leg, site or nationality to suspend';
      }
      return state.suspensions.some((open) => sameScope(open, args)) ? 'This is already suspended' : undefined;
    },
    sentence: 'Suspend the operation, a leg, a site or one nationality',
  },
  resume: {
    roles: ['coordinator', 'operation_lead', 'duty_supervisor'],
    reason: true,
    when: ['activated', 'running', 'suspended', 'winding_down'],
    refuse: (state, args) =>
      state.suspensions.some(({ suspensionId }) => suspensionId === args.suspensionId)
        ? undefined
        : 'This suspension is not open',
    sentence: 'Resume; consents, findings and documents that lapsed are listed before anybody is seated',
  },
  setPhase: {
    roles: LEADING,
    reason: false,
    when: OPEN,
    refuse: (state, args) => (state.phases[args.area] === args.phase ? 'The area is already in this phase' : undefined),
    sentence: 'Set whether an area is before, during or after the crisis',
  },
  windDown: {
    roles: LEADING,
    reason: false,
    when: ['running'],
    refuse: () => undefined,
    sentence: 'Wind down: register nobody new, and complete every open journey',
  },
  closeOperation: {
    roles: LEADING,
    reason: false,
    when: ['running', 'winding_down'],
    refuse: (state) => (state.suspensions.length > 0 ? 'A suspension is still open' : undefined),
    sentence: 'Close the operation, after every journey has ended or was handed over',
  },
  cancelOperation: {
    roles: LEADING,
    reason: true,
    when: ['draft', 'activated'],
    refuse: () => undefined,
    sentence: 'Cancel the operation before its activation',
  },
  dismissCancelRequest: {
    roles: [...LEADING, 'duty_supervisor'],
    reason: true,
    when: OPEN,
    refuse: (state) => (state.cancelRequested ? undefined : 'Nobody has asked Temporal to cancel this operation'),
    sentence: 'Record that the operation goes on although somebody asked Temporal to cancel it',
  },
};

/** What an activation still lacks, in words: the government's request and three leads are required. */
function missingForActivation(args: OperationCommands['activate']): string[] {
  const missing: string[] = [];
  if (args.governmentRequestRef.trim() === '') missing.push('the reference of the government’s request');
  for (const area of REQUIRED_LEADS) if (!args.leads[area]?.trim()) missing.push(`a named lead for ${area}`);
  return missing;
}

/** Why a command is refused now, or undefined. */
export function refusalOf<C extends OperationCommand>(
  state: OperationState,
  command: C,
  args: OperationCommands[C],
): string | undefined {
  if (ended(state)) return `The operation is ${state.line}`;
  const rule = OPERATION_COMMANDS[command];
  if (!rule.when.includes(statusOf(state))) return `The operation is ${statusOf(state).replace('_', ' ')}`;
  return rule.refuse(state, args);
}

/** The commands that `roles` could give now, whatever their arguments. */
export function allowedCommands(state: OperationState, roles: readonly Role[]): OperationCommand[] {
  return (Object.keys(OPERATION_COMMANDS) as OperationCommand[]).filter((command) => {
    const rule = OPERATION_COMMANDS[command];
    if (!rule.roles.some((role) => roles.includes(role)) || !rule.when.includes(statusOf(state))) return false;
    if (command === 'resume') return state.suspensions.length > 0;
    if (command === 'dismissCancelRequest') return state.cancelRequested;
    return command === 'closeOperation' ? state.suspensions.length === 0 : true;
  });
}

/**
 * What prevents closing, counted in SQL by status: people whose journey has no ending, and movements that are not
 * reconciled. A journey that was handed over has the ending `referred_out`.
 */
export type Unfinished = { people: Record<string, number>; movements: Record<string, number> };

/** Why an operation cannot be closed, with the counts, or undefined if it can. */
export function unfinishedSentence({ people, movements }: Unfinished): string | undefined {
  const parts = [...counted(people, 'people in status'), ...counted(movements, 'movements in status')];
  return parts.length === 0 ? undefined : `The operation has open journeys or movements: ${parts.join('; ')}`;
}

function counted(by: Record<string, number>, what: string): string[] {
  return Object.entries(by)
    .filter(([, count]) => count > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, count]) => `${count} ${what} ${key}`);
}

function sameScope(open: Scope, args: OperationCommands['suspend']): boolean {
  return open.scopeKind === args.scopeKind && ('scopeValue' in open ? open.scopeValue : undefined) === args.scopeValue;
}

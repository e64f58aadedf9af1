import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ROLES, type Role } from '../../../domain/actor.ts';
import { OPERATION_COMMANDS, type OperationCommand } from '../../../domain/operations/commands/index.ts';
import { unfinishedSentence } from '../../../domain/operations/commands/lifecycle.ts';
import type { OperationEvent } from '../../../domain/operations/events.ts';
import { apply, emptyOperation, ended, type OperationState, statusOf } from '../../../domain/operations/state.ts';

const header = { at: 0, actor: { kind: 'staff', id: 'anna', role: 'coordinator' } } as const;
const leads = { protection: 'p', health: 'h', movement: 'm' };

const event = {
  activated: { ...header, type: 'operationActivated', data: { governmentRequestRef: 'NV 12/2017', leads } },
  started: { ...header, type: 'operationStarted', data: {} },
  suspendedAll: { ...header, type: 'operationSuspended', data: { suspensionId: 'sus_all', scopeKind: 'all' } },
  suspendedSite: {
    ...header,
    type: 'operationSuspended',
    data: { suspensionId: 'sus_site', scopeKind: 'site', scopeValue: 'Walaha' },
  },
  resumedAll: {
    ...header,
    type: 'operationResumed',
    data: { suspensionId: 'sus_all', lapsed: { consent: 0, fitness: 0, document: 0 } },
  },
  windDown: { ...header, type: 'windDownBegun', data: {} },
  closed: { ...header, type: 'operationClosed', data: {} },
  cancelled: { ...header, type: 'operationCancelled', data: {} },
} satisfies Record<string, OperationEvent>;

function after(...events: OperationEvent[]): OperationState {
  return events.reduce(apply, emptyOperation());
}

const RUNNING = after(event.activated, event.started);

const SAMPLES: Record<OperationCommand, Record<string, unknown>> = {
  activate: { governmentRequestRef: 'NV 12/2017', leads },
  suspend: { suspensionId: 'sus_new', scopeKind: 'nationality', scopeValue: 'VUT' },
  resume: { suspensionId: 'sus_all' },
  setPhase: { area: 'health', phase: 'during' },
  windDown: {},
  closeOperation: {},
  cancelOperation: {},
  dismissCancelRequest: {},
};

const refusalOf = (state: OperationState, command: OperationCommand, args: Record<string, unknown>) =>
  OPERATION_COMMANDS.refusal(command, state, args, { at: 0, actor: header.actor, reasonCode: 'r' });
const allowedCommands = (state: OperationState, roles: readonly Role[]) => OPERATION_COMMANDS.allowed(state, roles, 0);

describe('the status of an operation', () => {
  it.each([
    ['draft', after()],
    ['activated', after(event.activated)],
    ['running', RUNNING],
    ['suspended', apply(RUNNING, event.suspendedAll)],
    ['running', apply(RUNNING, event.suspendedSite)],
    ['running', [event.suspendedAll, event.resumedAll].reduce(apply, RUNNING)],
    ['suspended', [event.windDown, event.suspendedAll].reduce(apply, RUNNING)],
    ['winding_down', [event.windDown, event.suspendedAll, event.resumedAll].reduce(apply, RUNNING)],
    ['closed', [event.windDown, event.closed].reduce(apply, RUNNING)],
    ['cancelled', after(event.cancelled)],
  ])('%s', (status, state) => {
    expect(statusOf(state)).toBe(status);
  });

  it('counts each event once in the sequence', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...Object.values(event)), { maxLength: 12 }), (events) => {
        expect(after(...events).seq).toBe(events.length);
      }),
    );
  });
});

describe('commands of an operation', () => {
  // the whole table status × command, written out once more by hand
  const ALLOWED: Array<[string, OperationState, OperationCommand[]]> = [
    ['draft', after(), ['activate', 'setPhase', 'cancelOperation']],
    ['activated', after(event.activated), ['suspend', 'setPhase', 'cancelOperation']],
    ['running', RUNNING, ['suspend', 'setPhase', 'windDown', 'closeOperation']],
    ['suspended', apply(RUNNING, event.suspendedAll), ['suspend', 'resume', 'setPhase']],
    ['winding down', apply(RUNNING, event.windDown), ['suspend', 'setPhase', 'closeOperation']],
    ['closed', apply(RUNNING, event.closed), []],
    ['cancelled', after(event.cancelled), []],
  ];

  it.each(ALLOWED)('%s', (_name, state, allowed) => {
    const commands = OPERATION_COMMANDS.names;
    expect(commands.filter((command) => refusalOf(state, command, SAMPLES[command]) === undefined)).toEqual(allowed);
    expect(allowedCommands(state, ROLES)).toEqual(allowed);
  });

  it('names everything that activation lacks', () => {
    const refusal = refusalOf(after(), 'activate', { governmentRequestRef: ' ', leads: { health: 'h' } });
    expect(refusal).toBe(
      'Before activation there must be: the reference of the government’s request, a named lead for protection, a named lead for movement',
    );
  });

  it('suspends a scope once, and requires its leg, site or nationality', () => {
    const partly = apply(RUNNING, event.suspendedSite);
    expect(refusalOf(partly, 'suspend', { suspensionId: 's', scopeKind: 'site', scopeValue: 'Walaha' })).toMatch(
      /already/,
    );
    expect(
      refusalOf(partly, 'suspend', { suspensionId: 's', scopeKind: 'site', scopeValue: 'Lolowai' }),
    ).toBeUndefined();
    expect(refusalOf(partly, 'suspend', { suspensionId: 's', scopeKind: 'site' })).toMatch(
      /Name the leg, site or nationality/,
    );
    expect(refusalOf(partly, 'suspend', { suspensionId: 's', scopeKind: 'all', scopeValue: 'x' })).toMatch(
      /no scope value/,
    );
    expect(refusalOf(partly, 'resume', { suspensionId: 'sus_all' })).toMatch(/not open/);
    expect(refusalOf(partly, 'closeOperation', {})).toMatch(/still open/);
  });

  it('is not closed by those who do not lead it, and not at all once it has ended', () => {
    expect(allowedCommands(RUNNING, ['case_worker', 'auditor'])).toEqual([]);
    const over = apply(RUNNING, event.closed);
    expect(ended(over)).toBe(true);
    expect(refusalOf(over, 'setPhase', SAMPLES.setPhase)).toBe('The operation is closed');
  });

  it('lists with counts what prevents closing', () => {
    expect(unfinishedSentence({ people: { travel_ready: 2, seated: 0 }, movements: { arrived: 1 } })).toBe(
      'The operation has open journeys or movements: 2 people in status travel_ready; 1 movements in status arrived. ' +
        'List people by GET /v1/operations/{id}/people?filter[status]=…, and hand_over names the authority that takes over; ' +
        'movements by GET /v1/operations/{id}/movements',
    );
    expect(unfinishedSentence({ people: {}, movements: {} })).toBeUndefined();
  });
});

import { z } from 'zod';
import { dataOf, type EventDefinition } from '../events.ts';
import type { EventHeader } from '../journeys/events.ts';
import { eventForms } from '../versioned.ts';
import type { OpenSuspension, OperationState } from './stored.ts';

/** What a suspension covers: the whole operation, a leg, a site, or people of one nationality. */
export type Scope = { scopeKind: 'all' } | { scopeKind: 'leg' | 'site' | 'nationality'; scopeValue: string };

export const SCOPE_KINDS = ['all', 'leg', 'site', 'nationality'] as const;

export const PHASES = ['before', 'during', 'after'] as const;
export type Phase = (typeof PHASES)[number];

/** What has lapsed during a suspension, in people of its scope. It is listed before anybody is seated. */
const Lapsed = z
  .object({
    consent: z.number().describe('people whose consent is too old'),
    fitness: z.number().describe('people whose fitness finding is no longer valid'),
    document: z.number().describe('people whose document is not valid long enough'),
  })
  .describe('what has lapsed');
export type Lapsed = z.infer<typeof Lapsed>;

const WaitKey = z.string().describe('key of the wait');
const SuspensionId = z.string().describe('id of the suspension');

function opened(data: {
  suspensionId: string;
  scopeKind: Scope['scopeKind'];
  scopeValue?: string | undefined;
}): OpenSuspension {
  return data.scopeKind === 'all'
    ? { suspensionId: data.suspensionId, scopeKind: 'all' }
    : { suspensionId: data.suspensionId, scopeKind: data.scopeKind, scopeValue: data.scopeValue ?? '' };
}

const defineEvent = <Schema extends z.ZodObject>(definition: EventDefinition<OperationState, Schema>) =>
  Object.freeze(definition);

/** Every event of an operation: ids, codes and counts, so that none names a person. */
export const OPERATION_EVENTS = Object.freeze({
  operationOpened: defineEvent({
    data: z.object({}).describe('The operation is opened as a draft.'),
  }),
  operationActivated: defineEvent({
    data: z
      .object({
        governmentRequestRef: z.string().describe("reference of the government's request"),
        leads: z.record(z.string(), z.string()).describe('by area, who leads it'),
      })
      .describe('The operation is activated.'),
    evolve: (_state, data) => ({ line: 'activated', governmentRequestRef: data.governmentRequestRef }),
  }),
  operationStarted: defineEvent({
    data: z.object({}).describe('The operation begins.'),
    evolve: () => ({ line: 'running' }),
  }),
  operationSuspended: defineEvent({
    data: z
      .object({
        suspensionId: SuspensionId,
        scopeKind: z.enum(SCOPE_KINDS).describe('what the suspension covers'),
        scopeValue: z.string().optional().describe('which leg, site or nationality'),
      })
      .describe('The operation, or a part of it, is suspended.'),
    sentence: 'event.operationSuspended',
    effects: { partnerEvent: { type: 'operation.suspended', fields: [] } },
    evolve: (state, data) => ({ suspensions: [...state.suspensions, opened(data)] }),
  }),
  operationResumed: defineEvent({
    data: z.object({ suspensionId: SuspensionId, lapsed: Lapsed }).describe('A suspension ends.'),
    sentence: 'event.operationResumed',
    effects: { partnerEvent: { type: 'operation.resumed', fields: [] } },
    evolve: (state, data) => ({
      suspensions: state.suspensions.filter(({ suspensionId }) => suspensionId !== data.suspensionId),
    }),
  }),
  phaseSet: defineEvent({
    data: z
      .object({
        area: z.string().describe('the area'),
        phase: z.enum(PHASES).describe('before, during or after the crisis'),
      })
      .describe('An area enters a phase.'),
    evolve: (state, data) => ({ phases: { ...state.phases, [data.area]: data.phase } }),
  }),
  windDownBegun: defineEvent({
    data: z.object({}).describe('The operation winds down.'),
    evolve: () => ({ line: 'winding_down' }),
  }),
  operationClosed: defineEvent({
    data: z.object({}).describe('The operation is closed.'),
    evolve: () => ({ line: 'closed' }),
  }),
  operationCancelled: defineEvent({
    data: z.object({}).describe('The operation is cancelled.'),
    evolve: () => ({ line: 'cancelled' }),
  }),
  waitReminded: defineEvent({
    data: z.object({ key: WaitKey }).describe('Half the time of a wait is over.'),
  }),
  waitDue: defineEvent({
    data: z.object({ key: WaitKey }).describe('A wait is overdue.'),
  }),
  waitEscalated: defineEvent({
    data: z.object({ key: WaitKey }).describe('An overdue wait is escalated.'),
  }),
  cancelRequested: defineEvent({
    data: z.object({}).describe('Somebody asked Temporal to cancel the workflow; nothing is cancelled by it.'),
    evolve: () => ({ cancelRequested: true }),
  }),
  cancelRequestDismissed: defineEvent({
    data: z.object({}).describe('A person decided that the operation goes on.'),
    evolve: () => ({ cancelRequested: false }),
  }),
});

export const OPERATION_EVENT_DATA = dataOf(OPERATION_EVENTS);

/** How the data of an operation's events is written and read. */
export const OPERATION_EVENT_FORMS = eventForms('operation', OPERATION_EVENT_DATA);

export type OperationEvents = { [T in keyof typeof OPERATION_EVENT_DATA]: z.infer<(typeof OPERATION_EVENT_DATA)[T]> };

export type OperationEventType = keyof OperationEvents;
export type OperationEvent = {
  [T in OperationEventType]: EventHeader & { type: T; data: OperationEvents[T] };
}[OperationEventType];

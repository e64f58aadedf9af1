import { z } from 'zod';
import { eventForms } from '../eventForms.ts';
import type { EventHeader } from '../journeys/events.ts';

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

/** The data of an operation's events, by type: ids, codes and counts, so that no event names a person. */
export const OPERATION_EVENT_DATA = Object.freeze({
  operationOpened: z.object({}).describe('The operation is opened as a draft.'),
  operationActivated: z
    .object({
      governmentRequestRef: z.string().describe("reference of the government's request"),
      leads: z.record(z.string(), z.string()).describe('by area, who leads it'),
    })
    .describe('The operation is activated.'),
  operationStarted: z.object({}).describe('The operation begins.'),
  operationSuspended: z
    .object({
      suspensionId: SuspensionId,
      scopeKind: z.enum(SCOPE_KINDS).describe('what the suspension covers'),
      scopeValue: z.string().optional().describe('which leg, site or nationality'),
    })
    .describe('The operation, or a part of it, is suspended.'),
  operationResumed: z.object({ suspensionId: SuspensionId, lapsed: Lapsed }).describe('A suspension ends.'),
  phaseSet: z
    .object({
      area: z.string().describe('the area'),
      phase: z.enum(PHASES).describe('before, during or after the crisis'),
    })
    .describe('An area enters a phase.'),
  windDownBegun: z.object({}).describe('The operation winds down.'),
  operationClosed: z.object({}).describe('The operation is closed.'),
  operationCancelled: z.object({}).describe('The operation is cancelled.'),
  waitReminded: z.object({ key: WaitKey }).describe('Half the time of a wait is over.'),
  waitDue: z.object({ key: WaitKey }).describe('A wait is overdue.'),
  waitEscalated: z.object({ key: WaitKey }).describe('An overdue wait is escalated.'),
  cancelRequested: z.object({}).describe('Somebody asked Temporal to cancel the workflow; nothing is cancelled by it.'),
  cancelRequestDismissed: z.object({}).describe('A person decided that the operation goes on.'),
});

/** How the data of an operation's events is written and read. */
export const OPERATION_EVENT_FORMS = eventForms('operation', OPERATION_EVENT_DATA);

export type OperationEvents = { [T in keyof typeof OPERATION_EVENT_DATA]: z.infer<(typeof OPERATION_EVENT_DATA)[T]> };

export type OperationEventType = keyof OperationEvents;
export type OperationEvent = {
  [T in OperationEventType]: EventHeader & { type: T; data: OperationEvents[T] };
}[OperationEventType];

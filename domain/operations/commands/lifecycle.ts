import { z } from 'zod';
import type { Draft } from '../../commands.ts';
import { FIELDS } from '../../fields.ts';
import type { OperationEvent } from '../events.ts';
import { defineCommand, LEADING, OPEN, unlessIn } from './define.ts';

/** Areas that need a named lead before activation. */
const REQUIRED_LEADS = ['protection', 'health', 'movement'] as const;

/** Areas that may have a lead. */
const LEAD_AREAS = [...REQUIRED_LEADS, 'consular', 'reception'] as const;

export const activate = defineCommand({
  name: 'activate',
  args: {
    governmentRequestRef: FIELDS.title.meta({ description: 'a reference, never a name' }),
    leads: z
      .partialRecord(z.enum(LEAD_AREAS), z.string().min(1).max(200))
      .meta({ description: 'who leads: principals, by area' }),
  },
  example: {
    governmentRequestRef: 'NV 12/2026',
    leads: { protection: 'principal-1', health: 'principal-2', movement: 'principal-3' },
  },
  roles: LEADING,
  sentence: 'command.operation.activate',
  refusal: (state, { governmentRequestRef, leads }) => {
    const outside = unlessIn(state, ['draft']);
    if (outside !== undefined) return outside;
    const missing = [
      ...(governmentRequestRef.trim() === '' ? ['the reference of the government’s request'] : []),
      ...REQUIRED_LEADS.filter((area) => !leads[area]?.trim()).map((area) => `a named lead for ${area}`),
    ];
    return missing.length === 0 ? undefined : `Before activation there must be: ${missing.join(', ')}`;
  },
  effect: (_state, { governmentRequestRef, leads: given }) => {
    const leads = Object.fromEntries(Object.entries(given).flatMap(([area, lead]) => (lead ? [[area, lead]] : [])));
    const events: Draft<OperationEvent>[] = [
      { type: 'operationActivated', data: { governmentRequestRef, leads } },
      { type: 'operationStarted', data: {} },
    ];
    return { step: 'nameLeads', input: { governmentRequestRef, leads }, events: () => events };
  },
});

export const windDown = defineCommand({
  name: 'windDown',
  args: {},
  roles: LEADING,
  sentence: 'command.operation.windDown',
  refusal: (state) => unlessIn(state, ['running']),
  effect: () => ({ step: 'stopRegistration', input: {}, events: () => [{ type: 'windDownBegun', data: {} }] }),
});

export const closeOperation = defineCommand({
  name: 'closeOperation',
  args: {},
  roles: LEADING,
  sentence: 'command.operation.closeOperation',
  refusal: (state) =>
    unlessIn(state, ['running', 'winding_down']) ??
    (state.suspensions.length > 0 ? 'A suspension is still open' : undefined),
  effect: () => ({ step: 'beginEnd', input: {}, events: () => [{ type: 'operationClosed', data: {} }] }),
});

export const cancelOperation = defineCommand({
  name: 'cancelOperation',
  args: {},
  roles: LEADING,
  reason: true,
  sentence: 'command.operation.cancelOperation',
  refusal: (state) => unlessIn(state, ['draft', 'activated']),
  effect: () => ({ step: 'beginEnd', input: {}, events: () => [{ type: 'operationCancelled', data: {} }] }),
});

export const dismissCancelRequest = defineCommand({
  name: 'dismissCancelRequest',
  args: {},
  roles: [...LEADING, 'duty_supervisor'],
  reason: true,
  sentence: 'command.operation.dismissCancelRequest',
  then: 'continueAsNew',
  refusal: (state) =>
    unlessIn(state, ['draft', ...OPEN]) ??
    (state.cancelRequested ? undefined : 'Nobody has asked Temporal to cancel this operation'),
  effect: () => [{ type: 'cancelRequestDismissed', data: {} }],
});

/**
 * What prevents closing, counted in SQL by status: people whose journey has no ending, and movements that are not
 * reconciled. Whoever cannot be brought to an end is handed over to a named authority, with the ending `handed_over`.
 */
export type Unfinished = { people: Record<string, number>; movements: Record<string, number> };

/** Why an operation cannot be closed, with the counts, or undefined if it can. */
export function unfinishedSentence({ people, movements }: Unfinished): string | undefined {
  const parts = [...counted(people, 'people in status'), ...counted(movements, 'movements in status')];
  if (parts.length === 0) return undefined;
  const lists = [
    ...(counted(people, '').length > 0
      ? ['people by GET /v1/operations/{id}/people?filter[status]=…, and hand_over names the authority that takes over']
      : []),
    ...(counted(movements, '').length > 0 ? ['movements by GET /v1/operations/{id}/movements'] : []),
  ];
  return `The operation has open journeys or movements: ${parts.join('; ')}. List ${lists.join('; ')}`;
}

function counted(by: Record<string, number>, what: string): string[] {
  return Object.entries(by)
    .filter(([, count]) => count > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, count]) => `${count} ${what} ${key}`);
}

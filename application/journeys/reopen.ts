import type { Actor, Role } from '../../domain/actor.ts';
import { rebuild } from '../../domain/events.ts';
import type { JourneyEvent } from '../../domain/journeys/events.ts';
import { type EndedJourney, REOPENERS, reopeningRefusal } from '../../domain/journeys/reopening.ts';
import { JOURNEY, projectionOf, statusOf } from '../../domain/journeys/state.ts';
import type { JourneyStatus } from '../../domain/journeys/statuses.ts';
import type { RecordBatch, RecordedEvent } from '../../domain/record.ts';
import { restartFrom } from '../../domain/restart.ts';
import type { Rules } from '../../domain/rules.ts';
import type { Instant } from '../../domain/time.ts';
import { workflowId } from '../../workflows/messages.ts';

export type Reopening = {
  journeyId: string;
  operationId: string;
  commandId: string;
  by: string;
  role: Role;
  reasonCode: string;
  noteId?: string | undefined;
  /** operation time */
  at: Instant;
};

export type Reopened =
  | { outcome: 'reopened'; seq: number; status: JourneyStatus }
  | { outcome: 'first_approval'; detail: string }
  | { outcome: 'refused'; reason: string };

type ReopenTransaction = {
  /** The journey, locked. */
  lock(journeyId: string): Promise<Omit<EndedJourney, 'closing'>>;
  rules(operationId: string): Promise<Rules>;
  /** all events of the journey, in order */
  events(journeyId: string): Promise<RecordedEvent[]>;
  /** Who approved first that this ending, the event of this number, is undone; the same person twice stays the first. */
  approve(
    approval: Pick<Reopening, 'journeyId' | 'by' | 'reasonCode' | 'noteId' | 'at'> & { seq: number },
  ): Promise<string>;
  write(batch: RecordBatch): Promise<unknown>;
  /** Its workflow is to be started once more, with this state; who sat on a vehicle is counted again. */
  orderStart(journeyId: string, carried: object): Promise<void>;
};

export type ReopenPorts = {
  transaction<T>(work: (inside: ReopenTransaction) => Promise<T>): Promise<T>;
  isRunning(workflowId: string): Promise<boolean>;
  startNow(workflowIds: readonly string[]): Promise<void>;
};

/** Whether one of these roles may take part in a reopening, and which. */
export const reopenerOf = (roles: readonly Role[]): Role | undefined => REOPENERS.find((role) => roles.includes(role));

/**
 * Reopens a journey that was ended by mistake: one person asks for it, a second one approves it. The event and the order
 * to start its workflow once more, with the state of the event log, are one transaction. Open holds stay.
 */
export const reopenJourney =
  ({ transaction, isRunning, startNow }: ReopenPorts) =>
  async (given: Reopening): Promise<Reopened> => {
    const { journeyId, operationId, commandId, by, role, reasonCode, noteId, at } = given;
    const workflow = workflowId.journey(journeyId);
    const closing = await isRunning(workflow);
    const done = await transaction(async (inside): Promise<Reopened> => {
      const journey = await inside.lock(journeyId);
      const events = await inside.events(journeyId);
      const rules = await inside.rules(operationId);
      const before = rebuild(JOURNEY, events as readonly (RecordedEvent & JourneyEvent)[]);
      if (events.some((event) => event.commandId === commandId))
        return { outcome: 'reopened', seq: before.seq, status: statusOf(before, rules) };
      const reason = reopeningRefusal({ ...journey, closing: closing && journey.ending !== null }, at);
      if (reason !== undefined || before.ending === undefined)
        return { outcome: 'refused', reason: reason ?? 'The journey is open' };
      const first = await inside.approve({ journeyId, seq: before.seq, by, reasonCode, noteId, at });
      if (first === by)
        return { outcome: 'first_approval', detail: 'Noted. A second person must approve that the journey goes on.' };
      const actor: Actor = { kind: 'staff', id: by, role };
      const header = { at, actor, commandId, reasonCode, ...(noteId === undefined ? {} : { noteId }) };
      const data = { ending: before.ending, told: before.ending !== 'deceased', first };
      const state = JOURNEY.evolve(before, { ...header, type: 'journeyReopened', data });
      const event: RecordedEvent = { ...header, type: 'journeyReopened', data, seq: state.seq, phase: 'close' };
      const projection = { ...projectionOf(state, rules), seq: state.seq };
      const batch = { subject: journeyId, subjectKind: 'journey', operationId, after: before.seq, waits: [] } as const;
      await inside.write({ ...batch, events: [event], projection, waits: [] });
      await inside.orderStart(journeyId, restartFrom('journey', [...events, event]));
      return { outcome: 'reopened', seq: state.seq, status: statusOf(state, rules) };
    });
    if (done.outcome === 'reopened') await startNow([workflow]);
    return done;
  };

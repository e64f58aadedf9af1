import { ActivityFailure } from '@temporalio/workflow';
import type { Role } from '../../domain/actor.ts';
import { doubts, type MovementPhase, missingClearances, stopsAhead } from '../../domain/movements/state.ts';
import type { Deadline } from '../../domain/rules.ts';
import { HOUR, type Instant, MINUTE } from '../../domain/time.ts';
import { COMPENSATIONS, sendRequest } from '../activities.ts';
import { compensate } from '../aggregate/compensate.ts';
import { whenever } from '../aggregate/live.ts';
import { until, type WaitSpec, waitFor } from '../waiting.ts';
import { bookingAnswered, handleEarly, type MovementRun } from './run.ts';

const role = (id: Role): WaitSpec['whom'] => ({ kind: 'role', id });
const MOVEMENT_OFFICER = role('movement_officer');

/** How late a vehicle may be before the lead is notified: an hour, then three. */
const OVERDUE: Deadline = { due: HOUR, remind: null, escalate: 3 * HOUR };
const AT_THE_GATE: Deadline = { due: 15 * MINUTE, remind: null, escalate: HOUR };

/** What a movement does and waits for in each phase. A phase ends when the state stands in another, forward or back. */
export const JOURNEY_PHASES: Record<MovementPhase, (run: MovementRun) => Promise<void>> = {
  contract,
  clearances,
  allocation,
  boarding,
  underway,
  reconciliation,
  close,
};

/** The carrier is booked once; where there is none to ask, or it says no, a movement officer finds one and says so. */
async function contract(run: MovementRun): Promise<void> {
  const { status } = run.state.booking;
  if (run.carrierId !== undefined && status === 'none') await book(run, run.carrierId);
  const { booking } = run.state;
  await waitFor(
    run,
    {
      key: 'carrier',
      phase: 'contract',
      whom:
        booking.status === 'requested' && booking.partnerId
          ? { kind: 'partner', id: booking.partnerId }
          : MOVEMENT_OFFICER,
      what: 'carrierAnswer',
    },
    () => run.phase !== 'contract' || run.state.booking.status !== booking.status,
  );
}

async function book(run: MovementRun, partnerId: string): Promise<void> {
  const round = run.state.booking.round + 1;
  const { subject, operationId } = run;
  const sent = await run.trackInFlight(
    sendRequest({ kind: 'booking', subject, operationId, partnerId, round, at: run.now() }).catch(orNobody),
  );
  await run.exclusively(async () => {
    if (sent.outcome !== 'requested') {
      run.event('carrierMissing', { partnerId });
      return handleEarly(run);
    }
    const { requestId, answer } = sent;
    run.event('carrierRequested', { requestId, partnerId, round });
    const by = { at: Math.min(sent.at, run.now()), actor: { kind: 'partner', id: partnerId } as const };
    if (answer?.kind === 'booking') await bookingAnswered(run, requestId, answer, by);
    await handleEarly(run);
  });
}

async function clearances(run: MovementRun): Promise<void> {
  const missing = missingClearances(run.state);
  const same = (): boolean => run.phase === 'clearances' && missingClearances(run.state).join() === missing.join();
  await Promise.all(
    missing.map((kind) =>
      waitFor(
        run,
        { key: `clearance:${kind}`, phase: 'clearances', whom: MOVEMENT_OFFICER, what: 'clearance' },
        () => !same(),
      ),
    ),
  );
}

/** Seats are given and the list is locked by a person, in time before the vehicle leaves. */
async function allocation(run: MovementRun): Promise<void> {
  const { departsAt } = run.state;
  await waitFor(
    run,
    {
      key: 'manifest',
      phase: 'allocation',
      whom: MOVEMENT_OFFICER,
      what: 'seat',
      rule: { due: Math.max(departsAt - run.rules.lockBefore - run.now(), MINUTE), remind: null },
    },
    () => run.phase !== 'allocation' || run.state.departsAt !== departsAt,
  );
}

async function boarding(run: MovementRun): Promise<void> {
  await awaitAppointment(run, 'departure', () => run.state.departsAt);
}

/** On the way. The agency at the end receives the number of people who come. */
async function underway(run: MovementRun): Promise<void> {
  const [next] = stopsAhead(run.state);
  await awaitAppointment(
    run,
    'arrival',
    () => run.state.arrivesAt,
    () => stopsAhead(run.state)[0] !== next,
  );
}

async function reconciliation(run: MovementRun): Promise<void> {
  await waitFor(
    run,
    { key: 'reconciliation', phase: 'reconciliation', whom: MOVEMENT_OFFICER, what: 'reconciliation' },
    () => run.phase !== 'reconciliation',
  );
}

/** A movement that does not run gives back what it had booked; seats were free before anything else. */
async function close(run: MovementRun): Promise<void> {
  const { requestId, status } = run.state.booking;
  if (requestId !== undefined && (status === 'requested' || status === 'booked')) {
    const request = { requestId, at: run.now() };
    const { recalled } = await run.trackInFlight(compensate(run, 'booking', COMPENSATIONS.booking, request));
    if (recalled) run.event('bookingRecalled', { requestId });
  }
  await run.exclusively(async () => {
    if (!run.state.closed) run.event('movementClosed', {});
  });
}

/** Nobody is notified before the appointed time. After it, a movement officer checks. A delay is a new appointment. */
async function awaitAppointment(
  run: MovementRun,
  what: 'departure' | 'arrival',
  appointed: () => Instant,
  past: () => boolean = () => false,
): Promise<void> {
  const { phase } = run;
  const at = appointed();
  const changed = (): boolean => run.phase !== phase || appointed() !== at || past();
  const spec = { key: what, phase, what };
  if (at > run.now()) {
    const rule = { due: at - run.now(), remind: null, escalate: null };
    const vehicle = { kind: 'movement', id: run.subject } as const;
    await waitFor(run, { ...spec, key: `${what}:appointed`, whom: vehicle, rule, appointment: true }, changed);
  }
  if (!changed()) await waitFor(run, { ...spec, whom: MOVEMENT_OFFICER, rule: OVERDUE }, changed);
}

/** Waits that run in the background of the phases: each is open while its condition holds, as a task of a role. */
export const IN_BACKGROUND: ReadonlyArray<(run: MovementRun) => Promise<never>> = [
  (run) =>
    whenever(run, () => run.state.overCapacity, {
      key: 'overCapacity',
      whom: MOVEMENT_OFFICER,
      what: 'seat',
      rule: { due: HOUR, remind: null },
    }),
  (run) =>
    whenever(run, () => run.state.mustLeave.length > 0, {
      key: 'mustLeave',
      whom: MOVEMENT_OFFICER,
      what: 'boarding',
      rule: AT_THE_GATE,
    }),
  (run) =>
    whenever(run, () => doubts(run.state).length > 0, {
      key: 'doubt',
      whom: MOVEMENT_OFFICER,
      what: 'reconciliation',
      blocks: false,
    }),
  (run) =>
    whenever(run, () => run.state.compensating.length > 0, {
      key: 'compensate',
      whom: role('duty_supervisor'),
      what: 'reconciliation',
    }),
  (run) =>
    whenever(run, () => run.state.manifest.reopeningRequestedBy !== undefined, {
      key: 'reopening',
      whom: role('duty_supervisor'),
      what: 'clearance',
      blocks: false,
    }),
  announce,
];

/** Notifies the receiving agency once, when the vehicle has left. A failure delays nobody. */
async function announce(run: MovementRun): Promise<never> {
  await until(run, () => run.state.departedAt !== undefined && !run.state.receptionNotified);
  const { subject, operationId } = run;
  const answer = await run.trackInFlight(
    // After a day they have arrived.
    sendRequest(
      { kind: 'reception', subject, operationId, round: 1, at: run.now() },
      { scheduleToCloseTimeout: '1 day' },
    ).catch(orNobody),
  );
  if (answer.outcome === 'requested' && !run.over())
    run.event('receptionNotified', { requestId: answer.requestId, partnerId: answer.partnerId });
  return until(run, () => false) as Promise<never>;
}

/** A partner that cannot be asked at all is as good as none: a person decides what to do. */
function orNobody(failure: unknown): { outcome: 'no_partner' } {
  if (failure instanceof ActivityFailure) return { outcome: 'no_partner' };
  throw failure;
}

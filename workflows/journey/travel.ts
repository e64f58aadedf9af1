import { nextLeg, readyToTravel } from '../../domain/journeys/state.ts';
import { until, waitFor } from '../waiting.ts';
import type { JourneyRun } from './run.ts';

const phase = 'travel';

/** One movement for each leg of the route: seat, gate, on board, under way, arrived. The movement notifies; it alone gives seats. */
export async function travel(run: JourneyRun): Promise<void> {
  await waitFor(
    run,
    { key: 'route', phase, whom: { kind: 'role', id: 'coordinator' }, what: 'routeDecision' },
    () => (run.state.routeDecided && nextLeg(run.state) !== undefined) || run.state.travel.status === 'arrived',
  );
  while (run.state.travel.status !== 'arrived') {
    const { status, movementId } = run.state.travel;
    const whom = { kind: 'movement', id: movementId ?? nextLeg(run.state) ?? '' } as const;
    if (status === 'none') {
      const open = () => run.state.travel.status === 'none' && readyToTravel(run.state, run.rules);
      await until(run, () => open() || run.state.travel.status !== 'none');
      if (!open()) continue;
      // The need is one, whatever becomes of ships and health checks meanwhile: the family has waited since it was ready.
      if (run.state.seatSince === undefined) run.event('seatAwaited', { leg: nextLeg(run.state) ?? '' });
      const since = run.state.seatSince ?? run.now();
      await waitFor(run, { key: 'seat', phase, whom, what: 'seat', since }, () => !open());
    } else if (status === 'in_transit') {
      await waitFor(
        run,
        { key: 'arrival', phase, whom, what: 'arrival', rule: null },
        () => run.state.travel.status !== status,
      );
    } else {
      // The movement has the deadline of the gate; this wait only shows it.
      await waitFor(
        run,
        { key: 'boarding', phase, whom, what: status === 'boarded' ? 'departure' : 'boarding', rule: null },
        () => run.state.travel.status !== status,
      );
    }
  }
}

/**
 * When a member of the household ends their journey, at its beginning or at a port on the way, somebody says whether the
 * rest goes on: no family is split by itself. Where a child is or was in it, that is protection.
 */
export async function stayTogether(run: JourneyRun): Promise<never> {
  const open = () => run.state.householdOpen && run.state.arrivedAt === undefined;
  const decides = () => (run.state.householdChild ? 'protection_officer' : 'case_worker');
  for (;;) {
    await until(run, open);
    const role = decides();
    await waitFor(
      run,
      { key: 'household', phase, whom: { kind: 'role', id: role }, what: 'householdDecision' },
      () => !open() || decides() !== role,
    );
  }
}

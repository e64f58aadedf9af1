import type { Pool } from 'pg';
import type { SeatTransactions, SeatUpdatePort } from '../../../activities/movements.ts';
import { arriveSeats, departSeats } from './departures.ts';
import { lockManifest } from './manifests.ts';
import { changeVehicle, reconcileSeats, writeClearance } from './movements.ts';
import { applyScans } from './scans.ts';
import { markNotified, noteUndelivered, readPendingNotifications } from './seatNotifications.ts';
import { releaseAll, releaseHousehold } from './seatReleases.ts';
import { allocateSeats } from './seats.ts';

/** The transactions on seats over one pool, for the movement's activities. */
export function seatTransactions(pool: Pool): SeatTransactions {
  return {
    writeClearance: (input) => writeClearance(pool, input),
    changeVehicle: ({ movementId, capacity }) => changeVehicle(pool, movementId, capacity),
    allocateSeats: (input) => allocateSeats(pool, input),
    lockManifest: (input) => lockManifest(pool, input),
    releaseHousehold: (input) => releaseHousehold(pool, input),
    releaseAll: (input) => releaseAll(pool, input),
    applyScans: (input) => applyScans(pool, input),
    departSeats: (input) => departSeats(pool, input),
    arriveSeats: (input) => arriveSeats(pool, input),
    reconcileSeats: ({ movementId }) => reconcileSeats(pool, movementId),
  };
}

/** Pending seat notifications over one pool; `notifyJourney` signals the journeys. */
export function seatUpdates(pool: Pool, notifyJourney: SeatUpdatePort['notifyJourney']): SeatUpdatePort {
  return {
    readPendingNotifications: (movementId, limit) => readPendingNotifications(pool, movementId, limit),
    markNotified: (notified) => markNotified(pool, notified),
    noteUndelivered: (movementId, seats) => noteUndelivered(pool, movementId, seats),
    notifyJourney,
  };
}

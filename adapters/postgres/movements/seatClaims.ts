import type { Pool } from 'pg';
import type { SeatClaims, SeatNewsPort } from '../../../activities/movements.ts';
import { arriveSeats, departSeats } from './departures.ts';
import { lockManifest } from './manifests.ts';
import { changeVehicle, reconcileSeats, writeClearance } from './movements.ts';
import { applyScans } from './scans.ts';
import { markTold, noteUndelivered, readUntold } from './seatNews.ts';
import { releaseAll, releaseUnit } from './seatReleases.ts';
import { allocateSeats } from './seats.ts';

/** The claims on seats over one pool, as the movement's activities need them. */
export function seatClaims(pool: Pool): SeatClaims {
  return {
    writeClearance: (input) => writeClearance(pool, input),
    changeVehicle: ({ movementId, capacity }) => changeVehicle(pool, movementId, capacity),
    allocateSeats: (input) => allocateSeats(pool, input),
    lockManifest: (input) => lockManifest(pool, input),
    releaseUnit: (input) => releaseUnit(pool, input),
    releaseAll: (input) => releaseAll(pool, input),
    applyScans: (input) => applyScans(pool, input),
    departSeats: (input) => departSeats(pool, input),
    arriveSeats: (input) => arriveSeats(pool, input),
    reconcileSeats: ({ movementId }) => reconcileSeats(pool, movementId),
  };
}

/** What people have not been told of their seats, over one pool; `tellJourney` reaches their journeys. */
export function seatNews(pool: Pool, tellJourney: SeatNewsPort['tellJourney']): SeatNewsPort {
  return {
    readUntold: (movementId, limit) => readUntold(pool, movementId, limit),
    markTold: (told) => markTold(pool, told),
    noteUndelivered: (movementId, seats) => noteUndelivered(pool, movementId, seats),
    tellJourney,
  };
}

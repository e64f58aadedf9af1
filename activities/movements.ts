import { heartbeat } from '@temporalio/activity';
import { allocateSeats, changeVehicle, releaseAll, releaseHousehold } from '../application/movements/allocateSeats.ts';
import { lockManifest } from '../application/movements/manifest.ts';
import { type NotifyPorts, notifyJourneys } from '../application/movements/notifyJourneys.ts';
import type { SeatPorts } from '../application/movements/seats.ts';
import { applyScans, arriveSeats, departSeats, reconcileSeats } from '../application/movements/travel.ts';

/** Transactions on seats (each locks, checks, and either takes effect or says why not), and notifications of them. */
export function movementActivities(ports: SeatPorts & NotifyPorts) {
  return {
    writeClearance: ports.writeClearance,
    changeVehicle: changeVehicle(ports.inMovement),
    allocateSeats: allocateSeats(ports.inMovement),
    lockManifest: lockManifest(ports.inMovement),
    releaseHousehold: releaseHousehold(ports.inMovement),
    releaseAll: releaseAll(ports.inMovement),
    applyScans: applyScans(ports.inMovement),
    departSeats: departSeats(ports.inMovement),
    arriveSeats: arriveSeats(ports.inMovement),
    reconcileSeats: reconcileSeats(ports),
    notifyJourneys: notifyJourneys(ports, heartbeat),
  };
}

export type MovementActivities = ReturnType<typeof movementActivities>;

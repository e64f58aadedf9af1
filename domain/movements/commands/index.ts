import { commandSet } from '../../commands.ts';
import { isOver, type MovementState } from '../state.ts';
import { giveClearance, loseClearance } from './clearances.ts';
import { applyScans, openBoarding } from './gate.ts';
import { cancelMovement, dismissCancelRequest, reconcile, recordArrival, recordDeparture } from './running.ts';
import { allocateSeats, lockManifest, releaseHousehold, reopenManifest } from './seats.ts';

/** Every command of a movement. A closed or cancelled movement refuses them all. */
export const MOVEMENT_COMMANDS = commandSet(
  (state: MovementState) => {
    if (!isOver(state)) return undefined;
    return state.cancelled ? 'The movement is cancelled' : 'The movement is closed';
  },
  [
    giveClearance,
    loseClearance,
    allocateSeats,
    lockManifest,
    reopenManifest,
    openBoarding,
    applyScans,
    recordDeparture,
    recordArrival,
    reconcile,
    releaseHousehold,
    cancelMovement,
    dismissCancelRequest,
  ],
);

export type MovementCommand = (typeof MOVEMENT_COMMANDS)['names'][number];

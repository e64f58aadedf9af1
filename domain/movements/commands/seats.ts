import { id } from '../../fields.ts';
import { DEPARTED, defineCommand, hasDeparted, LEADS, OFFICERS, TOO_SMALL, unlessCleared } from './define.ts';

export const allocateSeats = defineCommand({
  name: 'allocateSeats',
  args: {},
  roles: OFFICERS,
  sentence: 'command.movement.allocateSeats',
  refusal: (state) => {
    if (hasDeparted(state)) return DEPARTED;
    // after a change to a smaller vehicle the list is corrected even while the manifest is locked; otherwise the
    // lock applies
    if (state.overCapacity) return undefined;
    if (state.clearances.carrier !== 'given') return 'The carrier has not confirmed this movement';
    return state.manifest.locked ? 'The manifest is locked; reopen it first' : undefined;
  },
  effect: () => ({ step: 'allocateSeats', input: {} }),
});

export const lockManifest = defineCommand({
  name: 'lockManifest',
  args: {},
  roles: OFFICERS,
  sentence: 'command.movement.lockManifest',
  refusal: (state) => {
    if (hasDeparted(state)) return DEPARTED;
    if (state.manifest.locked) return 'The manifest is already locked';
    if (state.overCapacity) return TOO_SMALL;
    if (state.seated.people === 0) return 'Nobody has a seat yet';
    return unlessCleared(state);
  },
  effect: () => ({ step: 'lockManifest', input: {} }),
});

export const reopenManifest = defineCommand({
  name: 'reopenManifest',
  args: {},
  roles: LEADS,
  reason: true,
  sentence: 'command.movement.reopenManifest',
  refusal: (state, _args, { actor }) => {
    if (hasDeparted(state)) return DEPARTED;
    if (!state.manifest.locked) return 'The manifest is not locked';
    if (state.boarding) return 'Boarding has begun; record it with scans at the gate';
    const first = state.manifest.reopeningRequestedBy;
    if (first && (first.id === actor.id || first.role === actor.role))
      return 'A change after the lock needs two roles: another person under another role has to agree';
    return undefined;
  },
  effect: ({ manifest: { version, reopeningRequestedBy } }, _args, { actor }) =>
    reopeningRequestedBy
      ? { events: [{ type: 'manifestReopened', data: { version } }], detail: { reopened: 1 } }
      : {
          events: [{ type: 'manifestReopeningRequested', data: { by: actor.id, role: actor.role } }],
          detail: { reopened: 0 },
        },
});

export const releaseHousehold = defineCommand({
  name: 'releaseHousehold',
  args: { householdId: id('household') },
  example: { householdId: 'hh_00000000000000000000000000' },
  roles: LEADS,
  reason: true,
  sentence: 'command.movement.releaseHousehold',
  refusal: (state) => (hasDeparted(state) ? DEPARTED : undefined),
  effect: (_state, { householdId }) => ({ step: 'releaseHousehold', input: { householdId } }),
});

import { z } from 'zod';
import { SCAN_KINDS, type Scan } from '../events.ts';
import { DEPARTED, defineCommand, GATE, hasDeparted, OFFICERS, TOO_SMALL, unlessCleared } from './define.ts';

export const openBoarding = defineCommand({
  name: 'openBoarding',
  args: {},
  roles: OFFICERS,
  sentence: 'command.movement.openBoarding',
  refusal: (state) => {
    if (hasDeparted(state)) return DEPARTED;
    if (state.boarding) return 'Boarding is already open';
    if (!state.manifest.locked) return 'The manifest is not locked yet';
    if (state.overCapacity) return TOO_SMALL;
    return unlessCleared(state);
  },
  effect: () => [{ type: 'boardingOpened', data: {} }],
});

/** A command with more scans is refused: scanners send their scans in batches. */
const SCANS_AT_ONCE = 2_000;

/** Scanners name people; the API looks up their journeys. */
const Scanned: z.ZodType<Scan, Scan> = z.strictObject({
  scanId: z.string(),
  journeyId: z.string(),
  kind: z.enum(SCAN_KINDS),
  at: z.number().meta({ description: 'operation time in epoch milliseconds' }),
  reasonCode: z.string().optional(),
});

export const applyScans = defineCommand({
  name: 'applyScans',
  args: { scans: z.array(Scanned) },
  example: { scans: [] },
  roles: GATE,
  sentence: 'command.movement.applyScans',
  permission: 'movement.scan',
  address: 'scans',
  refusal: (state, { scans }) => {
    if (scans.length > SCANS_AT_ONCE) return `At most ${SCANS_AT_ONCE} scans at once`;
    if (state.reconciled) return 'Every seat is already accounted for';
    return state.boarding || hasDeparted(state) ? undefined : 'The gate is not open';
  },
  effect: (_state, { scans }) => ({ step: 'applyScans', input: { scans } }),
});

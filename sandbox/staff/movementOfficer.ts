import { HOUR, type Instant, iso } from '../../domain/time.ts';
import { lateRelief, type Relief } from '../drill/relief.ts';
import type { PlannedMovement } from '../scenarioData.ts';
import { examine } from './healthOfficer.ts';
import { goesOn, type Member } from './household.ts';
import { atOnce, command, movementCommand, nowOf, rounds, type Shift, tried } from './shift.ts';
import { stranded } from './stranded.ts';

/** Before departure, in operation time. */
const SEAT_BEFORE = 8 * HOUR;
const LOCK_BEFORE = 2 * HOUR;
const BOARD_BEFORE = HOUR;
/** Between two allocations of the same movement, so that whoever became ready meanwhile is taken along. */
const SEAT_AGAIN = HOUR;
const SEAT_AGAIN_MS = 2_500;
/** Relief is planned this long before it leaves. */
const PLAN_BEFORE = 20 * HOUR;
const SCANS_AT_ONCE = 500;
const HOUSEHOLDS_AT_ONCE = 6;
/** A late vehicle gets this long, in real time, before another is thought of. */
const LATE_AGAIN_MS = 45_000;

type Movement = {
  id: string;
  reference: string;
  leg: string;
  status: string;
  departs_at: string;
  seats: { seat: number };
  taken: { seat: number; infant_lap: number };
  over_capacity: boolean;
  manifest: { version: number; status: string };
};

type Entry = { person_id: string; household_id: string; status: string | null };

/** Plans a movement of the list, or a relief like one of it. Doing it again under the same reference is the same deed. */
export async function plan(
  shift: Pick<Shift, 'clients' | 'operationId' | 'partners'>,
  movement: PlannedMovement,
  drill: string,
  relief?: Relief,
): Promise<string> {
  const moved = relief ? relief.departsAt - Date.parse(movement.departs_at) : 0;
  const shifted = (text: string): string => (relief ? iso(Date.parse(text) + moved) : withSeconds(text));
  const made = (await shift.clients.movement_officer.post(
    `/operations/${shift.operationId}/movements`,
    {
      reference: relief?.reference ?? movement.id,
      leg: movement.stage,
      mode: movement.mode,
      carrier_id: shift.partners.get(`carriers/${movement.carrier.code}`) ?? null,
      origin: movement.origin,
      destination: movement.destination,
      stops: movement.legs.map(({ from, to, departs_at: departs, arrives_at: arrives }) => ({
        from,
        to,
        departs_at: shifted(departs),
        arrives_at: shifted(arrives),
      })),
      for_households_of: movement.for_households_of,
      accepts_nationalities: movement.accepts_nationalities,
      leave_at: movement.leave_at,
      seats: {
        ...(relief
          ? {
              seat: relief.seats,
              infant_lap: relief.infantLaps,
              stretcher_block: relief.stretchers,
              wheelchair: relief.wheelchairs,
            }
          : movement.seats),
        stretcher_block_seats: movement.stretcher_block_seats,
      },
      clearances: ['security'],
    },
    `drill-${drill}-movement-${relief?.reference ?? movement.id}`,
  )) as { id: string };
  return made.id;
}

/** Local times of a scenario are written to the minute: `2017-09-30T08:00+11:00`. */
function withSeconds(text: string): string {
  return text.replace(/T(\d\d:\d\d)(?=[+Z-])/, 'T$1:00');
}

/** Movement officers: clear, seat, lock, board, let go, count; and plan relief for those whose answers came late. */
export async function movementOfficer(shift: Shift, drill: string): Promise<void> {
  const seatedAt = new Map<string, { operation: Instant; real: number }>();
  const planned = new Set<string>();
  const late: Late = { count: 0, lookAgainAt: 0 };
  await rounds(shift, 1_000, async () => {
    const now = nowOf(shift);
    for (const relief of shift.relief) {
      if (planned.has(relief.reference) || now < relief.departsAt - PLAN_BEFORE || now > relief.departsAt) continue;
      await tried(shift, `plan ${relief.reference}`, () => plan(shift, relief.like, drill, relief));
      planned.add(relief.reference);
    }
    await planLate(shift, drill, late);
    const movements = (await shift.clients.movement_officer.all(
      `/operations/${shift.operationId}/movements`,
    )) as Movement[];
    // one after the other, by departure: the first to leave gives its seats first
    for (const movement of movements) {
      if (shift.stop.aborted) return;
      await tend(shift, movement, seatedAt);
    }
  });
}

type Late = { count: number; lookAgainAt: number };

/** After the end of the clock: one more vehicle, as long as whole households stand there ready. */
async function planLate(shift: Shift, drill: string, late: Late): Promise<void> {
  const end = shift.clock.at(-1)?.fromOperationTime ?? 0;
  const now = nowOf(shift);
  if (now < end || Date.now() < late.lookAgainAt) return;
  late.lookAgainAt = Date.now() + LATE_AGAIN_MS;
  const needed = new Map((await stranded(shift)).map((one) => [`${one.leg} ${one.head}`, one]));
  if (needed.size === 0) return;
  late.count += 1;
  const planned = new Set<string>();
  for (const { leg, head } of needed.values()) {
    const relief = lateRelief(shift.scenario, leg, head, late.count, now + SEAT_BEFORE);
    if (!relief || planned.has(relief.reference)) continue;
    planned.add(relief.reference);
    await tried(shift, `plan ${relief.reference}`, () => plan(shift, relief.like, drill, relief));
  }
}

async function tend(
  shift: Shift,
  movement: Movement,
  seatedAt: Map<string, { operation: Instant; real: number }>,
): Promise<void> {
  const now = nowOf(shift);
  const departsAt = Date.parse(movement.departs_at);
  const people = movement.taken.seat + movement.taken.infant_lap;
  const locked = ['locked', 'sent', 'final'].includes(movement.manifest.status);
  switch (movement.status) {
    case 'contracted':
      await movementCommand(shift, 'movement_officer', movement.id, 'give_clearance', { kind: 'security' });
      return;
    case 'cleared': {
      if (locked && !movement.over_capacity) {
        if (now >= departsAt - BOARD_BEFORE)
          await movementCommand(shift, 'movement_officer', movement.id, 'open_boarding');
        return;
      }
      const last = seatedAt.get(movement.id);
      const again =
        !last ||
        movement.over_capacity ||
        (now - last.operation >= SEAT_AGAIN && Date.now() - last.real >= SEAT_AGAIN_MS);
      if (now >= departsAt - SEAT_BEFORE && (now < departsAt - LOCK_BEFORE || people === 0) && again) {
        seatedAt.set(movement.id, { operation: now, real: Date.now() });
        await seat(shift, movement);
        return;
      }
      if (now < departsAt - LOCK_BEFORE) return;
      if (people > 0) await movementCommand(shift, 'movement_officer', movement.id, 'lock_manifest');
      else if (now >= departsAt - BOARD_BEFORE)
        await movementCommand(shift, 'movement_officer', movement.id, 'cancel_movement', {}, 'nobody_to_travel');
      return;
    }
    case 'boarding':
      await board(shift, movement, now >= departsAt);
      return;
    case 'arrived':
      await movementCommand(shift, 'movement_officer', movement.id, 'reconcile');
      return;
    default:
  }
}

/** Gives the seats, and sees to those who would be ready but for a check or a word that is out of date. */
async function seat(shift: Shift, movement: Movement): Promise<void> {
  const detail = await movementCommand(shift, 'movement_officer', movement.id, 'allocate_seats');
  if (!detail || (detail['refused'] ?? 0) === 0) return;
  const refusals = (await shift.clients.movement_officer.all(`/movements/${movement.id}/refusals`)) as Array<{
    household_id: string;
    reasons: Array<{ code: string }>;
  }>;
  await atOnce(refusals, HOUSEHOLDS_AT_ONCE, async ({ household_id: household, reasons }) => {
    const codes = reasons.map((reason) => reason.code);
    const old = codes.includes('consent_old');
    const check = codes.includes('fitness_expires') || codes.includes('not_fit');
    // where nothing else is missing: a word and a look bring the family aboard
    if ((!old && !check) || codes.some((code) => !['consent_old', 'fitness_expires', 'not_fit'].includes(code))) return;
    const { members } = (await shift.clients.protection_lead.get(`/households/${household}`)) as { members: Member[] };
    for (const member of members.filter(goesOn)) {
      const known = shift.directory.find(member.person_id);
      if (!known) continue;
      if (old) await command(shift, 'case_worker', member.person_id, 'reconfirm_consent', {});
      if (check) await examine(shift, known);
    }
  });
}

/** Everybody with a seat comes to the gate and boards. A person who may not board is refused with the whole household: none is divided. */
async function board(shift: Shift, movement: Movement, late: boolean): Promise<void> {
  const entries = await seatsOf(shift, movement);
  const reserved = entries.filter((entry) => entry.status === 'reserved');
  const atTheGate = entries.filter((entry) => entry.status === 'reserved' || entry.status === 'checked_in');
  if (reserved.length > 0) await scan(shift, movement, reserved, 'check_in');
  if (atTheGate.length > 0) {
    await scan(shift, movement, atTheGate, 'board');
    const after = await seatsOf(shift, movement);
    const refused = after.filter((entry) => entry.status === 'reserved' || entry.status === 'checked_in');
    if (refused.length > 0) {
      if (!late) return;
      await scan(shift, movement, refused, 'deny', 'gate_refused');
      const families = new Set(refused.map((entry) => entry.household_id));
      const aboard = after.filter((entry) => entry.status === 'boarded' && families.has(entry.household_id));
      if (aboard.length > 0) await scan(shift, movement, aboard, 'offload', 'family_together');
    }
  }
  await shift.notifyCrew(movement.reference);
}

async function seatsOf(shift: Shift, movement: Movement): Promise<Entry[]> {
  const manifest = (await shift.clients.movement_officer.get(`/movements/${movement.id}/manifest`)) as {
    entries: Entry[];
  };
  return manifest.entries;
}

async function scan(
  shift: Shift,
  movement: Movement,
  entries: readonly Entry[],
  kind: string,
  reasonCode?: string,
): Promise<void> {
  for (let from = 0; from < entries.length; from += SCANS_AT_ONCE) {
    const scans = entries.slice(from, from + SCANS_AT_ONCE).map((entry) => ({
      scan_id: `${movement.id}.${entry.person_id}.${kind}`,
      person_id: entry.person_id,
      kind,
      ...(reasonCode === undefined ? {} : { reason_code: reasonCode }),
    }));
    await tried(shift, `${kind} ${movement.reference}`, () =>
      shift.clients.movement_officer.post(`/movements/${movement.id}/scans`, { scans }),
    );
  }
}

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROLES, type Role } from '../../domain/actor.ts';
import type { OperationClock } from '../../domain/time.ts';
import { ApiProblem, Client, pause, type SignIn, tokens } from '../client.ts';
import { firstPeople, readScenario, type Scenario } from '../scenarioData.ts';
import { Directory } from '../staff/directory.ts';
import { plan } from '../staff/movementOfficer.ts';
import type { Shift } from '../staff/shift.ts';
import { workShift } from '../staff/staff.ts';
import { clockOf, type Pace, secondsTo } from './clock.ts';
import { clockStartOf } from './estimate.ts';
import { type End, outcomes } from './outcome.ts';
import { leftToVisitor, legsOf, needsOfLeg, serves } from './policy.ts';
import { Progress, progressFile } from './progress.ts';
import { type Check, counts, type LedgerRequest, reconcile } from './reconciliation.ts';
import { timetableOf } from './relief.ts';
import { stillBusy } from './rest.ts';
import { agreeAndActivate, openOperation, partnersOf, register, registerPartners } from './setUp.ts';
import { look } from './table.ts';

export type DrillOptions = {
  /** folder of the scenario */
  scenario: string;
  /** address of the API, without /v1 */
  api: string;
  issuer: { tokenEndpoint: string; users: ReadonlyArray<{ id: string } & SignIn> };
  /** address of the stand-in partners */
  partners: string;
  /** where progress and result are kept */
  dataDir: string;
  /** only the first so many people, in whole households */
  people?: number | undefined;
  pace?: Pace;
  /** receives lines for a person */
  say: (line: string) => void;
  stop?: AbortSignal;
};

const LOOK_EVERY_MS = 5_000;
/** How long a drill goes on beyond the end of its clock for those who are still on their way. */
const OVERTIME_MS = 600_000;

export type DrillResult = { operationId: string; ends: Map<string, End>; checks: Check[]; file: string };

/**
 * Runs a drill from the list to the last follow-up, everything through the public API with each role's own token. One that was
 * interrupted goes on where it stopped: staff look at tasks and remember nothing.
 * @throws when the list is refused, or `stop` is aborted.
 */
export async function runDrill(options: DrillOptions): Promise<DrillResult> {
  const { say } = options;
  const stop = options.stop ?? new AbortController().signal;
  const whole = readScenario(options.scenario);
  const scenario = options.people === undefined ? whole : firstPeople(whole, options.people);
  const start = clockStartOf(scenario);
  const timetable = timetableOf(scenario, start);
  const clock = clockOf(scenario, timetable, start, options.pace);
  const clients = clientsOf(options, stop);
  const progress = Progress.of(progressFile(options.dataDir, scenario.name), scenario.name, scenario.people.length);
  await takeUp(clients.coordinator, progress);

  const minutes = secondsTo(clock.segments, clock.endsAt) / 60;
  say(
    `Drill ${scenario.name}: ${scenario.people.length} people, ${scenario.movements.length} movements; about ${minutes.toFixed(0)} minutes to the last follow-up.`,
  );
  await registerPartners(clients, partnersOf(scenario), options.partners, progress);
  const operationId = await openOperation(clients, scenario, clock.segments, progress);
  await agreeAndActivate(clients, operationId, start, progress);
  const running = await clockAt(clients.coordinator, operationId);
  await openPartners(options, progress, operationId, running.segments);
  const partners = new Map(progress.partners.map((partner) => [partner.path, partner.partnerId]));
  for (const movement of scenario.movements) await plan({ clients, operationId, partners }, movement, progress.id);
  say(`${scenario.movements.length} movements are planned; their carriers are asked.`);
  const importId = await register(clients, operationId, scenario, progress, say, (ms) => pause(ms, stop));
  const directory = await Directory.of(clients.case_worker, importId, scenario);

  const shiftEnds = new AbortController();
  const shift: Shift = {
    clients,
    operationId,
    clock: running.clock,
    scenario,
    directory,
    relief: timetable.relief,
    partners,
    notifyCrew: (reference) => ready(options.partners, progress.id, reference),
    stop: AbortSignal.any([stop, shiftEnds.signal]),
    log: (message) => say(`  (staff) ${message}`),
    decided: { count: 0 },
  };
  const work = workShift(shift, progress.id);
  let worst: number | undefined;
  try {
    worst = await watch(shift, clients.coordinator, { start, endsAt: clock.endsAt, say, stop });
  } finally {
    shiftEnds.abort();
    await work;
  }
  stop.throwIfAborted();

  const ends = await outcomes(clients.protection_lead, operationId, directory, (ref) => needsOf(scenario, ref));
  const checks = await reconcile({
    client: clients.coordinator,
    operationId,
    scenario,
    ends,
    requests: await ledgerOf(options.partners, progress.id),
    decisions: decisionsLeft(scenario, ends),
    worstLatenessSeconds: worst,
    expectedDecisions: leftToVisitor(scenario).filter((ref) =>
      scenario.people.some((person) => person.householdRef === ref),
    ).length,
  });
  for (const check of checks) say(`${check.holds ? 'ok ' : 'NOT'}  ${check.what}: ${check.detail}`);
  const file = join(options.dataDir, `drill-${scenario.name}-ends.json`);
  mkdirSync(options.dataDir, { recursive: true });
  writeFileSync(
    file,
    `${JSON.stringify({ operation: operationId, counts: Object.fromEntries(counts(ends)), ends: Object.fromEntries(ends) }, null, 2)}\n`,
  );
  progress.set({ finished: true });
  return { operationId, ends, checks, file };
}

function clientsOf(options: DrillOptions, stop: AbortSignal): Record<Role, Client> {
  const made = ROLES.map((role): [Role, Client] => {
    const signIn = options.issuer.users.find((user) => user.id === role);
    if (!signIn) throw new Error(`There is no sign-in for a ${role}`);
    return [role, new Client(options.api, tokens(options.issuer.tokenEndpoint, signIn), stop)];
  });
  return Object.fromEntries(made) as Record<Role, Client>;
}

/**
 * A drill goes on once its people are registered. One that stopped before has a clock that ran on without them, and one
 * whose operation the system does not know lost its database: both begin again.
 */
async function takeUp(client: Client, progress: Progress): Promise<void> {
  if (progress.operationId === undefined) return;
  if (progress.importId === undefined) return progress.startOver();
  try {
    await client.get(`/operations/${progress.operationId}`);
  } catch (error) {
    if (!(error instanceof ApiProblem && error.status === 404)) throw error;
    progress.startOver();
  }
}

type ClockSegments = Array<{ from_operation_time: string; from_real_time: string; seconds_per_day: number }>;

async function clockAt(
  client: Client,
  operationId: string,
): Promise<{ segments: ClockSegments; clock: OperationClock }> {
  const { segments } = (await client.get(`/operations/${operationId}/clock`)) as { segments: ClockSegments };
  const clock = segments.map((segment) => ({
    fromOperationTime: Date.parse(segment.from_operation_time),
    fromRealTime: Date.parse(segment.from_real_time),
    secondsPerDay: segment.seconds_per_day,
  }));
  return { segments, clock };
}

async function openPartners(
  options: DrillOptions,
  progress: Progress,
  operation: string,
  clock: ClockSegments,
): Promise<void> {
  await partner(`${options.partners}/drills`, {
    id: progress.id,
    operation,
    scenario_dir: options.scenario,
    clock,
    partners: progress.partners.map((partner) => ({
      path: partner.path,
      kind: partner.kind,
      partner_id: partner.partnerId,
      secret: partner.secret,
      ...(partner.state === undefined ? {} : { state: partner.state }),
    })),
  });
}

async function ready(partners: string, drill: string, reference: string): Promise<void> {
  await partner(`${partners}/drills/${drill}/movements/${encodeURIComponent(reference)}/ready`, {});
}

async function partner(url: string, body: object): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
  if (!response.ok) throw new Error(`The stand-in partners answered ${response.status} to ${new URL(url).pathname}`);
}

async function ledgerOf(partners: string, drill: string): Promise<LedgerRequest[]> {
  const response = await fetch(`${partners}/ledger?drill=${drill}`, { signal: AbortSignal.timeout(10_000) });
  return ((await response.json()) as { data: LedgerRequest[] }).data;
}

/**
 * Prints the table until the clock has passed the end and everybody has come to rest: a machine that fell behind its clock
 * finishes late, not half. @returns the worst lateness seen, where the API tells it
 */
async function watch(
  shift: Shift,
  client: Client,
  of: { start: number; endsAt: number; say: (line: string) => void; stop: AbortSignal },
): Promise<number | undefined> {
  let worst: number | undefined;
  let restedAt: number | undefined;
  let overtime = 0;
  for (;;) {
    of.stop.throwIfAborted();
    try {
      const seen = await look(client, shift.operationId, shift.decided.count, of.start);
      worst = seen.worstLatenessSeconds ?? worst;
      for (const line of seen.lines) of.say(line);
      if (seen.at >= of.endsAt) {
        const busy = await stillBusy(shift);
        if (busy === 0 && restedAt === shift.decided.count) return worst;
        restedAt = busy === 0 ? shift.decided.count : undefined;
        overtime += LOOK_EVERY_MS;
        if (busy > 0) of.say(`         the year is over; ${busy} people are still on their way`);
        if (overtime > OVERTIME_MS) return worst;
      }
    } catch (error) {
      of.stop.throwIfAborted();
      of.say(`  (table) ${String(error)}`);
    }
    await pause(LOOK_EVERY_MS, of.stop);
  }
}

function needsOf(scenario: Scenario, personRef: string): { nationality: boolean; exitPermit: boolean } {
  const person = scenario.people.find((one) => one.personRef === personRef);
  const mates = scenario.people.filter((one) => one.householdRef === person?.householdRef);
  const head = (mates.find((one) => one.relationship === 'HEAD') ?? mates[0])?.nationality ?? '';
  const needs = legsOf(scenario.movements)
    .filter((leg) => scenario.movements.some((movement) => movement.stage === leg && serves(movement, head)))
    .map((leg) => needsOfLeg(leg, scenario.movements));
  return { nationality: needs.some((need) => need.nationality), exitPermit: needs.some((need) => need.exitPermit) };
}

/** One decision a household: what the visitor finds. */
function decisionsLeft(scenario: Scenario, ends: ReadonlyMap<string, End>): Array<{ household: string; what: string }> {
  const left = leftToVisitor(scenario);
  return left.flatMap((household) => {
    const reasons = scenario.people
      .filter((person) => person.householdRef === household)
      .map((person) => ends.get(person.personRef))
      .flatMap((end) => (end && 'for' in end && end.for !== 'household' ? [end.for] : []));
    return reasons[0] === undefined ? [] : [{ household, what: reasons[0] }];
  });
}

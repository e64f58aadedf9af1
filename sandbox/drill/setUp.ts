import { readFileSync } from 'node:fs';
import type { Role } from '../../domain/actor.ts';
import { PERSON_FIELDS } from '../../domain/requests/fields.ts';
import { REQUEST_KINDS, REQUESTS } from '../../domain/requests/index.ts';
import { DAY, type Instant, iso } from '../../domain/time.ts';
import type { Client } from '../client.ts';
import { listPath, type Scenario } from '../scenarioData.ts';
import type { Segment } from './clock.ts';
import { legsOf, needsOfLeg, servedBy } from './policy.ts';
import type { Progress } from './progress.ts';

export type Desks = { [R in Role]?: Client } & {
  coordinator: Client;
  operation_lead: Client;
  movement_officer: Client;
  case_worker: Client;
};

/** One stand-in partner of the drill, before it is a partner of the system. */
export type PlannedPartner = { path: string; kind: string; name: string; state?: string };

const AGENCY_EVENTS = ['movement.departed', 'movement.arrived', 'journey.arrived', 'journey.received'];

/** The partners that a scenario needs: a registry, a clinic, a border authority, an agency, and its States and carriers. */
export function partnersOf(scenario: Scenario): PlannedPartner[] {
  const states = new Set<string>();
  for (const person of scenario.people) {
    const answers = scenario.answers.get(person.personRef);
    for (const state of [answers?.asked_state, answers?.consulate.other_state?.state]) if (state) states.add(state);
  }
  const carriers = new Map(scenario.movements.map(({ carrier }) => [carrier.code, carrier.name]));
  return [
    { path: 'registry', kind: 'registry', name: 'Register of persons (stand-in)' },
    { path: 'clinic', kind: 'clinic', name: 'Health team (stand-in)' },
    { path: 'border', kind: 'border', name: 'Exit authority (stand-in)' },
    { path: 'agency', kind: 'agency', name: 'Receiving agency (stand-in)' },
    ...[...states].sort().map((state) => ({
      path: `consulates/${state}`,
      kind: 'consulate',
      name: `Consulate of ${state} (stand-in)`,
      state,
    })),
    ...[...carriers]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([code, name]) => ({ path: `carriers/${code}`, kind: 'carrier', name: `${name} (stand-in)` })),
  ];
}

/** Registers each partner as a partner; its secret is shown once, so it is kept with the drill's progress. */
export async function registerPartners(
  drills: Desks,
  partners: readonly PlannedPartner[],
  partnersUrl: string,
  progress: Progress,
): Promise<void> {
  for (const partner of partners) {
    if (progress.partners.some(({ path }) => path === partner.path)) continue;
    const made = (await drills.coordinator.post(
      '/partners',
      {
        kind: partner.kind,
        name: partner.name,
        ...(partner.state === undefined ? {} : { state: partner.state }),
        base_url: `${partnersUrl}/drills/${progress.id}/${partner.path}`,
      },
      `drill-${progress.id}-partner-${partner.path}`,
    )) as { id: string; secret: string };
    progress.add({ ...partner, partnerId: made.id, secret: made.secret });
  }
}

/** Opens the operation as a drill under its own clock, and activates it. */
export async function openOperation(
  drills: Desks,
  scenario: Scenario,
  segments: readonly Segment[],
  progress: Progress,
): Promise<string> {
  if (progress.operationId !== undefined) return progress.operationId;
  const legs = legsOf(scenario.movements);
  const kind = legs.includes('return') ? 'return' : 'evacuation';
  const made = (await drills.coordinator.post(
    '/operations',
    {
      kind,
      drill: true,
      name: `Drill ${scenario.name}`,
      country: scenario.movements[0]?.origin.country ?? 'XXX',
      starts_at: iso(scenario.startsAt),
      clock: segments.map((segment) => ({
        from_operation_time: iso(segment.fromOperationTime),
        seconds_per_day: segment.secondsPerDay,
      })),
      rules: {
        legs: legs.map((leg) => {
          const needs = needsOfLeg(leg, scenario.movements);
          return {
            code: leg,
            needs: { nationality: needs.nationality, document: needs.document, exit_permit: needs.exitPermit },
            for_households_of: servedBy(leg, scenario.movements),
          };
        }),
      },
      sites: [...new Set(scenario.people.map((person) => person.site))].map((name) => ({
        name,
        purpose: 'registration',
      })),
      partners: progress.partners.map((partner) => partner.partnerId),
    },
    `drill-${progress.id}-operation`,
  )) as { id: string };
  progress.set({ operationId: made.id });
  return made.id;
}

/** Who may be told what, in writing: without it nothing leaves the system. Then the operation is activated and runs. */
export async function agreeAndActivate(
  drills: Desks,
  operationId: string,
  validFrom: Instant,
  progress: Progress,
): Promise<void> {
  for (const partner of progress.partners) {
    await drills.operation_lead.post(
      `/partners/${partner.partnerId}/agreements`,
      {
        operation_id: operationId,
        purposes: REQUEST_KINDS.filter((kind) => REQUESTS[kind].to === partner.kind),
        fields: partner.kind === 'carrier' || partner.kind === 'agency' ? [] : PERSON_FIELDS,
        event_types: partner.kind === 'agency' ? AGENCY_EVENTS : [],
        reference: `DRILL/${partner.path}`,
        valid_from: iso(validFrom - DAY),
      },
      `drill-${progress.id}-agreement-${partner.path}`,
    );
  }
  await drills.operation_lead.post(
    `/operations/${operationId}/commands/activate`,
    {
      args: {
        government_request_ref: `DRILL/${progress.id}`,
        leads: { protection: 'protection_lead', health: 'health_officer', movement: 'movement_officer' },
      },
    },
    `drill-${progress.id}-activate`,
  );
}

/** Sends the careful list, waits for the dry run, commits it, and waits until everybody's journey is on its way. */
export async function register(
  drills: Desks,
  operationId: string,
  scenario: Scenario,
  progress: Progress,
  say: (what: string) => void,
  pause: (ms: number) => Promise<void>,
): Promise<string> {
  const list = listOf(scenario);
  const made = (await drills.case_worker.upload(
    `/operations/${operationId}/imports?file_name=registrations.csv&reference_date=${scenario.startsOn}`,
    list,
    'text/csv',
    `drill-${progress.id}-import`,
  )) as { id: string };
  progress.set({ importId: made.id });
  const state = await until(
    drills.case_worker,
    made.id,
    ['checked', 'refused', 'committing', 'starting', 'done'],
    pause,
  );
  if (state.status === 'refused') throw new Error(`The list was refused: ${JSON.stringify(state.refusal)}`);
  say(
    `The list is checked: ${JSON.stringify((state.counts as { verdicts?: unknown } | null)?.verdicts ?? state.counts)}`,
  );
  if (state.status === 'checked') {
    await drills.coordinator.post(`/imports/${made.id}/commands/commit`, {}, `drill-${progress.id}-commit`);
  }
  const taken = await until(drills.case_worker, made.id, ['starting', 'done', 'refused'], pause);
  if (taken.status === 'refused') throw new Error(`The list was not imported: ${JSON.stringify(taken.refusal)}`);
  say(`${taken.progress.done} people are registered.`);
  return made.id;
}

type ImportState = {
  status: string;
  refusal: unknown;
  counts: unknown;
  progress: { done: number; total: number | null; failed: number };
};

async function until(
  client: Client,
  importId: string,
  statuses: readonly string[],
  pause: (ms: number) => Promise<void>,
): Promise<ImportState> {
  for (;;) {
    const state = (await client.get(`/imports/${importId}`)) as ImportState;
    if (statuses.includes(state.status)) return state;
    await pause(300);
  }
}

/** The scenario's own list, or its first households where fewer people are wanted. */
function listOf(scenario: Scenario): Buffer {
  const bytes = readFileSync(listPath(scenario.dir));
  const wanted = new Set(scenario.people.map((person) => person.row));
  const lines = bytes.toString('utf8').split('\n');
  if (lines.filter((line) => line !== '').length - 1 === wanted.size) return bytes;
  // a careful list has no line breaks in its cells
  return Buffer.from(
    lines
      .filter((line, i) => line !== '' && (i === 0 || wanted.has(i)))
      .map((line) => `${line}\n`)
      .join(''),
    'utf8',
  );
}

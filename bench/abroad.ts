/**
 * People whose reference journeys have not begun: registered over HTTP in an operation whose partners answer at once, their
 * orders to start settled, so that the bench starts each journey itself, with the input that registration made.
 */

import { randomUUID } from 'node:crypto';
import { DEADLINE_NAMES } from '../api/casing.ts';
import { derivedId } from '../application/ids.ts';
import { PERSON_FIELDS } from '../domain/requests/fields.ts';
import { DAY, iso } from '../domain/time.ts';
import type { JourneyInput } from '../workflows/messages.ts';
import { closedLoop } from './load.ts';
import { openOperation } from './operation.ts';
import { madeUp } from './people.ts';
import type { BenchSystem } from './system.ts';

/** A day of the operation takes so long in real time: a month of follow-ups is three seconds. */
export const SECONDS_PER_DAY = 0.1;
/** No deadline is reached: how a system is when nothing is late. */
const NEVER = 'P7300D';

const STAND_INS = [
  { kind: 'registry', purposes: ['registry'] },
  { kind: 'consulate', state: 'VUT', purposes: ['verification', 'document'] },
  { kind: 'clinic', purposes: ['fitness'] },
  { kind: 'border', purposes: ['exit_permit'] },
] as const;
type StandInKind = (typeof STAND_INS)[number]['kind'];

/** An operation of returns, with its partners by kind. */
export type Abroad = { operationId: string; partners: Record<StandInKind, string> };

export async function openAbroad(system: BenchSystem, partnerUrl: string): Promise<Abroad> {
  const coordinator = system.as('coordinator');
  const partners: Partial<Record<StandInKind, string>> = {};
  for (const { kind, purposes: _, ...partner } of STAND_INS) {
    const { id } = (await coordinator.post('/partners', {
      kind,
      name: `Instant ${kind}`,
      ...partner,
      base_url: `${partnerUrl}/${kind}`,
    })) as { id: string };
    partners[kind] = id;
  }
  const now = Date.now();
  const operationId = await openOperation(coordinator, {
    kind: 'return',
    drill: true,
    starts_at: iso(now),
    clock: [{ from_operation_time: iso(now), seconds_per_day: SECONDS_PER_DAY }],
    rules: {
      deadlines: Object.fromEntries(
        DEADLINE_NAMES.outside.map((deadline) => [deadline, { due: NEVER, escalate: null }]),
      ),
      follow_up_months: [1, 2, 3, 4],
      consent_max_age: NEVER,
    },
    partners: Object.values(partners),
  });
  for (const { kind, purposes } of STAND_INS) {
    await system.as('operation_lead').post(`/partners/${partners[kind]}/agreements`, {
      operation_id: operationId,
      purposes,
      fields: PERSON_FIELDS,
      event_types: [],
      reference: `BENCH/${kind}`,
      valid_from: iso(now - DAY),
    });
  }
  return { operationId, partners: partners as Record<StandInKind, string> };
}

/** Orders to start journeys are settled as they are written: from here on the bench starts them, or nobody does. */
export async function holdStarts({ pool }: BenchSystem): Promise<void> {
  await pool.query(`
    create function bench_hold_start() returns trigger language plpgsql as $$
    begin new.started_at := now(); return new; end $$;
    create trigger bench_hold_start before insert on pending_starts
      for each row when (new.workflow = 'journey') execute function bench_hold_start()`);
}

/** @returns the inputs of their journeys. Starts must be held */
export async function registerAbroad(
  system: BenchSystem,
  { operationId }: Abroad,
  count: number,
): Promise<JourneyInput[]> {
  const caseWorker = system.as('case_worker');
  const marker = randomUUID().slice(0, 8);
  await closedLoop(
    Array.from({ length: count }, (_, number) => number),
    16,
    async (number) => {
      await caseWorker.post(`/operations/${operationId}/households`, {
        household_ref: `${marker}-${number}`,
        members: [{ ...madeUp(number), person_ref: `${marker}-${number}` }],
      });
    },
  );
  const { rows } = await system.pool.query<{ input: JourneyInput }>(
    `select s.input from pending_starts s join journeys j on s.workflow_id = 'journey:' || j.id
      join households h on h.id = j.household_id where j.operation_id = $1 and h.reference like $2 || '-%'`,
    [operationId, marker],
  );
  if (rows.length !== count) throw new Error(`${rows.length} of ${count} people were registered`);
  return rows.map(({ input }) => input);
}

/** The id of the request that a journey puts to a partner in its first round. */
export function requestId(
  { partners }: Abroad,
  journeyId: string,
  kind: 'verification' | 'document' | 'fitness' | 'exit_permit',
): string {
  const partner = kind === 'fitness' ? partners.clinic : kind === 'exit_permit' ? partners.border : partners.consulate;
  return derivedId('request', journeyId, kind, partner, 1);
}

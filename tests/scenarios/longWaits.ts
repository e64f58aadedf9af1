import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { DAY, iso, MINUTE } from '../../domain/time.ts';
import { eventually } from '../support/eventually.ts';
import { type Registered, register, runOperation } from '../support/faultOperation.ts';
import { type AnsweredOperation, answeredOperation } from '../support/faultPartners.ts';
import type { FaultSystem } from '../support/faultSystem.ts';
import { type Link, openLink } from '../support/link.ts';
import { openSink, type Sink } from './sink.ts';

/** More than 2^31 milliseconds: what a timer of JavaScript cannot wait. */
export const LONGEST_TIMER = 2 ** 31 - 1;
const DAY_OF_REAL_TIME = DAY / 1_000;

export type Waiting = { of: string; what: string; since: string; remindAt: string | null; due: string | null };

/** Everything that would be otherwise if a wait had ended. */
export type Sight = {
  waiting: Waiting[];
  events: number;
  tasks: number;
  alarms: number;
  asked: number;
  endpoint: string;
};

/** Four waits of more than 24.8 days, in operations whose clock is that of the wall. */
export type LongWaits = {
  see(): Promise<Sight>;
  /** how often the partner that never answers has been sent something */
  deliveries(): number;
  close(): Promise<void>;
};

/**
 * A consulate that is silent (30 days), a person who thinks about consent (40 days), one who is home and is
 * visited after six months, and a partner that answers nothing, whose endpoint is disabled after five days.
 */
export async function longWaits(system: FaultSystem): Promise<LongWaits> {
  const returns = await answeredOperation(system, {
    secondsPerDay: DAY_OF_REAL_TIME,
    rules: { deadlines: { verification_acknowledgement: { due: 'P30D' } } },
  });
  const { sink, line } = await deafPartner(system, returns.operationId);
  const { operationId } = await runOperation(system, {
    rules: { deadlines: { consent_decision: { due: 'P40D' } }, follow_up_months: [6] },
  });
  const lately = { registered_at: iso(Date.now() - MINUTE).replace(/\.\d+/, '') };
  const [asked, thinking, home] = await Promise.all([
    register(system, returns.operationId, 'ASKED', { ...lately, nationality: 'FJI' }),
    register(system, operationId, 'THINKING', { ...lately, consent: 'pending' }),
    register(system, operationId, 'HOME', lately),
  ]);
  const people = { asked, thinking, home };
  for (const [name, person] of Object.entries(people)) {
    await decide(system, person, 'case_worker', 'confirm_identity', {}, name);
    await decide(system, person, 'case_worker', 'complete_screening', { risk: 'none' }, name);
  }
  await bringHome(system, operationId, home);
  return {
    see: () => see(system, returns, [returns.operationId, operationId], people, sink),
    deliveries: () => sink.bodies.length,
    async close() {
      await sink.close();
      await line.close();
      await returns.close();
    },
  };
}

async function deafPartner(system: FaultSystem, operationId: string): Promise<{ sink: Sink; line: Link }> {
  let line: Link | undefined;
  const sink = await openSink(system.as('coordinator'), operationId, {
    validFrom: '2000-01-01T00:00:00Z',
    reachedAt: async (port) => {
      line = await openLink({ port });
      line.loseAnswerTo(() => 'reset');
      return line.port;
    },
  });
  if (!line) throw new Error('Nobody asked where the partner is reached');
  return { sink, line };
}

async function decide(
  system: FaultSystem,
  { personId }: Registered,
  role: string,
  name: string,
  args: object,
  key: string,
): Promise<void> {
  await system
    .as(role)
    .post(
      `/people/${personId}/commands/${name.replaceAll('_', '-')}`,
      { args, reason_code: 'long_waits' },
      `${key}-${name}`,
    );
}

/** The whole way, by the hands of staff: seat, gate, departure, arrival, reception and a plan. */
async function bringHome(system: FaultSystem, operationId: string, person: Registered): Promise<void> {
  const officer = system.as('movement_officer');
  const fit = { result: 'fit', conditions: [], until: iso(Date.now() + 3 * DAY) };
  await decide(system, person, 'health_officer', 'record_fitness', fit, 'home');
  const at = (minutes: number): string => iso(Date.now() + minutes * MINUTE);
  const { id } = (await officer.post(`/operations/${operationId}/movements`, {
    reference: 'LONG-1',
    leg: 'evacuation',
    mode: 'ship',
    origin: { code: 'AMB', name: 'Ambae', country: 'VUT' },
    destination: { code: 'SAN', name: 'Santo', country: 'VUT' },
    stops: [{ from: 'AMB', to: 'SAN', departs_at: at(60), arrives_at: at(120) }],
    seats: { seat: 10 },
  })) as { id: string };
  const step = (name: string, args: object = {}) =>
    officer.post(
      `/movements/${id}/commands/${name.replaceAll('_', '-')}`,
      { args, reason_code: 'long_waits' },
      `${id}-${name}`,
    );
  await step('give_clearance', { kind: 'carrier' });
  const stands = (status: string) =>
    eventually(`the person is ${status}`, async () => {
      const found = (await system.as('case_worker').get(`/people/${person.personId}`)) as { status: string };
      return found.status === status || found.status;
    });
  await stands('travel_ready');
  await step('allocate_seats');
  await step('lock_manifest');
  await step('open_boarding');
  const scans = (['check_in', 'board'] as const).map((kind) => ({ scan_id: kind, person_id: person.personId, kind }));
  await officer.post(`/movements/${id}/scans`, { scans }, `${id}-scans`);
  await step('record_departure');
  await step('record_arrival', { stop: 'SAN' });
  await stands('arrived');
  await decide(system, person, 'case_worker', 'receive', {}, 'home');
  await decide(system, person, 'case_worker', 'plan_reintegration', { dimensions: ['social'] }, 'home');
  await step('reconcile');
}

async function see(
  system: FaultSystem,
  returns: AnsweredOperation,
  operations: readonly string[],
  people: Record<string, Registered>,
  sink: Sink,
): Promise<Sight> {
  const supervisor = system.as('duty_supervisor');
  const waiting: Waiting[] = [];
  let events = 0;
  for (const [of, { personId }] of Object.entries(people)) {
    const now = (await supervisor.get(`/people/${personId}/now`)) as {
      waiting: Array<{ what: string; since: string; remind_at: string | null; due: string | null }>;
    };
    const { phases } = (await supervisor.get(`/people/${personId}/history`)) as {
      phases: Array<{ entries: unknown[] }>;
    };
    events += phases.reduce((sum, { entries }) => sum + entries.length, 0);
    for (const { what, since, remind_at: remindAt, due } of now.waiting)
      waiting.push({ of, what, since, remindAt, due });
  }
  const tasks = await Promise.all(operations.map((id) => supervisor.all(`/operations/${id}/tasks`)));
  const { rows } = await system.db.query<{ status: string }>('select status from endpoints where id = $1', [
    sink.endpoint,
  ]);
  return {
    waiting,
    events,
    tasks: tasks.flat().length,
    alarms: (await supervisor.all('/alarms')).length,
    asked: (await returns.ledger()).length,
    endpoint: rows[0]?.status ?? 'gone',
  };
}

/** Polls until two readings, two seconds apart, are equal. */
export async function atRest(waits: LongWaits): Promise<Sight> {
  let last = '';
  let sight: Sight | undefined;
  await eventually('everything is at rest', async () => {
    sight = await waits.see();
    const text = JSON.stringify(sight);
    const same = text === last;
    last = text;
    if (!same) await pause(2_000);
    return same || sight;
  });
  if (!sight) throw new Error('Nothing was seen');
  return sight;
}

/** Ends everything and starts it again, the engine's store and the database's files kept. */
export async function restartEverything(system: FaultSystem): Promise<void> {
  const [worker] = system.workers;
  if (!worker || !system.postgres) throw new Error('This trial needs a worker and a database of its own');
  await Promise.all([worker.stop(), system.api.stop()]);
  await Promise.all([system.temporal.stop(), system.postgres.stop()]);
  await Promise.all([system.temporal.start(), system.postgres.start()]);
  await Promise.all([worker.start(), system.api.start()]);
}

/** Lines of any log that say that a timer was longer than it can be. */
export function overflowsIn(folder: string): string[] {
  return readdirSync(join(folder, 'logs')).flatMap((file) =>
    readFileSync(join(folder, 'logs', file), 'utf8')
      .split('\n')
      .filter((line) => /TimeoutOverflow|does not fit into a 32-bit/i.test(line))
      .map((line) => `${file}: ${line}`),
  );
}

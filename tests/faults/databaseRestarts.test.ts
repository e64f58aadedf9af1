import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSink, outOfOrder, type Sink } from '../scenarios/sink.ts';
import { eventually } from '../support/eventually.ts';
import { runOperation, someone } from '../support/faultOperation.ts';
import { inForm, reportFault, SEED, seeded } from '../support/faultRun.ts';
import { type FaultSystem, openFaultSystem, type Tried } from '../support/faultSystem.ts';
import { letLeasesEnd } from '../support/leases.ts';

/** Times that PostgreSQL goes away, and how long it is left in peace in between. */
const ROUNDS = inForm(5, 10);
const PEACE_MS = inForm(2_000, 5_000);
const DOWN_MS = inForm(3_000, 60_000);
/** Time for every journey of the people registered meanwhile to begin: two cores start and begin some fifteen a second. */
const DRAINED_WITHIN_MS = inForm(60_000, 400_000);
const TAKES_AT_MOST_MS = inForm(240_000, 700_000);
const EVERY_MS = 200;

let system: FaultSystem;
let operationId: string;
let sink: Sink;

beforeAll(async () => {
  system = await openFaultSystem({ ownPostgres: true });
  await system.workers[0]?.start();
  ({ operationId } = await runOperation(system, {}));
  sink = await openSink(system.as('coordinator'), operationId, { validFrom: '2000-01-01T00:00:00Z' });
});
afterAll(async () => {
  await sink?.close();
  await system?.close();
});

/** What callers sent and what they were told: kept here, outside the system. */
const sent = new Map<string, Tried['body'] | undefined>();
const untoward: string[] = [];
let turnedAway = 0;

const bodyOf = (reference: string) => ({
  household_ref: `H-${reference}`,
  members: [someone(`${reference}-1`), someone(`${reference}-2`, { relationship_to_head: 'SPOUSE', sex: 'M' })],
});
const send = (reference: string): Promise<Tried> =>
  system.once('case_worker', 'POST', `/v1/operations/${operationId}/households`, bodyOf(reference), `key-${reference}`);

/** Asks once and writes down what came of it. */
async function ask(reference: string): Promise<void> {
  const before = sent.get(reference);
  const answer = await send(reference);
  if (answer.status === 201) {
    if (before !== undefined) expect(answer.body).toEqual(before);
    sent.set(reference, answer.body);
    return;
  }
  sent.set(reference, before);
  turnedAway += 1;
  const waits = answer.headers.has('retry-after');
  const fits = (answer.status === 503 || answer.body['code'] === 'idempotency_key_running') && waits;
  if (!fits) untoward.push(`${reference}: ${answer.status} ${String(answer.body['code'])}`);
}

/** Asks for all of them, a few at once. */
async function sendAll(references: readonly string[]): Promise<void> {
  const queue = references.values();
  const lane = async (): Promise<void> => {
    for (const reference of queue) await ask(reference);
  };
  await Promise.all(Array.from({ length: 6 }, lane));
}

/** Callers who do not wait for each other, until told to stop. */
function callers(name: string): { stop(): Promise<void> } {
  const underWay = new Set<Promise<void>>();
  let serial = 0;
  const timer = setInterval(() => {
    serial += 1;
    const call: Promise<void> = ask(`${name}-${serial}`).finally(() => underWay.delete(call));
    underWay.add(call);
  }, EVERY_MS);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(underWay);
    },
  };
}

const FAULTS = ['restarted', 'killed', 'disconnected', 'unreachable', 'slow'] as const;

async function goAway(how: (typeof FAULTS)[number], downMs: number): Promise<void> {
  const { postgres, links } = system;
  if (!postgres) throw new Error('This system has a database of its own');
  const lines = [links.apiToDatabase, links.workerToDatabase];
  if (how === 'disconnected') {
    for (const line of lines) line.reset();
    return;
  }
  if (how === 'unreachable' || how === 'slow') {
    for (const line of lines) {
      if (how === 'slow') line.latencyMs = 50;
      else line.set('hole');
    }
    await pause(2 * downMs);
    for (const line of lines) {
      line.latencyMs = 0;
      line.set('pass');
    }
    return;
  }
  await (how === 'killed' ? postgres.kill() : postgres.stop());
  await pause(downMs);
  await postgres.start();
}

describe(`F5: PostgreSQL goes away under load, seed ${SEED}`, () => {
  test(
    'restarted, killed and cut off again and again: callers are answered 503',
    async (context) => {
      const random = seeded(SEED);
      const first = Math.floor(random() * FAULTS.length);
      const load = callers('round');
      const done: string[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        await pause(PEACE_MS);
        const how = FAULTS[(first + round) % FAULTS.length] ?? 'killed';
        await goAway(how, Math.round(random() * 1_000));
        done.push(how);
      }
      await pause(PEACE_MS);
      await load.stop();
      expect(untoward).toEqual([]);
      reportFault(context, {
        fault: 'F5',
        rounds: ROUNDS,
        counted: `${sent.size} requests, ${turnedAway} answered 503, 0 anything else (${done.join(', ')})`,
      });
    },
    TAKES_AT_MOST_MS,
  );

  test(
    'down for longer: every answer is a 503 that says when to come back, and health says why',
    async (context) => {
      const before = turnedAway;
      await system.postgres?.kill();
      // Sessions of a killed server live on until they notice.
      await eventually('nobody answers', async () => (await fetch(`${system.apiUrl}/readyz`)).status === 503);
      const load = callers('down');
      const until = Date.now() + DOWN_MS;
      let looked = 0;
      while (Date.now() < until) {
        const [read, ready, live] = await Promise.all([
          system.once('coordinator', 'GET', `/v1/operations/${operationId}`),
          fetch(`${system.apiUrl}/readyz`),
          fetch(`${system.apiUrl}/livez`),
        ]);
        expect(read.status).toBe(503);
        expect(Number(read.headers.get('retry-after'))).toBeGreaterThan(0);
        expect(ready.status).toBe(503);
        expect(await ready.json()).toMatchObject({ database: false, temporal: true });
        expect(live.status).toBe(200);
        looked += 1;
        await pause(500);
      }
      await load.stop();
      await system.postgres?.start();
      expect(untoward).toEqual([]);
      expect(turnedAway).toBeGreaterThan(before);
      reportFault(context, {
        fault: 'F5',
        rounds: 1,
        counted: `${DOWN_MS / 1_000} s down: ${turnedAway - before} writes and ${looked} reads answered 503`,
      });
    },
    TAKES_AT_MOST_MS,
  );

  test(
    'then everybody comes back with the same key, and everything stands once and whole',
    async (context) => {
      await eventually('readiness', async () => (await fetch(`${system.apiUrl}/readyz`)).status === 200);
      await letLeasesEnd(system.db);
      const wasAccepted = [...sent].filter(([, body]) => body !== undefined).length;
      const missing = () => [...sent].filter(([, body]) => body === undefined).map(([reference]) => reference);
      for (let look = 0; look < 150 && missing().length > 0; look += 1) {
        await sendAll(missing());
        if (missing().length > 0) await pause(500);
      }
      expect(missing()).toEqual([]);
      await sendAll([...sent.keys()]);
      // One more event wakes the feed, which finds what else is due.
      await ask('last');
      expect(untoward).toEqual([]);

      const people = [...sent.values()].flatMap((body) => body?.['people'] as Array<{ journey_id: string }>);
      const { rows } = await system.db.query<Record<string, number>>(
        `select count(*)::integer as households, count(distinct reference)::integer as references,
              (select count(*)::integer from journeys) as journeys,
              (select count(*)::integer from journeys j join persons p on p.id = j.person_id
                 join person_keys k on k.person_id = p.id join pending_starts s on s.workflow_id = 'journey:' || j.id) as whole
         from households`,
      );
      expect(rows[0]).toEqual({
        households: sent.size,
        references: sent.size,
        journeys: people.length,
        whole: people.length,
      });

      const begun = async (): Promise<number> => {
        const found = await system.db.query<{ n: number }>(
          `select count(*)::integer as n from event_log where type = 'journeyStarted' and seq = 1`,
        );
        return found.rows[0]?.n ?? 0;
      };
      await eventually(
        'every journey has begun',
        async () => (await begun()) === people.length || [await begun(), people.length],
        DRAINED_WITHIN_MS,
      );
      const gaps = await system.db.query(
        'select subject from event_log group by subject having max(seq) <> count(*) or min(seq) <> 1',
      );
      expect(gaps.rows).toEqual([]);
      expect((await system.db.query('select kind from alarms')).rows).toEqual([]);
      expect(
        (await system.engine.workflow.count("ExecutionStatus != 'Running' and WorkflowType = 'journey'")).count,
      ).toBe(0);

      const delivered = () =>
        sink.events.filter(({ type }) => type === 'journey.registered').map(({ subject }) => subject);
      await eventually(
        'the sink has seen',
        async () => delivered().length >= people.length || [delivered().length, people.length],
        120_000,
      );
      expect(delivered().toSorted()).toEqual(people.map(({ journey_id }) => journey_id).toSorted());
      expect(sink.unverified).toBe(0);
      expect(outOfOrder(sink.events)).toEqual([]);
      reportFault(context, {
        fault: 'F5',
        rounds: 1,
        counted: `${sent.size} households accepted (${wasAccepted} at once), 0 lost, 0 twice; the sink got ${delivered().length} people once each`,
      });
    },
    TAKES_AT_MOST_MS,
  );
});

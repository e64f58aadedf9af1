import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { filesUnder, seenIn } from '../scenarios/canaries.ts';
import { openSink, outOfOrder, type Sink } from '../scenarios/sink.ts';
import { eventually } from '../support/eventually.ts';
import { type Registered, register } from '../support/faultOperation.ts';
import { type AnsweredOperation, answeredOperation } from '../support/faultPartners.ts';
import { inForm, reportFault, SEED, seeded } from '../support/faultRun.ts';
import { type FaultSystem, openFaultSystem } from '../support/faultSystem.ts';
import { letLeasesEnd } from '../support/leases.ts';

const PEOPLE = inForm(10, 60);
const KILLS = inForm(4, 40);
const WORKERS = inForm(2, 3);
const TAKES_AT_MOST_MS = 900_000;

/** Of everybody in this test (`someone`): to be found nowhere but in PostgreSQL and in the partners. */
const CANARIES = ['Canaria', 'Zzyzx', '1990-04-12'];

let system: FaultSystem;
let operation: AnsweredOperation;
let sink: Sink;

beforeAll(async () => {
  system = await openFaultSystem({ workers: WORKERS });
  await Promise.all(system.workers.map((worker) => worker.start()));
  operation = await answeredOperation(system, { secondsPerDay: 20 });
  sink = await openSink(system.as('coordinator'), operation.operationId, { validFrom: '2000-01-01T00:00:00Z' });
});
afterAll(async () => {
  await sink?.close();
  await operation?.close();
  await system?.close();
});

/** Takes them in and has each screened, as fast as the system answers while its workers die. */
async function registerEverybody(): Promise<Registered[]> {
  const taken: Registered[] = [];
  for (let serial = 0; serial < PEOPLE; serial += 1) {
    const person = await register(system, operation.operationId, `K-${serial}`);
    await system
      .as('case_worker')
      .post(`/people/${person.personId}/commands/complete-screening`, { args: { risk: 'none' } }, `screen-${serial}`);
    taken.push(person);
  }
  return taken;
}

/** kill -9 of one worker after the other, whichever the seed says; each is started again before the next one dies. */
async function killAgainAndAgain(random: () => number): Promise<void> {
  for (let kill = 0; kill < KILLS; kill += 1) {
    await pause(200 + random() * 1_500);
    const worker = system.workers[Math.floor(random() * WORKERS)];
    await worker?.kill();
    await worker?.start();
  }
}

describe(`F2: workers are killed one after the other, seed ${SEED}`, () => {
  test(
    'no journey fails, every partner is asked once, and everybody gets to where they were going',
    async (context) => {
      const [people] = await Promise.all([registerEverybody(), killAgainAndAgain(seeded(SEED))]);
      const counts = async (): Promise<Record<string, number>> => {
        const { statuses } = (await system
          .as('duty_supervisor')
          .get(`/operations/${operation.operationId}/situation`)) as {
          statuses: Array<{ status: string; people: number }>;
        };
        return Object.fromEntries(statuses.filter((one) => one.people > 0).map((one) => [one.status, one.people]));
      };
      await eventually(
        'everybody is ready to travel',
        async () => {
          const found = await counts();
          return found['travel_ready'] === PEOPLE || found;
        },
        300_000,
      );
      expect(await counts()).toEqual({ travel_ready: PEOPLE });

      const unhappy = await system.engine.workflow.count(
        "ExecutionStatus = 'Failed' or ExecutionStatus = 'TimedOut' or ExecutionStatus = 'Terminated'",
      );
      expect(unhappy.count).toBe(0);
      expect((await system.db.query('select subject, kind, detail from alarms')).rows).toEqual([]);
      const twisted = await system.db.query(
        'select subject from event_log group by subject having max(seq) <> count(*) or min(seq) <> 1',
      );
      expect(twisted.rows).toEqual([]);

      const ledger = await operation.ledger();
      const asked = new Map<string, number>();
      for (const { person_ref: person, kind } of ledger.filter(({ kind }) => kind !== 'fitness'))
        asked.set(`${person} ${kind}`, (asked.get(`${person} ${kind}`) ?? 0) + 1);
      const once = ['registry', 'verification', 'document', 'exit_permit'];
      expect(Object.fromEntries(asked)).toEqual(
        Object.fromEntries(people.flatMap(({ reference }) => once.map((kind) => [`${reference} ${kind}`, 1]))),
      );
      const { rows } = await system.db.query<{ type: string; n: number }>(
        `select type, count(*)::integer as n from event_log where type in ('journeyStarted', 'identityConfirmed', 'screened',
           'verificationRequested', 'nationalityConfirmed', 'documentIssued', 'exitPermitGranted') group by type`,
      );
      for (const { type, n } of rows) expect({ type, n }).toEqual({ type, n: PEOPLE });
      expect(rows).toHaveLength(7);

      await letLeasesEnd(system.db);
      // One more event wakes the feed, which finds what else is due.
      await register(system, operation.operationId, 'last');
      const notified = (): string[] =>
        sink.events.filter(({ type }) => type === 'journey.registered').map(({ subject }) => subject);
      await eventually(
        'the sink has seen of everybody',
        async () => notified().length === PEOPLE + 1 || notified().length,
        90_000,
      );
      expect(new Set(notified()).size).toBe(PEOPLE + 1);
      expect(sink.unverified).toBe(0);
      expect(outOfOrder(sink.events)).toEqual([]);

      // Whoever died in the middle of something left nothing about anybody behind.
      const places = ['temporal', 'logs'].flatMap((name) => filesUnder(join(system.folder, name)));
      expect(places.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeGreaterThan(100_000);
      expect(places.filter(({ bytes }) => seenIn(bytes, CANARIES).length > 0).map(({ name }) => name)).toEqual([]);
      reportFault(context, {
        fault: 'F2',
        rounds: KILLS,
        counted: `${KILLS} workers killed: ${PEOPLE} of ${PEOPLE} people ready, ${asked.size} requests in the partners' books once each, ${ledger.length - asked.size} health checks and renewals; ${sink.bodies.length} deliveries of ${sink.events.length} events`,
      });
    },
    TAKES_AT_MOST_MS,
  );
});

import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DAY, HOUR } from '../../domain/time.ts';
import { type FaultHouse, openFaultHouse } from '../support/faultHouse.ts';
import { runOperation, someone, type TakenIn, takeIn, takenIn } from '../support/faultOperation.ts';
import { inForm, SEED, tell } from '../support/faultRun.ts';
import { comes } from '../support/patience.ts';

/** A reminder at half, a task at the whole, the lead at twice of this: the reminder and the task fall into the absence. */
const SECONDS_PER_DAY = inForm(6, 40);
const AWAY_MS = inForm(7_000, 120_000);
const PEOPLE = inForm(6, 40);
const TAKES_AT_MOST_MS = 300_000;

let house: FaultHouse;
let operationId: string;

beforeAll(async () => {
  house = await openFaultHouse();
  await house.workers[0]?.start();
  ({ operationId } = await runOperation(house, {
    secondsPerDay: SECONDS_PER_DAY,
    rules: { deadlines: { screening: { due: DAY, remind: 12 * HOUR, escalate: 2 * DAY } } },
  }));
});
afterAll(() => house?.close());

const screen = (person: TakenIn, key: string) =>
  house.once(
    'case_worker',
    'POST',
    `/v1/people/${person.personId}/commands/completeScreening`,
    { args: { risk: 'none' } },
    key,
  );

const metric = async (name: string): Promise<number> => {
  const text = await (await fetch(`${house.apiUrl}/metrics`)).text();
  return Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]);
};
const readiness = async () => {
  const response = await fetch(`${house.apiUrl}/readyz`);
  return { ...((await response.json()) as { database: boolean; temporal: boolean }), status: response.status };
};

/** How often each fact stands in the person's history, as a supervisor reads it. */
async function factsOf(person: TakenIn): Promise<Record<string, number>> {
  const { chapters } = (await house.as('duty_supervisor').get(`/people/${person.personId}/history`)) as {
    chapters: Array<{ entries: Array<{ fact: string }> }>;
  };
  const counts: Record<string, number> = {};
  for (const { fact } of chapters.flatMap(({ entries }) => entries)) counts[fact] = (counts[fact] ?? 0) + 1;
  return counts;
}

/** Rows of the journal: the rungs of the ladder that this person's screening has climbed, each as often as it stands. */
async function rungsOf(person: TakenIn): Promise<string[]> {
  const { rows } = await house.db.query<{ type: string }>(
    `select type from journal where subject = $1 and type like 'wait%' and data ->> 'key' = 'screening' order by seq`,
    [person.journeyId],
  );
  return rows.map(({ type }) => type);
}

const tasksFor = async (person: TakenIn): Promise<string[]> => {
  const tasks = (await house.as('duty_supervisor').all(`/operations/${operationId}/tasks`)) as Array<{
    subject: string;
    role: string;
    kind: string;
  }>;
  return tasks
    .filter(({ subject, kind }) => subject === person.journeyId && kind === 'screening')
    .map(({ role }) => role)
    .toSorted();
};

const absences = [
  { how: 'killed and down', leave: () => house.temporal.kill(), comeBack: () => house.temporal.start() },
  {
    how: 'frozen',
    leave: async () => house.temporal.freeze(),
    comeBack: async () => house.temporal.thaw(),
  },
];

describe(`F6: Temporal is away, seed ${SEED}`, () => {
  for (const { how, leave, comeBack } of absences) {
    test(
      `${how}: people are taken in all the same, decisions are put off, and timers due meanwhile fire once`,
      async (context) => {
        const waiting = await takeIn(house, operationId, `waiting-${how.slice(0, 3)}`);
        const decided = await takeIn(house, operationId, `decided-${how.slice(0, 3)}`);
        await comes(
          'both journeys wait for screening',
          async () => (await tasksFor(waiting)).length + (await tasksFor(decided)).length === 2,
        );
        const leftAt = Date.now();
        await leave();

        const accepted: TakenIn[] = [];
        for (let serial = 0; serial < PEOPLE; serial += 1) {
          const reference = `${how.slice(0, 3)}-${serial}`;
          const answer = await house.once(
            'case_worker',
            'POST',
            `/v1/operations/${operationId}/households`,
            { household_ref: `H-${reference}`, members: [someone(reference)] },
            `household-${reference}`,
          );
          expect(answer.status, JSON.stringify(answer.body)).toBe(201);
          accepted.push(...takenIn(answer.body, [reference]));
        }
        expect(await readiness()).toMatchObject({ status: 200, database: true, temporal: false });
        expect(await metric('starts_waiting')).toBeGreaterThanOrEqual(PEOPLE);
        expect(await metric('oldest_start_waiting_seconds')).toBeGreaterThan(0);
        const key = `screen-${how}`.replaceAll(' ', '-');
        const put = await screen(decided, key);
        expect(put.status, JSON.stringify(put.body)).toBe(503);
        expect(Number(put.headers.get('retry-after'))).toBeGreaterThan(0);
        expect((await house.once('duty_supervisor', 'GET', `/v1/people/${decided.personId}/now`)).status).toBe(200);
        await pause(Math.max(0, AWAY_MS - (Date.now() - leftAt)));
        // Nobody climbs while Temporal is away; on a slow machine a rung may have been reached before it went.
        expect(await rungsOf(waiting)).not.toContain('waitEscalated');

        await comeBack();
        const heard = async (): Promise<boolean> => {
          const { status } = await screen(decided, key);
          return status === 200;
        };
        await comes('the decision is taken under the same key', heard, 90_000);
        await comes('nothing waits to be started', async () => (await metric('starts_waiting')) === 0, 90_000);
        expect((await readiness()).temporal).toBe(true);
        for (const person of accepted)
          await comes(
            `${person.reference} has begun`,
            async () => (await factsOf(person))['journeyStarted'] === 1,
            90_000,
          );
        const climbed = ['waitReminded', 'waitDue', 'waitEscalated'];
        await comes(
          'the ladder is climbed to its end',
          async () => (await rungsOf(waiting)).includes('waitEscalated'),
          120_000,
        );
        expect(await rungsOf(waiting)).toEqual(climbed);
        expect(await tasksFor(waiting)).toEqual(['case_worker', 'duty_supervisor', 'operation_lead']);
        expect((await factsOf(decided))['screened']).toBe(1);
        tell(context, {
          fault: 'F6',
          rounds: 1,
          counted: `${how} for ${AWAY_MS / 1_000} s: ${accepted.length} of ${PEOPLE} taken in and begun, 1 decision put off and taken once, ${climbed.length} rungs once each`,
        });
      },
      TAKES_AT_MOST_MS,
    );
  }
});

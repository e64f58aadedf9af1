import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { type Registered, register, registered, runOperation, someone } from '../support/faultOperation.ts';
import { inForm, reportFault, SEED } from '../support/faultRun.ts';
import { type FaultSystem, openFaultSystem } from '../support/faultSystem.ts';

/** A reminder at half, a task at the whole, the lead at twice of this: the reminder and the task fall into the absence. */
const SECONDS_PER_DAY = inForm(6, 40);
const AWAY_MS = inForm(7_000, 120_000);
const PEOPLE = inForm(6, 40);
const TAKES_AT_MOST_MS = 300_000;

let system: FaultSystem;
let operationId: string;

beforeAll(async () => {
  system = await openFaultSystem();
  await system.workers[0]?.start();
  ({ operationId } = await runOperation(system, {
    secondsPerDay: SECONDS_PER_DAY,
    rules: { deadlines: { screening: { due: 'P1D', remind: 'PT12H', escalate: 'P2D' } } },
  }));
});
afterAll(() => system?.close());

const screen = (person: Registered, key: string) =>
  system.once(
    'case_worker',
    'POST',
    `/v1/people/${person.personId}/commands/complete-screening`,
    { args: { risk: 'none' } },
    key,
  );

const metric = async (name: string): Promise<number> => {
  const text = await (await fetch(`${system.apiUrl}/metrics`)).text();
  return Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]);
};
const readiness = async () => {
  const response = await fetch(`${system.apiUrl}/readyz`);
  return { ...((await response.json()) as { database: boolean; temporal: boolean }), status: response.status };
};

/** How often each event stands in the person's history, as a supervisor reads it. */
async function eventsOf(person: Registered): Promise<Record<string, number>> {
  const { phases } = (await system.as('duty_supervisor').get(`/people/${person.personId}/history`)) as {
    phases: Array<{ entries: Array<{ event: string }> }>;
  };
  const counts: Record<string, number> = {};
  for (const { event } of phases.flatMap(({ entries }) => entries)) counts[event] = (counts[event] ?? 0) + 1;
  return counts;
}

/** Rows of the event_log: the escalationSteps of the escalationPolicy that this person's screening has escalated, each as often as it stands. */
async function escalationStepsOf(person: Registered): Promise<string[]> {
  const { rows } = await system.db.query<{ type: string }>(
    `select type from event_log where subject = $1 and type like 'wait%' and data ->> 'key' = 'screening' order by seq`,
    [person.journeyId],
  );
  return rows.map(({ type }) => type);
}

const tasksFor = async (person: Registered): Promise<string[]> => {
  const tasks = (await system.as('duty_supervisor').all(`/operations/${operationId}/tasks`)) as Array<{
    subject: string;
    role: string;
    also_for: string[];
    kind: string;
  }>;
  return tasks
    .filter(({ subject, kind }) => subject === person.journeyId && kind === 'screening')
    .flatMap(({ role, also_for }) => [role, ...also_for])
    .toSorted();
};

const absences = [
  { how: 'killed and down', leave: () => system.temporal.kill(), comeBack: () => system.temporal.start() },
  {
    how: 'frozen',
    leave: async () => system.temporal.freeze(),
    comeBack: async () => system.temporal.thaw(),
  },
];

describe(`F6: Temporal is away, seed ${SEED}`, () => {
  for (const { how, leave, comeBack } of absences) {
    test(
      `${how}: people are registered, decisions are refused with a retry, and timers due meanwhile fire once`,
      async (context) => {
        const waiting = await register(system, operationId, `waiting-${how.slice(0, 3)}`);
        const decided = await register(system, operationId, `decided-${how.slice(0, 3)}`);
        await eventually(
          'both journeys wait for screening',
          async () => (await tasksFor(waiting)).length + (await tasksFor(decided)).length === 2,
        );
        const leftAt = Date.now();
        await leave();
        await eventually('the API knows that Temporal is away', async () => !(await readiness()).temporal);

        const accepted: Registered[] = [];
        for (let serial = 0; serial < PEOPLE; serial += 1) {
          const reference = `${how.slice(0, 3)}-${serial}`;
          const answer = await system.once(
            'case_worker',
            'POST',
            `/v1/operations/${operationId}/households`,
            { household_ref: `H-${reference}`, members: [someone(reference)] },
            `household-${reference}`,
          );
          expect(answer.status, JSON.stringify(answer.body)).toBe(201);
          accepted.push(...registered(answer.body, [reference]));
        }
        expect(await readiness()).toMatchObject({ status: 200, database: true, temporal: false });
        expect(await metric('starts_waiting')).toBeGreaterThanOrEqual(PEOPLE);
        expect(await metric('oldest_start_waiting_seconds')).toBeGreaterThan(0);
        const key = `screen-${how}`.replaceAll(' ', '-');
        const put = await screen(decided, key);
        expect(put.status, JSON.stringify(put.body)).toBe(503);
        expect(Number(put.headers.get('retry-after'))).toBeGreaterThan(0);
        expect((await system.once('duty_supervisor', 'GET', `/v1/people/${decided.personId}/now`)).status).toBe(200);
        await pause(Math.max(0, AWAY_MS - (Date.now() - leftAt)));
        // Nobody climbs while Temporal is away; on a slow machine a escalationStep may have been reached before it went.
        expect(await escalationStepsOf(waiting)).not.toContain('waitEscalated');

        await comeBack();
        const seen = async (): Promise<boolean> => {
          const { status } = await screen(decided, key);
          return status === 200;
        };
        await eventually('the decision is taken under the same key', seen, 90_000);
        await eventually('nothing waits to be started', async () => (await metric('starts_waiting')) === 0, 90_000);
        expect((await readiness()).temporal).toBe(true);
        for (const person of accepted)
          await eventually(
            `${person.reference} has begun`,
            async () => (await eventsOf(person))['journey_started'] === 1,
            90_000,
          );
        const escalated = ['waitReminded', 'waitDue', 'waitEscalated'];
        await eventually(
          'the escalationPolicy is escalated to its end',
          async () => (await escalationStepsOf(waiting)).includes('waitEscalated'),
          120_000,
        );
        expect(await escalationStepsOf(waiting)).toEqual(escalated);
        expect(await tasksFor(waiting)).toEqual(['case_worker', 'duty_supervisor', 'operation_lead']);
        expect((await eventsOf(decided))['screened']).toBe(1);
        reportFault(context, {
          fault: 'F6',
          rounds: 1,
          counted: `${how} for ${AWAY_MS / 1_000} s: ${accepted.length} of ${PEOPLE} registered and begun, 1 decision put off and taken once, ${escalated.length} escalation steps once each`,
        });
      },
      TAKES_AT_MOST_MS,
    );
  }
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { workflowId } from '../../workflows/messages.ts';
import { eventually } from '../support/eventually.ts';
import { type Registered, register, runOperation } from '../support/faultOperation.ts';
import { inForm, reportFault } from '../support/faultRun.ts';
import { type FaultSystem, openFaultSystem } from '../support/faultSystem.ts';
import { holdInDatabase, sessionsWaitingForLock } from '../support/holding.ts';
import { type PartnerCall, startTestPartner, type TestPartner } from '../support/testPartner.ts';

const ROUNDS = inForm(1, 6);
const TAKES_AT_MOST_MS = 600_000;

/** The places at which the worker is killed on its way to a registry and back, each with a person who stands there. */
const PLACES = [
  'before it is written down',
  'before the call arrives',
  'after the call, before the answer',
  'after the answer, before the engine knows',
  'after the engine knows, before the event',
] as const;
type Place = (typeof PLACES)[number];

let system: FaultSystem;
let partner: TestPartner;
let operationId: string;
let registry: string;

beforeAll(async () => {
  system = await openFaultSystem();
  partner = await startTestPartner('');
  partner.answer = { outcome: 'match' };
  await system.workers[0]?.start();
  const { partners, ...operation } = await runOperation(system, {
    partners: [{ name: 'registry', kind: 'registry', url: partner.url }],
  });
  ({ operationId } = operation);
  registry = partners[0]?.partnerId ?? '';
  partner.secret = partners[0]?.secret ?? '';
  await system.workers[0]?.kill();
});
afterAll(async () => {
  await partner?.stop();
  await system?.close();
});

const referenceOf = ({ body }: Pick<PartnerCall, 'body'>): string | undefined =>
  (body['person'] as { reference: string } | undefined)?.reference;

/** Lets something be waited for, and done when the test says so. */
function barrier(): { passed: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open: () => open() };
}

const requestStatus = async ({ journeyId }: Registered): Promise<string | undefined> =>
  (await system.db.query<{ status: string }>('select status from requests where subject = $1', [journeyId])).rows[0]
    ?.status;

/** Types of the events of the event_log, in order; a gap or a repeated number would be none. */
async function eventsOf({ journeyId }: Registered): Promise<string[]> {
  const { rows } = await system.db.query<{ seq: number; type: string }>(
    'select seq, type from event_log where subject = $1 order by seq',
    [journeyId],
  );
  expect(rows.map(({ seq }) => seq)).toEqual(rows.map((_, index) => index + 1));
  return rows.map(({ type }) => type);
}

async function engineHasAnswerOf({ journeyId }: Registered): Promise<boolean> {
  const { events } = await system.engine.workflow.getHandle(workflowId.journey(journeyId)).fetchHistory();
  return (events ?? []).some(({ activityTaskCompletedEventAttributes: completed }) => Boolean(completed));
}

const command = (role: string, person: Registered, name: string, args: object): Promise<unknown> =>
  system
    .as(role)
    .post(
      `/people/${person.personId}/commands/${name.replaceAll('_', '-')}`,
      { args, reason_code: 'fault_test' },
      `${name}-${person.reference}`,
    );

/** One person at each place; the worker is killed there; another one goes on. How often the partner was called about each. */
async function killAtEveryPlace(round: number): Promise<Map<Place, { person: Registered; calls: string[] }>> {
  await system.workers[0]?.start();
  const people = new Map<Place, Registered>();
  for (const [index, place] of PLACES.entries())
    people.set(place, await register(system, operationId, `P${index}-R${round}`));
  const at = (place: Place): Registered => people.get(place) as Registered;
  const [unwritten, unheard, unanswered, unreported, unrecorded] = PLACES.map(at) as [
    Registered,
    Registered,
    Registered,
    Registered,
    Registered,
  ];

  const report = barrier();
  const record = barrier();
  partner.treat = (call) => {
    switch (referenceOf(call)) {
      case unheard.reference:
        return 'ignore';
      case unanswered.reference:
        return 'hang';
      case unreported.reference:
        return { after: report.passed };
      case unrecorded.reference:
        return { after: record.passed };
      default:
        return 'answer';
    }
  };
  const writing = await holdInDatabase(
    system.db,
    `insert into requests (id, kind, subject, operation_id, partner_id, requested_at) values ($1, 'registry', $2, $3, $4, now())`,
    [`req_held_${round}`, unwritten.journeyId, operationId, registry],
  );
  const before = partner.calls.length;
  // No office is told of anybody before their screening: with it all of them are asked about.
  for (const person of people.values()) await command('case_worker', person, 'complete_screening', { risk: 'none' });
  await eventually(
    'four calls are at the partner',
    async () => partner.calls.length === before + 4 || partner.calls.length,
  );
  await eventually('the fifth waits for its row', async () => (await sessionsWaitingForLock(system.db)) === 1);

  const recording = await holdInDatabase(system.db, 'select 1 from journeys where id = $1 for update', [
    unrecorded.journeyId,
  ]);
  record.open();
  await eventually('the engine has the answer', () => engineHasAnswerOf(unrecorded));
  await eventually('its event waits for the journey', async () => (await sessionsWaitingForLock(system.db)) === 2);
  system.links.workerToTemporal.set('hole');
  report.open();
  await eventually('the answer is written down', async () => (await requestStatus(unreported)) === 'answered');
  expect(await engineHasAnswerOf(unreported)).toBe(false);

  await system.workers[0]?.kill();
  system.links.workerToTemporal.set('pass');
  await writing.release();
  await recording.release();
  partner.treat = () => 'answer';
  await system.workers[0]?.start();
  for (const [place, person] of people) {
    await eventually(
      `killed ${place}: identity is confirmed`,
      async () => {
        const events = await eventsOf(person);
        return events.includes('identityConfirmed') || events;
      },
      120_000,
    );
  }
  const callsAbout = ({ reference }: Registered): string[] => {
    const asked = [...partner.requests].find(([, body]) => referenceOf({ body }) === reference);
    const id = asked?.[0] ?? 'never asked';
    return partner.calls
      .filter((call) => referenceOf(call) === reference || call.path.endsWith(`/${id}`))
      .map(({ method }) => method);
  };
  return new Map([...people].map(([place, person]) => [place, { person, calls: callsAbout(person) }]));
}

describe('F1: the worker is killed on its way to a partner and back', () => {
  test(
    'at every place another one goes on, the partner has one request, and the journey comes to its end',
    async (context) => {
      let people = 0;
      for (let round = 0; round < ROUNDS; round += 1) {
        const found = await killAtEveryPlace(round);
        people += found.size;
        expect(Object.fromEntries([...found].map(([place, { calls }]) => [place, calls]))).toEqual({
          'before it is written down': ['POST'],
          // Nobody can know whether a call arrived: it is looked up, and asked again where it did not.
          'before the call arrives': ['POST', 'GET', 'POST'],
          'after the call, before the answer': ['POST', 'GET'],
          'after the answer, before the engine knows': ['POST'],
          'after the engine knows, before the event': ['POST'],
        });
        expect(partner.requests.size).toBe(people);
        for (const { person } of found.values()) {
          await command('case_worker', person, 'withdraw_consent', {});
          await command('duty_supervisor', person, 'confirm_ending', { ending: 'withdrawn' });
          await eventually(`${person.reference} is over`, async () =>
            (await eventsOf(person)).includes('journeyEnded'),
          );
          const events = await eventsOf(person);
          for (const once of ['journeyStarted', 'identityConfirmed', 'screened', 'journeyEnded'])
            expect(
              events.filter((type) => type === once),
              `${person.reference}: ${events.join(', ')}`,
            ).toHaveLength(1);
        }
        await system.workers[0]?.kill();
      }
      const failed = await system.engine.workflow.count("ExecutionStatus = 'Failed' or ExecutionStatus = 'TimedOut'");
      expect(failed.count).toBe(0);
      expect((await system.db.query('select kind from alarms')).rows).toEqual([]);
      reportFault(context, {
        fault: 'F1',
        rounds: ROUNDS,
        counted: `${people} people at ${PLACES.length} places: ${partner.requests.size} requests in the partner's books, ${people} journeys ended`,
      });
    },
    TAKES_AT_MOST_MS,
  );
});

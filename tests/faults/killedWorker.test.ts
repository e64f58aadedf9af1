import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { workflowId } from '../../workflows/messages.ts';
import { type FaultHouse, openFaultHouse } from '../support/faultHouse.ts';
import { runOperation, type TakenIn, takeIn } from '../support/faultOperation.ts';
import { inForm, tell } from '../support/faultRun.ts';
import { holdInDatabase, standStill } from '../support/holding.ts';
import { comes } from '../support/patience.ts';
import { type OfficeCall, startTestOffice, type TestOffice } from '../support/testOffice.ts';

const ROUNDS = inForm(1, 6);
const TAKES_AT_MOST_MS = 600_000;

/** The places at which the worker is killed on its way to a registry and back, each with a person who stands there. */
const PLACES = [
  'before it is written down',
  'before the call arrives',
  'after the call, before the answer',
  'after the answer, before the engine knows',
  'after the engine knows, before the fact',
] as const;
type Place = (typeof PLACES)[number];

let house: FaultHouse;
let office: TestOffice;
let operationId: string;
let registry: string;

beforeAll(async () => {
  house = await openFaultHouse();
  office = await startTestOffice('');
  office.answer = { outcome: 'match' };
  await house.workers[0]?.start();
  const { offices, ...operation } = await runOperation(house, {
    offices: [{ name: 'registry', kind: 'registry', url: office.url }],
  });
  ({ operationId } = operation);
  registry = offices[0]?.partnerId ?? '';
  office.secret = offices[0]?.secret ?? '';
  await house.workers[0]?.kill();
});
afterAll(async () => {
  await office?.stop();
  await house?.close();
});

const referenceOf = ({ body }: Pick<OfficeCall, 'body'>): string | undefined =>
  (body['person'] as { reference: string } | undefined)?.reference;

/** Lets something be waited for, and done when the test says so. */
function gate(): { passed: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open: () => open() };
}

const requestStatus = async ({ journeyId }: TakenIn): Promise<string | undefined> =>
  (await house.db.query<{ status: string }>('select status from requests where subject = $1', [journeyId])).rows[0]
    ?.status;

/** Types of the facts of the journal, in order; a gap or a repeated number would be none. */
async function factsOf({ journeyId }: TakenIn): Promise<string[]> {
  const { rows } = await house.db.query<{ seq: number; type: string }>(
    'select seq, type from journal where subject = $1 order by seq',
    [journeyId],
  );
  expect(rows.map(({ seq }) => seq)).toEqual(rows.map((_, index) => index + 1));
  return rows.map(({ type }) => type);
}

async function engineHasAnswerOf({ journeyId }: TakenIn): Promise<boolean> {
  const { events } = await house.engine.workflow.getHandle(workflowId.journey(journeyId)).fetchHistory();
  return (events ?? []).some(({ activityTaskCompletedEventAttributes: completed }) => Boolean(completed));
}

/** One person at each place; the worker is killed there; another one goes on. How often the office was called about each. */
async function killAtEveryPlace(round: number): Promise<Map<Place, { person: TakenIn; calls: string[] }>> {
  // No worker runs: everybody stands at the very beginning.
  const people = new Map<Place, TakenIn>();
  for (const [index, place] of PLACES.entries())
    people.set(place, await takeIn(house, operationId, `P${index}-R${round}`));
  const at = (place: Place): TakenIn => people.get(place) as TakenIn;
  const [unwritten, unheard, unanswered, unreported, unrecorded] = PLACES.map(at) as [
    TakenIn,
    TakenIn,
    TakenIn,
    TakenIn,
    TakenIn,
  ];

  const report = gate();
  const record = gate();
  office.treat = (call) => {
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
    house.db,
    `insert into requests (id, kind, subject, operation_id, partner_id, asked_at) values ($1, 'registry', $2, $3, $4, now())`,
    [`req_held_${round}`, unwritten.journeyId, operationId, registry],
  );
  const before = office.calls.length;
  await house.workers[0]?.start();
  await comes('four calls are at the office', async () => office.calls.length === before + 4 || office.calls.length);
  await comes('the fifth stands before its row', async () => (await standStill(house.db)) === 1);

  const recording = await holdInDatabase(house.db, 'select 1 from journeys where id = $1 for update', [
    unrecorded.journeyId,
  ]);
  record.open();
  await comes('the engine has the answer', () => engineHasAnswerOf(unrecorded));
  await comes('its fact stands before the journey', async () => (await standStill(house.db)) === 2);
  house.links.workerToTemporal.set('hole');
  report.open();
  await comes('the answer is written down', async () => (await requestStatus(unreported)) === 'answered');
  expect(await engineHasAnswerOf(unreported)).toBe(false);

  await house.workers[0]?.kill();
  house.links.workerToTemporal.set('pass');
  await writing.letGo();
  await recording.letGo();
  office.treat = () => 'answer';
  await house.workers[0]?.start();
  for (const [place, person] of people) {
    await comes(
      `killed ${place}: identity is confirmed`,
      async () => {
        const facts = await factsOf(person);
        return facts.includes('identityConfirmed') || facts;
      },
      120_000,
    );
  }
  const callsAbout = ({ reference }: TakenIn): string[] => {
    const asked = [...office.questions].find(([, body]) => referenceOf({ body }) === reference);
    const id = asked?.[0] ?? 'never asked';
    return office.calls
      .filter((call) => referenceOf(call) === reference || call.path.endsWith(`/${id}`))
      .map(({ method }) => method);
  };
  return new Map([...people].map(([place, person]) => [place, { person, calls: callsAbout(person) }]));
}

describe('F1: the worker is killed on its way to an office and back', () => {
  test(
    'at every place another one goes on, the office has one question, and the journey comes to its end',
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
          'after the engine knows, before the fact': ['POST'],
        });
        expect(office.questions.size).toBe(people);
        for (const { person } of found.values()) {
          const command = (name: string, args: object) =>
            house
              .as('case_worker')
              .post(
                `/people/${person.personId}/commands/${name}`,
                { args, reason_code: 'fault_test' },
                `${name}-${person.reference}`,
              );
          await command('completeScreening', { risk: 'none' });
          await command('withdrawConsent', {});
          await comes(`${person.reference} is over`, async () => (await factsOf(person)).includes('journeyEnded'));
          const facts = await factsOf(person);
          for (const once of ['journeyStarted', 'identityConfirmed', 'screened', 'journeyEnded'])
            expect(
              facts.filter((type) => type === once),
              `${person.reference}: ${facts.join(', ')}`,
            ).toHaveLength(1);
        }
        await house.workers[0]?.kill();
      }
      const failed = await house.engine.workflow.count("ExecutionStatus = 'Failed' or ExecutionStatus = 'TimedOut'");
      expect(failed.count).toBe(0);
      expect((await house.db.query('select kind from alarms')).rows).toEqual([]);
      tell(context, {
        fault: 'F1',
        rounds: ROUNDS,
        counted: `${people} people at ${PLACES.length} places: ${office.questions.size} questions in the office's books, ${people} journeys ended`,
      });
    },
    TAKES_AT_MOST_MS,
  );
});

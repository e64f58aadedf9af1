import { afterAll, beforeAll, expect, it } from 'vitest';
import { member, openOperation, record, register, STARTED, type TestSystem, testSystem } from './system.ts';

/** Nobody is counted twice, or missed, while journeys pass from one status to the next. */
const PEOPLE = 500;
const IN_A_HOUSEHOLD = 20;
const PAGE = 100;
let system: TestSystem;
let operationId: string;
let journeys: string[];

beforeAll(async () => {
  system = await testSystem();
  operationId = await openOperation(system);
  journeys = [];
  for (let from = 0; from < PEOPLE; from += IN_A_HOUSEHOLD) {
    const members = Array.from({ length: IN_A_HOUSEHOLD }, (_, index) =>
      member({
        person_ref: `P-${from + index}`,
        given_names: `Canaria ${from + index}`,
        relationship_to_head: index === 0 ? 'HEAD' : 'OTHER_RELATIVE',
      }),
    );
    const { people } = await register(system, operationId, members);
    journeys.push(...people.map(({ journeyId }) => journeyId));
  }
}, 60_000);
afterAll(() => system.close());

async function everybodyListed(): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | null = null;
  do {
    const after: string = cursor === null ? '' : `&cursor=${cursor}`;
    const page = await system.ask('coordinator', 'GET', `/v1/operations/${operationId}/people?limit=${PAGE}${after}`);
    ids.push(...(page.body['data'] as Array<{ journey_id: string }>).map(({ journey_id }) => journey_id));
    cursor = page.body['next_cursor'] as string | null;
  } while (cursor !== null);
  return ids;
}

type Numbers = { people: number; statuses: Array<{ status: string; people: number }> };

async function situation(): Promise<Numbers> {
  const { body } = await system.ask('coordinator', 'GET', `/v1/operations/${operationId}/situation`);
  const { numbers, statuses } = body as unknown as { numbers: { people: number }; statuses: Numbers['statuses'] };
  return { people: numbers.people, statuses };
}

it(`${PEOPLE} are ${PEOPLE} in every list and sum, each in one status, at every moment of their way`, async () => {
  const way = { ended: false };
  const moved = (async () => {
    const events = [
      STARTED,
      { type: 'identityConfirmed', data: { by: 'staff' } },
      { type: 'screened', data: { risk: 'none' } },
    ] as const;
    for (const event of events) {
      for (let from = 0; from < PEOPLE; from += IN_A_HOUSEHOLD)
        await Promise.all(
          journeys
            .slice(from, from + IN_A_HOUSEHOLD)
            .map((journeyId) => record(system, journeyId, operationId, [event])),
        );
    }
  })().finally(() => {
    way.ended = true;
  });
  const seenIn = new Set<string>();
  let looks = 0;
  do {
    const [listed, { people, statuses }] = await Promise.all([everybodyListed(), situation()]);
    expect([...listed].sort()).toEqual([...journeys].sort());
    expect(people).toBe(PEOPLE);
    expect(statuses.reduce((sum, status) => sum + status.people, 0)).toBe(PEOPLE);
    for (const status of statuses) if (status.people > 0 && status.people < PEOPLE) seenIn.add(status.status);
    looks += 1;
  } while (!way.ended);
  await moved;
  expect(looks).toBeGreaterThan(3);
  // they were looked at on their way, and not only before and after it
  expect(seenIn.size).toBeGreaterThan(1);
  const alarms = await system.ask('coordinator', 'GET', '/v1/alarms?status=open');
  expect(alarms).toMatchObject({ status: 200, body: { data: [] } });
}, 60_000);

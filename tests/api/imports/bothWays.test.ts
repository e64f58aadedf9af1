import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openList } from '../../../adapters/files/openList.ts';
import { COLUMNS } from '../../../domain/imports/columns.ts';
import type { Cells } from '../../support/cells.ts';
import { openOperation, type TestSystem, testSystem } from '../system.ts';
import { type ListDesk, listDesk } from './listClient.ts';

let system: TestSystem;
let desk: ListDesk;
let operationId: string;

beforeAll(async () => {
  system = await testSystem();
  desk = listDesk(system);
  operationId = await openOperation(system);
});
afterAll(() => system?.close());

/** What only a whole list can show. */
const OF_LISTS = ['HOUSEHOLD_REF_ALIKE', 'PERSON_REF_REPEATED'];

const trial = (file: string): Buffer => readFileSync(new URL(`../../adapters/files/trials/${file}`, import.meta.url));
const messy = readFileSync(
  new URL('../../../sandbox/scenarioData/libya-vhr-flight/messy/registrations.csv', import.meta.url),
);

describe('a household as JSON is judged as the same household in a list', () => {
  it.each([
    ['T001', trial('T001.csv')],
    ['T003', trial('T003.csv')],
    ['T005', trial('T005.csv')],
    ['T007', trial('T007.csv')],
    ['T011', trial('T011.csv')],
    ['T013', trial('T013.csv')],
    ['T016', trial('T016.csv')],
    ['T020', trial('T020.csv')],
    ['the messy list of the flight', messy],
  ])('%s', async (_what, bytes) => {
    const importId = await desk.take(operationId, bytes);
    const inList = await desk.rows(importId);
    const households = new Map<string, Array<{ row: number; cells: Cells }>>();
    for await (const { record, cells } of (await openList(bytes)).rows) {
      const tidied = inList[record - 1]?.household;
      if (typeof tidied !== 'string') continue;
      households.set(tidied, [...(households.get(tidied) ?? []), { row: record, cells }]);
    }
    let compared = 0;
    for (const members of households.values()) {
      const answer = await system.ask('case_worker', 'POST', `/v1/operations/${operationId}/households`, {
        household_ref: members[0]?.cells.household_ref,
        dry_run: true,
        members: members.map(({ cells }) =>
          Object.fromEntries(COLUMNS.filter((column) => column !== 'household_ref').map((c) => [c, cells[c]])),
        ),
      });
      expect(answer.status).toBe(200);
      const people = answer.body['people'] as Array<{ codes: Array<{ code: string; column: string }> }>;
      for (const [index, { row }] of members.entries()) {
        const plain = (codes: Array<{ code: string; column: string }> = []): string[] =>
          codes
            .filter(({ code, column }) => !OF_LISTS.includes(code) && column !== 'household_ref')
            .map((one) => JSON.stringify(one))
            .sort();
        expect(plain(people[index]?.codes)).toEqual(plain(inList[row - 1]?.codes));
        compared++;
      }
    }
    expect(compared).toBeGreaterThanOrEqual(3);
    console.log(`${_what}: ${compared} rows judged alike as JSON and in a list`);
  });

  it('a name with a control character, a lone surrogate or a zero is registered, and the database accepts it', async () => {
    const answer = await system.ask('case_worker', 'POST', `/v1/operations/${operationId}/households`, {
      household_ref: 'H\u0000-control',
      members: [
        {
          person_ref: 'c\u00001',
          relationship_to_head: 'HEAD',
          given_names: 'A\u0007mina \ud800',
          sex: 'F',
          nationality: 'SDN',
          site: 'Hall\u0000B',
          registered_at: '2026-11-20T09:00:00+02:00',
          consent: 'given',
        },
      ],
    });
    expect(answer.status).toBe(201);
    const { rows } = await system.db.pool.query('select reference, site from households where id = $1', [
      answer.body['household_id'],
    ]);
    expect(rows).toEqual([{ reference: 'H-control', site: 'HallB' }]);
  });
});

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCESS } from '../../../domain/access.ts';
import { plainRows, SCENARIOS, scenarioFile } from '../../domain/imports/scenario.ts';
import { member, openOperation, register, type TestSystem, testSystem } from '../system.ts';
import { listDesk } from './listClient.ts';
import { SPELLINGS, TRIALS, trialFile } from './spellings.ts';

const rowsOf = new Map(TRIALS.map((name) => [name, plainRows(trialFile(name))]));

type Hit = { id: string; household_reference: string; match: number; names: { given: string; family: string } };

let system: TestSystem;
let operationId: string;
let others: number;
beforeAll(async () => {
  system = await testSystem();
  operationId = await openOperation(system);
  const desk = listDesk(system);
  const files = [
    ...TRIALS.map(trialFile),
    ...SCENARIOS.map((scenario) => scenarioFile(scenario, 'messy/registrations.csv')),
  ];
  for (const file of files) {
    const importId = await desk.take(operationId, readFileSync(file), { reference_date: '2026-11-20' });
    await desk.commit(importId);
  }
  const { rows } = await system.db.pool.query('select count(*)::int as n from persons');
  others = rows[0].n;
});
afterAll(() => system.close());

async function search(text: string, operation = operationId, role = 'case_worker'): Promise<Hit[]> {
  const { status, body } = await system.ask(role, 'POST', '/v1/people/search', { text, operation });
  expect(status).toBe(200);
  return body['data'] as Hit[];
}

/** The row of the trial's list that a person came in; its names as they stand in the file. */
function expected(trial: (typeof TRIALS)[number], row: number) {
  const cells = rowsOf.get(trial)?.[row - 1];
  if (cells === undefined) throw new Error(`${trial} has no row ${row}`);
  return { household_reference: cells.household_ref, names: { given: cells.given_names, family: cells.family_name } };
}

describe('among all people of the lists, whoever is looked for is among the first three, the name as it was written', () => {
  it('and there are enough to be mistaken for', () => expect(others).toBeGreaterThan(1_200));

  it.each(SPELLINGS)('%s row %i', async (trial, row, spellings) => {
    for (const spelling of spellings) {
      const first = (await search(spelling)).slice(0, 3);
      expect({ spelling, first }).toEqual({
        spelling,
        first: expect.arrayContaining([expect.objectContaining(expected(trial, row))]),
      });
    }
  });

  it('a single stretched word finds the servant of God, in an operation of that list alone', async () => {
    const alone = await openOperation(system);
    const desk = listDesk(system);
    await desk.commit(await desk.take(alone, readFileSync(trialFile('T020')), { reference_date: '2026-11-20' }));
    const hits = await search('عبـد', alone);
    expect(hits.slice(0, 3)).toEqual([expect.objectContaining(expected('T020', 1))]);
  });
});

describe('a search', () => {
  it('answers best first, and shows nobody whose name hardly answers', async () => {
    const hits = await search('Koffi NDahlo');
    expect(hits[0]?.match).toBe(1);
    expect(hits.map(({ match }) => match)).toEqual(hits.map(({ match }) => match).toSorted((a, b) => b - a));
    expect(Math.min(...hits.map(({ match }) => match))).toBeGreaterThanOrEqual(0.5);
  });

  it('finds Mohammed among more people called Ahmed than it looks at, though the two sound alike to the keys', async () => {
    const many = await openOperation(system);
    await register(system, many, [member({ person_ref: 'M', given_names: 'Mohammed', family_name: 'Ali' })]);
    for (const letter of ['A', 'B']) {
      const people = Array.from({ length: 175 }, (_, n) =>
        member({ person_ref: `${letter}${n}`, given_names: 'Ahmed', family_name: 'Ali' }),
      );
      await register(system, many, people);
    }
    for (const text of ['Mohammed Ali', 'Ali Mohamed']) {
      expect((await search(text, many))[0]).toMatchObject({ match: 1, names: { given: 'Mohammed', family: 'Ali' } });
    }
  });

  it('finds whoever answers to both words among more people than it looks at who are seen to have one of them', async () => {
    const many = await openOperation(system);
    await register(system, many, [member({ person_ref: 'K', given_names: 'کریم', family_name: 'یاری' })]);
    // ids are as good as thrown dice: among so many a tie would leave the one person out, four times of five
    for (const letter of 'ABCDEFGH') {
      const people = Array.from({ length: 175 }, (_, n) =>
        member({ person_ref: `${letter}${n}`, given_names: 'Karim', family_name: 'Tembo' }),
      );
      await register(system, many, people);
    }
    expect((await search('Karim Yari', many))[0]?.names).toEqual({ given: 'کریم', family: 'یاری' });
  });

  it('finds by document and by telephone however they are written, and says so', async () => {
    for (const text of ['20AB77001', '20 ab 77-001']) {
      expect((await search(text))[0]).toMatchObject({ ...expected('T001', 1), match: 1 });
    }
  });

  it('finds a telephone number with the zero that is dialled only inside its country, or registered without its code', async () => {
    const elsewhere = await openOperation(system);
    await register(system, elsewhere, [
      member({ person_ref: 'T1', given_names: 'Orvane', phone: '+44 (0)20 7946 0018' }),
      member({ person_ref: 'T2', given_names: 'Sulwe', phone: '555 1234' }),
    ]);
    for (const text of ['+44 20 7946 0018', '+44 (0)20 7946 0018', '442079460018']) {
      expect((await search(text, elsewhere)).map(({ names }) => names.given)).toEqual(['Orvane']);
    }
    expect((await search('+678 5551234', elsewhere)).map(({ names }) => names.given)).toEqual(['Sulwe']);
  });

  it('reaches only operations in which a role of the caller may search', async () => {
    const elsewhere = await openOperation(system);
    await register(system, elsewhere, [member({ given_names: 'Quorvana' })]);
    const grants = [
      { role: 'admin', operation: '*' },
      { role: 'auditor', operation: elsewhere },
      { role: 'case_worker', operation: operationId },
    ];
    const headers = { authorization: `Bearer ${await system.token(grants)}` };
    const ask = (payload: object) => system.inject({ method: 'POST', url: '/v1/people/search', headers, payload });
    expect((await ask({ text: 'Quorvana' })).body['data']).toEqual([]);
    expect((await ask({ text: 'Quorvana', operation: elsewhere })).status).toBe(404);
    expect((await search('Quorvana', elsewhere)).length).toBe(1);
  });

  it('by a field that one may not see finds nothing', async () => {
    const elsewhere = await openOperation(system);
    const number = { document_type: 'PASSPORT', document_number: 'QX7781234' };
    await register(system, elsewhere, [member({ given_names: 'Orvella', phone: '+44 20 7946 0077', ...number })]);
    const readers = {
      QX7781234: ['case_worker', 'movement_officer', 'consular_officer', 'protection_officer', 'protection_lead'],
      '+442079460077': ['case_worker', 'coordinator', 'duty_supervisor', 'protection_officer', 'protection_lead'],
    };
    for (const [text, roles] of Object.entries(readers)) {
      for (const role of ACCESS['people.search'].roles) {
        expect((await search(text, elsewhere, role)).length, `${role} ${text}`).toBe(roles.includes(role) ? 1 : 0);
      }
    }
    for (const role of ACCESS['people.search'].roles) {
      expect((await search('Orvella', elsewhere, role)).length, role).toBe(1);
    }
  });

  it('by a document reaches only the operations in which the caller reads documents', async () => {
    const [seen, unseen] = [await openOperation(system), await openOperation(system)];
    const number = { document_type: 'PASSPORT', document_number: 'QX9914321' };
    for (const one of [seen, unseen]) await register(system, one, [member(number)]);
    const grants = [
      { role: 'case_worker', operation: seen },
      { role: 'coordinator', operation: unseen },
    ];
    const headers = { authorization: `Bearer ${await system.token(grants)}` };
    const ask = async (operation?: string) => {
      const payload = { text: 'QX9914321', ...(operation === undefined ? {} : { operation }) };
      const { body } = await system.inject({ method: 'POST', url: '/v1/people/search', headers, payload });
      return (body['data'] as Array<{ operation_id: string }>).map(({ operation_id: id }) => id);
    };
    expect(await ask()).toEqual([seen]);
    expect(await ask(seen)).toEqual([seen]);
    expect(await ask(unseen)).toEqual([]);
  });

  it('is a look at those alone who are shown', async () => {
    const looks = async () => {
      const { rows } = await system.db.pool.query(`select count(*)::int as n from access_log where purpose = 'search'`);
      return rows[0].n as number;
    };
    const before = await looks();
    const hits = await search('Sumartinah', operationId, 'protection_officer');
    expect((await looks()) - before).toBe(hits.length);
  });

  it('says when more people may be meant than it shows', async () => {
    const many = await openOperation(system);
    const ask = async () =>
      (await system.ask('case_worker', 'POST', '/v1/people/search', { text: 'Zzyzx', operation: many })).body;
    for (let n = 0; n < 50; n++) await register(system, many, [member({ person_ref: `Z-${n}` })]);
    expect(await ask()).toMatchObject({ data: { length: 50 }, more: false });
    await register(system, many, [member({ person_ref: 'Z-50' })]);
    expect(await ask()).toMatchObject({ data: { length: 50 }, more: true });
  });

  it('refuses what is too short to look for, and leaves no name in the log', async () => {
    const short = await system.ask('case_worker', 'POST', '/v1/people/search', { text: 'x' });
    expect(short.status).toBe(400);
    expect((await system.ask('case_worker', 'POST', '/v1/people/search', { text: '?!.' })).body['data']).toEqual([]);
    expect(system.logs.join('')).not.toContain('Sumartinah');
  });
});

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseOn } from '../../../adapters/postgres/database.ts';
import { importReadsOn } from '../../../adapters/postgres/imports/reads.ts';
import { newId } from '../../../application/ids.ts';
import { COLUMNS } from '../../../domain/imports/columns.ts';
import { importRun } from '../../../workflows/messages.ts';
import { person, plainRows, SCENARIOS, type Scenario, scenarioFile, truthOf } from '../../domain/imports/scenario.ts';
import { stringifyCells } from '../../support/cells.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';
import {
  fileSource,
  importActivities,
  orderCommit,
  storeOf,
  type TestStore,
  textSource,
  upload,
  uploads,
} from '../../support/imports.ts';
import { testKeyring } from '../../support/keyring.ts';
import { makeOperation } from '../../support/operations.ts';

const keyring = await testKeyring();
let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase();
});
afterAll(async () => {
  await database?.drop();
});

/** The one person of the careful lists who is known to be at risk from a messy list alone. */
const UNSEEN = ['LOL-70000'];
const HARMFUL = ['ASYLUM', 'TRAFFICKING_RISK', 'UASC', 'UNVERIFIED_CARER', 'CHILD_HEAD'];

const CAREFUL = 'registrations.csv';
const MESSY = 'messy/registrations.csv';

async function count(table: string, where = 'true', ...values: unknown[]): Promise<number> {
  const { rows } = await database.pool.query(`select count(*)::int as count from ${table} where ${where}`, values);
  return rows[0].count;
}

/** A scenario's list, uploaded and checked in an operation of its own. */
async function checked(scenario: Scenario, file: string) {
  const { pool } = database;
  const operation = await makeOperation(pool);
  const referenceDate = truthOf(scenario).reference_date;
  const { importId, outcome } = await upload(pool, keyring, {
    operationId: operation.id,
    referenceDate,
    source: fileSource(scenarioFile(scenario, file)),
  });
  expect(outcome.outcome).toBe('uploaded');
  await importActivities({ store: storeOf(pool, keyring) }).check(importId);
  return { operationId: operation.id, importId, referenceDate };
}

async function committed(importId: string, store: TestStore = storeOf(database.pool, keyring)): Promise<void> {
  expect(await orderCommit(database.pool, keyring, importId)).toBe('started');
  expect(await importActivities({ store }).commit(importId)).toEqual({ committed: true });
}

const progress = async (importId: string) => {
  const found = await importReadsOn(databaseOn(database.pool), keyring).read(importId);
  if (!found) throw new Error('There is no such import');
  return found;
};

describe.each(SCENARIOS)('the careful list of %s', (scenario) => {
  it('is checked as its README says, and a dry run leaves nothing but itself', async () => {
    const before = await count('persons');
    const { importId, operationId } = await checked(scenario, CAREFUL);
    const warned = Object.entries(truthOf(scenario).clean_warnings);
    const people = plainRows(scenarioFile(scenario, CAREFUL)).length;
    const { status, counts, total, done, failed } = await progress(importId);
    expect({ status, total, done, failed }).toEqual({ status: 'checked', total: people, done: people, failed: 0 });
    expect(counts).toMatchObject({
      rows: people,
      reject: 0,
      acceptWithWarning: warned.length,
      incompleteHouseholds: 0,
      alreadyKnown: 0,
    });
    for (const table of ['households', 'journeys', 'holds', 'tasks']) {
      expect({ table, count: await count(table, 'operation_id = $1', operationId) }).toEqual({ table, count: 0 });
    }
    expect(await count('persons')).toBe(before);
    expect(await count('pending_starts', `workflow = 'journey' and input ->> 'operationId' = $1`, operationId)).toBe(0);
  });

  it('is committed completely: a person, a journey and a start for each row, counted by status', async () => {
    const { importId, operationId } = await checked(scenario, CAREFUL);
    await committed(importId);
    const rows = plainRows(scenarioFile(scenario, CAREFUL));
    expect(await count('journeys', 'operation_id = $1', operationId)).toBe(rows.length);
    expect(await count('households', 'operation_id = $1', operationId)).toBe(
      new Set(rows.map((row) => row.household_ref)).size,
    );
    expect(await count('import_rows', 'import_id = $1 and person_id is not null', importId)).toBe(rows.length);
    const { rows: statuses } = await database.pool.query(
      'select status, sum(people)::int as people from status_counts where operation_id = $1 group by status',
      [operationId],
    );
    expect(statuses).toEqual([{ status: 'registered', people: rows.length }]);
    expect(await progress(importId)).toMatchObject({ status: 'starting', total: rows.length, done: rows.length });

    const activities = importActivities({ store: storeOf(database.pool, keyring) });
    expect(await activities.startsLeft(importId)).toBe(rows.length);
    await database.pool.query(`update pending_starts set started_at = now() where input ->> 'operationId' = $1`, [
      operationId,
    ]);
    expect(await activities.startsLeft(importId)).toBe(0);
    await activities.finish(importId);
    expect((await progress(importId)).status).toBe('done');
  });

  it('raises a hold for every person whose row shows that requests about them may harm, and for nobody else', async () => {
    const { importId } = await checked(scenario, CAREFUL);
    await committed(importId);
    const { rows: held } = await database.pool.query<{ row: number }>(
      `select j.import_row as row from journeys j
        where j.import_id = $1 and exists (select from holds h where h.journey_id = j.id and h.status = 'active')`,
      [importId],
    );
    const list = plainRows(scenarioFile(scenario, CAREFUL));
    const heldRefs = new Set(held.map(({ row }) => list[row - 1]?.person_ref));
    const { people } = JSON.parse(readFileSync(scenarioFile(scenario, 'registry_answers.json'), 'utf8')) as {
      people: Record<string, { may_be_asked: boolean; because?: string[] }>;
    };
    const protectedRefs = list
      .map((row) => row.person_ref)
      .filter((ref) => people[ref]?.because?.some((because) => HARMFUL.includes(because)));
    expect(heldRefs).toEqual(new Set(protectedRefs.filter((ref) => !UNSEEN.includes(ref))));
    for (const ref of heldRefs) expect(people[ref ?? '']?.may_be_asked).toBe(false);
  });
});

describe.each(SCENARIOS)('the messy list of %s', (scenario) => {
  it('has the counts of its truth, and no rejected row is dropped silently', async () => {
    const truth = truthOf(scenario);
    const { importId, operationId } = await checked(scenario, MESSY);
    const verdicts = (verdict: string) => truth.rows.filter((row) => row.verdict === verdict).length;
    const { counts } = await progress(importId);
    expect(counts).toMatchObject({
      rows: truth.rows.length,
      accept: verdicts('accept'),
      acceptWithWarning: verdicts('accept_with_warning'),
      reject: verdicts('reject'),
      households: truth.households.length,
      incompleteHouseholds: truth.households.filter(({ complete }) => !complete).length,
    });
    const stored = await importReadsOn(databaseOn(database.pool), keyring).rows(importId, { columns: COLUMNS }, 10_000);
    const plain = (codes: Array<{ code: string; column: string }>) =>
      codes.map(({ code, column }) => `${code} ${column}`).sort();
    for (const [index, row] of truth.rows.entries()) {
      expect({ row: index + 1, verdict: stored[index]?.verdict, codes: plain(stored[index]?.codes ?? []) }).toEqual({
        row: row.row,
        verdict: row.verdict,
        codes: plain(row.codes),
      });
    }

    await committed(importId);
    expect(await count('journeys', 'operation_id = $1', operationId)).toBe(
      verdicts('accept') + verdicts('accept_with_warning'),
    );
    expect(
      await count('tasks', `operation_id = $1 and kind = 'correctRows' and role = 'case_worker'`, operationId),
    ).toBe(1);
    const rejected = new Set(truth.rows.filter(({ verdict }) => verdict === 'reject').map(({ row }) => row));
    const lacking = truth.households.filter(
      ({ complete, rows }) => !complete && rows.some((row) => !rejected.has(row)),
    );
    const { rows: asked } = await database.pool.query(
      `select h.reference, t.data -> 'rejectedRows' as rows from tasks t join households h on h.id = t.subject
        where t.operation_id = $1 and t.kind = 'completeHousehold' order by h.reference`,
      [operationId],
    );
    expect(asked.map(({ reference }) => reference)).toEqual(lacking.map(({ household_ref }) => household_ref).sort());
    const { rows: held } = await database.pool.query<{ row: number }>(
      `select import_row as row from journeys j where import_id = $1
          and exists (select from holds where journey_id = j.id and type <> 'DATA_DISPUTE')
        order by import_row`,
      [importId],
    );
    // Whoever may be a child is held as the head, and where nobody who is registered with them is surely an adult.
    const cells = plainRows(scenarioFile(scenario, MESSY));
    const isHead = (row: number) => cells[row - 1]?.relationship_to_head.trim() === 'HEAD';
    const withAdult = new Set(
      truth.households
        .map(({ rows }) => rows.filter((row) => !rejected.has(row)))
        .filter((rows) => rows.some((row) => truth.rows[row - 1]?.child === 'no'))
        .flat(),
    );
    const atRisk = truth.rows.filter(
      ({ row, child, protection }) =>
        !rejected.has(row) &&
        (protection.some((flag) => HARMFUL.includes(flag)) || (child !== 'no' && (isHead(row) || !withAdult.has(row)))),
    );
    expect(held.map(({ row }) => row)).toEqual(atRisk.map(({ row }) => row));
    const { rows: loose } = await database.pool.query(
      `select h.reference from journeys j join households h on h.id = j.household_id
        where j.operation_id = $1 and h.reference = any($2)
          and not exists (select from holds where journey_id = j.id and type = 'DATA_DISPUTE')`,
      [operationId, lacking.map(({ household_ref }) => household_ref)],
    );
    expect(loose).toEqual([]);
  });
});

describe('whatever the number of retries', () => {
  /** A store that dies after so many calls of one of its methods, each time it is made. */
  function dying(store: TestStore, method: 'writeRows' | 'commitNext' | 'amendRows', after: number): TestStore {
    let calls = 0;
    return {
      ...store,
      [method]: async (...args: unknown[]) => {
        if (++calls > after) throw new Error('killed');
        return (store[method] as (...given: unknown[]) => Promise<unknown>)(...args);
      },
    };
  }

  const TABLES = [
    'import_rows',
    'households',
    'persons',
    'person_keys',
    'person_data',
    'person_search',
    'journeys',
    'holds',
    'pending_starts',
    'tasks',
  ];
  const sizes = async () =>
    Object.fromEntries(await Promise.all(TABLES.map(async (table) => [table, await count(table)])));
  const grown = (from: Record<string, number>, to: Record<string, number>) =>
    Object.fromEntries(TABLES.map((table) => [table, (to[table] ?? 0) - (from[table] ?? 0)]));

  it('a check and a commit killed again and again make what an undisturbed one makes', async () => {
    const { pool } = database;
    const undisturbed = await sizes();
    const whole = await checked('libya-vhr-flight', MESSY);
    await committed(whole.importId);
    const expected = grown(undisturbed, await sizes());

    const before = await sizes();
    const operation = await makeOperation(pool);
    const { importId } = await upload(pool, keyring, {
      operationId: operation.id,
      referenceDate: whole.referenceDate,
      source: fileSource(scenarioFile('libya-vhr-flight', MESSY)),
    });
    const page = 10;
    const attempt = (method: 'writeRows' | 'commitNext' | 'amendRows', after: number) =>
      importActivities({ store: dying(storeOf(pool, keyring, { page }), method, after), batch: page });
    for (const after of [0, 1, 3]) await expect(attempt('writeRows', after).check(importId)).rejects.toThrow('killed');
    await expect(attempt('amendRows', 0).check(importId)).rejects.toThrow('killed');
    await attempt('amendRows', 99).check(importId);
    await attempt('writeRows', 0).check(importId);
    expect((await progress(importId)).counts).toEqual((await progress(whole.importId)).counts);

    expect(await orderCommit(pool, keyring, importId)).toBe('started');
    for (const after of [0, 1, 2, 3])
      await expect(attempt('commitNext', after).commit(importId)).rejects.toThrow('killed');
    const halfway = await progress(importId);
    expect(halfway.done).toBeGreaterThan(0);
    expect(halfway.done).toBeLessThan(halfway.total ?? 0);
    expect(halfway.startedAt).toBeLessThanOrEqual(Date.now());
    expect(await attempt('commitNext', 999).commit(importId)).toEqual({ committed: true });
    expect(await attempt('commitNext', 999).commit(importId)).toEqual({ committed: true });
    expect(await orderCommit(pool, keyring, importId)).toBe('started');
    expect(grown(before, await sizes())).toEqual(expected);
  });

  it('a household whose rows are far apart is registered completely and once, wherever the pages end', async () => {
    for (const page of [1, 2, 3]) {
      const operation = await makeOperation(database.pool);
      const refs = ['H1', 'H2', 'H1', 'H3', 'H2', 'H1'];
      const rows = refs.map((household_ref, index) =>
        person({
          household_ref,
          person_ref: `P${index}`,
          relationship_to_head: index < 2 || index === 3 ? 'HEAD' : 'SPOUSE',
        }),
      );
      const { importId } = await upload(database.pool, keyring, {
        operationId: operation.id,
        referenceDate: '2026-11-25',
        source: textSource(stringifyCells(rows)),
      });
      const store = storeOf(database.pool, keyring, { page });
      await importActivities({ store }).check(importId);
      await committed(importId, store);
      const { rows: households } = await database.pool.query(
        `select h.reference, array_agg(j.import_row order by j.import_row) as rows
           from journeys j join households h on h.id = j.household_id where j.operation_id = $1 group by 1 order by 1`,
        [operation.id],
      );
      expect(households).toEqual([
        { reference: 'H1', rows: [1, 3, 6] },
        { reference: 'H2', rows: [2, 5] },
        { reference: 'H3', rows: [4] },
      ]);
    }
  });

  it('two concurrent attempts alternate: nobody is registered twice', async () => {
    const { importId, operationId } = await checked('ambae-2017', CAREFUL);
    expect(await orderCommit(database.pool, keyring, importId)).toBe('started');
    const attempts = [1, 2, 3].map(() =>
      importActivities({ store: storeOf(database.pool, keyring, { page: 20 }) }).commit(importId),
    );
    await Promise.all(attempts);
    expect(await count('journeys', 'operation_id = $1', operationId)).toBe(684);
    expect(await progress(importId)).toMatchObject({ done: 684, status: 'starting' });
  });

  it('an upload that broke off begins anew under its id, and one that arrived is answered the same', async () => {
    const { pool } = database;
    const operation = await makeOperation(pool);
    const list = stringifyCells([person()]);
    const importId = newId('import');
    const into = {
      id: importId,
      operationId: operation.id,
      fileName: null,
      referenceDate: '2026-11-25',
      createdBy: 'anna',
    };
    async function* dies(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(300_000, 'x');
      throw new Error('this process was killed');
    }
    const upload = uploads(pool, keyring);
    await expect(upload(into, { source: dies() })).rejects.toThrow('killed');
    expect(await count('import_chunks', 'import_id = $1', importId)).toBe(1);
    const arrived = { outcome: 'uploaded', bytes: Buffer.byteLength(list), check: importRun(importId, 'check') };
    expect(await upload(into, { source: textSource(list) })).toEqual(arrived);
    expect(await upload(into, { source: textSource(list) })).toEqual(arrived);
    await importActivities({ store: storeOf(pool, keyring) }).check(importId);
    expect(await progress(importId)).toMatchObject({ status: 'checked', total: 1 });
  });

  it('a list that comes again is recognised in its dry run', async () => {
    const first = await checked('libya-vhr-flight', CAREFUL);
    await committed(first.importId);
    const again = await upload(database.pool, keyring, {
      operationId: first.operationId,
      referenceDate: first.referenceDate,
      source: fileSource(scenarioFile('libya-vhr-flight', CAREFUL)),
    });
    await importActivities({ store: storeOf(database.pool, keyring) }).check(again.importId);
    expect((await progress(again.importId)).counts).toMatchObject({ rows: 120, alreadyKnown: 120 });
    // in another operation the team's numbers mean other people
    const elsewhere = await checked('libya-vhr-flight', CAREFUL);
    expect((await progress(elsewhere.importId)).counts).toMatchObject({ rows: 120, alreadyKnown: 0 });
  });
});

describe('a list that is refused', () => {
  const listOf = (rows: number) =>
    stringifyCells(
      Array.from({ length: rows }, (_, index) => person({ household_ref: `H${index}`, person_ref: `P${index}` })),
    );

  /** @param kept whether the file stays, to be read once more as a person says */
  async function refused(
    source: AsyncIterable<Uint8Array>,
    { kept = false, ...over }: { limit?: number; expectedBytes?: number; kept?: boolean } = {},
  ) {
    const operation = await makeOperation(database.pool);
    const { importId, outcome } = await upload(database.pool, keyring, {
      operationId: operation.id,
      referenceDate: '2026-11-25',
      source,
      ...over,
    });
    if (outcome.outcome === 'uploaded')
      await importActivities({ store: storeOf(database.pool, keyring) }).check(importId);
    const { status, refusal } = await progress(importId);
    expect(status).toBe('refused');
    for (const table of ['import_rows', 'import_cells'])
      expect({ table, count: await count(table, 'import_id = $1', importId) }).toEqual({ table, count: 0 });
    for (const table of ['import_chunks', 'import_keys'])
      expect({ table, kept: (await count(table, 'import_id = $1', importId)) > 0 }).toEqual({ table, kept });
    expect(await orderCommit(database.pool, keyring, importId)).toBe('not_checked');
    return refusal?.code;
  }

  it('is refused whole when it is above the limit, announced or found out', async () => {
    const list = listOf(5_000);
    const bytes = Buffer.byteLength(list);
    expect(await refused(textSource(list), { limit: bytes - 1 })).toBe('too_large');
    expect(await refused(textSource(list.slice(0, 100)), { limit: bytes - 1, expectedBytes: bytes })).toBe('too_large');
  });

  it('is refused whole when it was cut on its way', async () => {
    const list = listOf(50);
    const bytes = Buffer.byteLength(list);
    expect(await refused(textSource(list.slice(0, bytes / 2)), { expectedBytes: bytes })).toBe('cut_off');
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.from(list.slice(0, 1_000));
      throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
    }
    expect(await refused(broken())).toBe('cut_off');
    expect(await refused(textSource(`${list.slice(0, -10)}"`), { kept: true })).toBe('cut_off');
  });

  it('is refused when it is empty, has headings only, or is no list', async () => {
    expect(await refused(textSource())).toBe('empty');
    expect(await refused(textSource('<html></html>'))).toBe('unknown_format');
    expect(await refused(textSource(listOf(0)), { kept: true })).toBe('no_rows');
    expect(await refused(textSource('name;age\nAmina;38\n'), { kept: true })).toBe('columns_missing');
  });

  it('is not committed into an operation with closed registration, and reports the rows committed before', async () => {
    const { importId, operationId } = await checked('libya-vhr-flight', CAREFUL);
    expect(await orderCommit(database.pool, keyring, importId)).toBe('started');
    const store = storeOf(database.pool, keyring, { page: 10 });
    await store.commitNext(importId);
    await database.pool.query('update operations set registration_open = false where id = $1', [operationId]);
    expect(await importActivities({ store }).commit(importId)).toEqual({ committed: false });
    const { status, refusal, done } = await progress(importId);
    expect({ status, code: refusal?.code }).toEqual({ status: 'refused', code: 'registration_closed' });
    expect(await count('journeys', 'operation_id = $1', operationId)).toBe(done);
    const another = await checked('libya-vhr-flight', CAREFUL);
    await database.pool.query('update operations set registration_open = false where id = $1', [another.operationId]);
    expect(await orderCommit(database.pool, keyring, another.importId)).toBe('registration_closed');
  });

  it('is not started where everybody was rejected', async () => {
    const operation = await makeOperation(database.pool);
    const { importId } = await upload(database.pool, keyring, {
      operationId: operation.id,
      referenceDate: '2026-11-25',
      source: textSource(stringifyCells([person({ sex: '' })])),
    });
    await importActivities({ store: storeOf(database.pool, keyring) }).check(importId);
    expect(await orderCommit(database.pool, keyring, importId)).toBe('nobody_acceptable');
  });
});

describe('what came in', () => {
  it('is stored nowhere in plain text: no name, number or birth date in any column of any table', async () => {
    const canary = {
      given_names: 'Zyxwana Qaribo',
      family_name: 'Vlumtrek',
      phone: '+249917776543',
      document_type: 'NATIONAL_ID',
      document_number: 'QX8877665544',
      date_of_birth: '1971-02-03',
      person_ref: 'CANARY-REF-77',
      destination_admin1: 'Krumbolia',
    } as const;
    const operation = await makeOperation(database.pool);
    const list = stringifyCells([
      person(canary),
      person({ ...canary, person_ref: 'CANARY-REF-78', sex: 'wrong', relationship_to_head: 'SPOUSE' }),
    ]);
    const { importId } = await upload(database.pool, keyring, {
      operationId: operation.id,
      referenceDate: '2026-11-25',
      source: textSource(list),
    });
    await importActivities({ store: storeOf(database.pool, keyring) }).check(importId);
    await committed(importId);
    const words = [
      ...canary.given_names.split(' '),
      canary.family_name,
      canary.phone.slice(4),
      canary.document_number,
      canary.date_of_birth,
      canary.destination_admin1,
      'CANARY-REF',
    ];
    const { rows: tables } = await database.pool.query<{ name: string }>(
      `select quote_ident(table_name) as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`,
    );
    expect(tables.length).toBeGreaterThan(40);
    for (const { name } of tables) {
      const { rows } = await database.pool.query<Record<string, unknown>>(`select * from ${name}`);
      // bytes are read as if they were letters
      const dump = rows
        .flatMap((row) =>
          Object.values(row).map((value) =>
            Buffer.isBuffer(value) ? value.toString('latin1') : JSON.stringify(value),
          ),
        )
        .join('\n')
        .toLowerCase();
      if (name === 'households') expect(dump).toContain('hall b');
      for (const word of words) expect(dump.includes(word.toLowerCase()), `${word} in ${name}`).toBe(false);
    }
  });
});

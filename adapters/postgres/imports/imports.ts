import { sql } from 'kysely';
import type { CheckStore, CheckSummary, ImportJob } from '../../../application/imports/check.ts';
import type { StartsPorts } from '../../../application/imports/commit.ts';
import type { Transactions } from '../../../application/imports/record.ts';
import type { UploadPorts } from '../../../application/imports/upload.ts';
import type { Verdict } from '../../../domain/imports/codes.ts';
import type { FoundList } from '../../../domain/imports/file.ts';
import type { ImportCounts } from '../../../domain/imports/importRecord.ts';
import type { Keyring } from '../../crypto/envelope.ts';
import { personRefKey } from '../../crypto/people.ts';
import { anyOf, type Db, json } from '../database.ts';
import { amendRows, importKey, makeImportKey, writeRows } from './rows.ts';
import { latestOverride, recallHeadings, removeRows, transactionOn, writeOverride } from './transaction.ts';

const MANY_ROWS = 5_000;

export type ImportStore = CheckStore &
  StartsPorts &
  Omit<UploadPorts, 'partnerExists' | 'listOf' | 'now'> & {
    operationOf(importId: string): Promise<string | undefined>;
    /** Marks the import as done, after every journey has been started. */
    finish(importId: string): Promise<void>;
  };

/** Imports on PostgreSQL. The file and its rows are encrypted under a key of the import. */
export function importsOn(db: Db, keyring: Keyring): ImportStore {
  const inTransaction: Transactions['transaction'] = (work) =>
    db.transaction().execute((tx) => work(transactionOn(tx, keyring)));

  return {
    transaction: inTransaction,

    async operationOf(importId) {
      const row = await db.selectFrom('imports').select('operationId').where('id', '=', importId).executeTakeFirst();
      return row?.operationId;
    },

    async create({ id, given = {}, ...list }) {
      await db.transaction().execute(async (tx) => {
        const { operationId, fileName, partnerId, continues, createdBy } = list;
        const referenceDate = sql<Date>`${list.referenceDate}::date`;
        await tx
          .insertInto('imports')
          .values({ id, operationId, fileName, referenceDate, partnerId, continues, createdBy })
          .onConflict((oc) => oc.column('id').doNothing())
          .execute();
        await makeImportKey(tx, keyring, id);
        await writeOverride(tx, keyring, id, { round: 1, given, overriddenBy: createdBy });
      });
    },

    async chunkWriter(importId) {
      const key = await importKey(db, keyring, importId);
      return async (number, bytes) => {
        const encrypted = key.encryptBytes(`chunk ${number}`, bytes);
        await db.insertInto('importChunks').values({ importId, number, encrypted }).execute();
      };
    },

    beginCheck: (importId) => beginCheck(db, keyring, importId),

    async *source(importId) {
      const key = await importKey(db, keyring, importId);
      for (let number = 0; ; number++) {
        const chunk = await db
          .selectFrom('importChunks')
          .select('encrypted')
          .where('importId', '=', importId)
          .where('number', '=', number)
          .executeTakeFirst();
        if (chunk === undefined) return;
        yield key.openBytes(`chunk ${number}`, chunk.encrypted);
      }
    },

    recall: (importId, headings) => recallHeadings(db, keyring, importId, headings),

    async beginRows(importId, round, total) {
      const [row] = await checking(db, importId, round).set({ total }).returning('done').execute();
      return row?.done ?? total;
    },

    async writeRows(importId, round, rows) {
      const last = rows.at(-1)?.row;
      if (last === undefined) return;
      const key = await importKey(db, keyring, importId);
      await db.transaction().execute(async (tx) => {
        const { numUpdatedRows } = await checking(tx, importId, round)
          .set((eb) => ({ done: eb.fn<number>('greatest', ['done', eb.val(last)]) }))
          .executeTakeFirst();
        if (numUpdatedRows === 0n) throw new Error(`${importId} is being checked anew`);
        await writeRows(tx, key, importId, rows);
      });
    },

    async amendRows(importId, round, rows, amend) {
      await db.transaction().execute(async (tx) => {
        const locked = await tx
          .selectFrom('imports')
          .select('id')
          .where('id', '=', importId)
          .where('round', '=', round)
          .where('status', '=', 'checking')
          .forShare()
          .executeTakeFirst();
        if (locked === undefined) throw new Error(`${importId} is being checked anew`);
        await amendRows(tx, importId, rows, amend);
      });
    },

    async countKnown(operationId, importId, personRefs) {
      const keys = personRefs.map((ref) => personRefKey(keyring, operationId, ref).key);
      const { known } = await db
        .selectFrom('personSearch as s')
        .select((eb) => eb.cast<number>(eb.fn.count('s.key').distinct(), 'integer').as('known'))
        .where('s.kind', '=', 'person_ref')
        .where('s.key', '=', anyOf(keys))
        .where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom('journeys as j')
                .select('j.id')
                .whereRef('j.personId', '=', 's.personId')
                .where((on) => on.or([on('j.importId', '=', importId), on('j.ending', 'is not', null)])),
            ),
          ),
        )
        .executeTakeFirstOrThrow();
      return known;
    },

    async finishCheck(importId, round, { found, dateOrders, ...summary }) {
      await db.transaction().execute(async (tx) => {
        const counts = await countRows(tx, importId, summary);
        await checking(tx, importId, round)
          .set({
            status: 'checked',
            finishedAt: sql<Date>`now()`,
            encryptedFound: await encryptedFound(tx, keyring, importId, { found, dateOrders }),
            counts: json(counts),
            total: counts.rows,
            done: counts.rows,
            failed: counts.reject,
          })
          .execute();
        // without new statistics each page of the commit would read all rows
        if (counts.rows >= MANY_ROWS) await sql`analyze import_rows (import_id, row, household)`.execute(tx);
      });
    },

    async refuseForNow(importId, refusal, found) {
      await db.transaction().execute(async (tx) => {
        await removeRows(tx, importId);
        await tx
          .updateTable('imports')
          .set({
            status: 'refused',
            refusal: json(refusal),
            finishedAt: sql<Date>`now()`,
            encryptedFound:
              found === undefined ? null : await encryptedFound(tx, keyring, importId, { found, dateOrders: {} }),
          })
          .where('id', '=', importId)
          .where('status', '=', 'checking')
          .execute();
      });
    },

    async journeys(importId) {
      const rows = await db.selectFrom('journeys').select('id').where('importId', '=', importId).execute();
      return rows.map(({ id }) => id);
    },

    async startsLeft(workflowIds) {
      const { left } = await db
        .selectFrom('pendingStarts')
        .select((eb) => eb.cast<number>(eb.fn.countAll(), 'integer').as('left'))
        .where('startedAt', 'is', null)
        .where('workflowId', '=', anyOf(workflowIds))
        .executeTakeFirstOrThrow();
      return left;
    },

    async finish(importId) {
      await db.transaction().execute(async (tx) => {
        const done = await tx
          .updateTable('imports')
          .set({ status: 'done', finishedAt: sql<Date>`now()` })
          .where('id', '=', importId)
          .where('status', '=', 'starting')
          .returning('failed')
          .executeTakeFirst();
        if (done?.failed !== 0) return;
        // with nothing left to correct, the task of an earlier commit is done
        await tx
          .updateTable('tasks')
          .set((eb) => ({ status: 'done', closedAt: eb.ref('openedAt') }))
          .where('subject', '=', importId)
          .where('kind', '=', 'correctRows')
          .where('status', '=', 'open')
          .execute();
      });
    },
  };
}

/** An update of the import while it is in this check. */
const checking = (db: Db, importId: string, round: number) =>
  db.updateTable('imports').where('id', '=', importId).where('round', '=', round).where('status', '=', 'checking');

async function beginCheck(db: Db, keyring: Keyring, importId: string): Promise<ImportJob | undefined> {
  const row = await db
    .updateTable('imports')
    .set({ status: 'checking', startedAt: sql<Date>`coalesce(started_at, now())` })
    .where('id', '=', importId)
    .where('status', '=', sql<'uploaded'>`any('{uploaded,checking}')`)
    .returning(['operationId', 'round', 'continues', sql<string>`reference_date::text`.as('referenceDate')])
    .returning((eb) =>
      eb
        .selectFrom('operations as o')
        .select('o.country')
        .whereRef('o.id', '=', 'imports.operationId')
        .$asScalar()
        .$notNull()
        .as('country'),
    )
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const { continues, ...job } = row;
  const given = await latestOverride(db, keyring, importId);
  const corrections = await sql<{ id: string; rows: number[]; targets: number[] }>`
    select i.id, array_agg(m.row) as rows, array_agg(m.target) as targets
      from imports i join import_corrections m on m.import_id = i.id
     where i.continues = ${importId} and i.joined is not null group by i.id, i.joined order by i.joined, i.id`.execute(
    db,
  );
  const corrected = [];
  for (const { id, rows, targets } of corrections.rows) {
    corrected.push({
      importId: id,
      given: await latestOverride(db, keyring, id),
      targets: new Map(rows.map((from, index) => [from, targets[index] ?? 0])),
    });
  }
  const list = continues === null ? null : { importId: continues, given: await latestOverride(db, keyring, continues) };
  return { ...job, given, corrected, continues: list };
}

/** What was detected about a file may quote it, so it is encrypted with it. */
async function encryptedFound(
  db: Db,
  keyring: Keyring,
  importId: string,
  found: { found: FoundList; dateOrders: CheckSummary['dateOrders'] },
): Promise<Buffer> {
  return (await importKey(db, keyring, importId)).encrypt('found', found);
}

async function countRows(
  db: Db,
  importId: string,
  summary: Pick<ImportCounts, 'households' | 'incompleteHouseholds' | 'alreadyKnown'>,
): Promise<ImportCounts> {
  const verdicts = await db
    .selectFrom('importRows')
    .select((eb) => ['verdict', eb.cast<number>(eb.fn.countAll(), 'integer').as('count')])
    .where('importId', '=', importId)
    .groupBy('verdict')
    .execute();
  const codes = await sql<{ code: string; count: number }>`
    select code, count(*)::int as count
      from (select distinct row, finding ->> 'code' as code
              from import_rows, jsonb_array_elements(codes) as finding where import_id = ${importId}) as found
     group by code order by code`.execute(db);
  const of = (verdict: Verdict): number => verdicts.find((row) => row.verdict === verdict)?.count ?? 0;
  const [accept, acceptWithWarning, reject] = [of('accept'), of('accept_with_warning'), of('reject')];
  return {
    rows: accept + acceptWithWarning + reject,
    accept,
    acceptWithWarning,
    reject,
    byCode: Object.fromEntries(codes.rows.map(({ code, count }) => [code, count])),
    ...summary,
  };
}

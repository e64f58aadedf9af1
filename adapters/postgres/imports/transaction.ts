import { sql } from 'kysely';
import type { ImportTransaction, LockedImport } from '../../../application/imports/record.ts';
import { type HeadingRule, headingKey, isColumn } from '../../../domain/imports/columns.ts';
import { type Override, STORED_DATE_ORDER, STORED_OVERRIDE } from '../../../domain/imports/file.ts';
import { STORED_REFUSAL } from '../../../domain/imports/importRecord.ts';
import { type Keyring, searchKey } from '../../crypto/envelope.ts';
import { anyOf, type Db, json, recordset } from '../database.ts';
import { importKey, listedRows, storedKey } from './rows.ts';

/** One transaction on imports. */
export function transactionOn(tx: Db, keyring: Keyring): ImportTransaction {
  return {
    lock: (...importIds) => lockImports(tx, importIds),

    async order(importId, step, { workflowId, taskQueue }) {
      await sql`
        insert into pending_starts (workflow_id, workflow, task_queue, input)
        select ${workflowId}, 'importList', ${taskQueue},
               jsonb_build_object('version', 1, 'importId', id, 'operationId', operation_id, 'step', ${step}::text)
          from imports where id = ${importId}
        on conflict (workflow_id) do nothing`.execute(tx);
    },

    async dropUpload(importId) {
      await tx.deleteFrom('importChunks').where('importId', '=', importId).execute();
    },

    async uploaded(importId, bytes) {
      await tx
        .updateTable('imports')
        .set({ status: 'uploaded', bytes })
        .where('id', '=', importId)
        .where('status', '=', 'uploading')
        .execute();
    },

    async refuse(importId, refusal) {
      await tx
        .updateTable('imports')
        .set({ status: 'refused', refusal: json(refusal), finishedAt: sql<Date>`now()` })
        .where('id', '=', importId)
        .where('status', '=', sql<'uploading'>`any('{uploading,uploaded,checking}')`)
        .execute();
      await removeRows(tx, importId);
      await tx.deleteFrom('importChunks').where('importId', '=', importId).execute();
      await tx.deleteFrom('importKeys').where('importId', '=', importId).execute();
    },

    isStored: async (importId) => (await storedKey(tx, keyring, importId)) !== undefined,

    async hasRegistered(importId) {
      const row = await tx
        .selectFrom('importRows')
        .select('row')
        .where('importId', '=', importId)
        .where('personId', 'is not', null)
        .limit(1)
        .executeTakeFirst();
      return row !== undefined;
    },

    overrides: (importId) => latestOverride(tx, keyring, importId),
    writeOverride: (importId, override) => writeOverride(tx, keyring, importId, override),
    rememberHeadings: (importId, rules, by) => rememberHeadings(tx, keyring, importId, rules, by),

    async restart(importId) {
      await removeRows(tx, importId);
      const { round } = await tx
        .updateTable('imports')
        .set((eb) => ({
          status: 'uploaded',
          round: eb('round', '+', 1),
          refusal: null,
          encryptedFound: null,
          counts: null,
          met: null,
          total: null,
          done: 0,
          failed: 0,
          startedAt: null,
          finishedAt: null,
        }))
        .where('id', '=', importId)
        .returning('round')
        .executeTakeFirstOrThrow();
      return round;
    },

    async registrationOpen(operationId) {
      const row = await tx
        .selectFrom('operations')
        .select('registrationOpen')
        .where('id', '=', operationId)
        .executeTakeFirst();
      return row?.registrationOpen === true;
    },

    async acceptable(importId) {
      const { count } = await tx
        .selectFrom('importRows')
        .select((eb) => eb.cast<number>(eb.fn.countAll(), 'integer').as('count'))
        .where('importId', '=', importId)
        .where('verdict', '<>', 'reject')
        .where('personId', 'is', null)
        .executeTakeFirstOrThrow();
      return count;
    },

    async committing(importId, total) {
      await tx
        .updateTable('imports')
        .set({ status: 'committing', startedAt: sql<Date>`now()`, finishedAt: null, total, done: 0, cursor: 0 })
        .where('id', '=', importId)
        .execute();
    },

    rows: (importId) => listedRows(tx, keyring, importId),

    async join(importId, targets, counts) {
      if (targets.length > 0) {
        await tx
          .insertInto('importCorrections')
          .columns(['importId', 'row', 'target'])
          .expression(
            tx
              .selectFrom(recordset(targets, { row: 'int', target: 'int' }, 'm'))
              .select((eb) => [eb.val(importId).as('importId'), 'm.row', 'm.target']),
          )
          .execute();
      }
      await tx
        .updateTable('imports')
        .set({
          status: 'done',
          joined: sql<Date>`clock_timestamp()`,
          finishedAt: sql<Date>`now()`,
          counts: json(counts),
          total: counts.rows,
          done: counts.rows,
        })
        .where('id', '=', importId)
        .execute();
    },
  };
}

export async function lockImports(tx: Db, importIds: readonly string[]): Promise<Map<string, LockedImport>> {
  const rows = await tx
    .selectFrom('imports')
    .select(['id', 'operationId', 'status', 'round', 'cursor', 'bytes', 'refusal', 'continues', 'joined'])
    .select(sql<string>`reference_date::text`.as('referenceDate'))
    .where('id', '=', anyOf(importIds))
    .orderBy('id')
    .forUpdate()
    .execute();
  return new Map(
    rows.map(({ id, ...row }) => [
      id,
      { ...row, refusal: STORED_REFUSAL.read(row.refusal), joined: row.joined !== null },
    ]),
  );
}

/** Rows of registered people stay. */
export async function removeRows(tx: Db, importId: string): Promise<void> {
  await tx.deleteFrom('importRows').where('importId', '=', importId).where('personId', 'is', null).execute();
  await tx.deleteFrom('importCells').where('importId', '=', importId).execute();
}

/** Writes all overrides of a list; the order of dates in plain, the rest encrypted. */
export async function writeOverride(
  db: Db,
  keyring: Keyring,
  importId: string,
  { round, given, overriddenBy }: { round: number; given: Override; overriddenBy: string },
): Promise<void> {
  const { dateOrder = {}, ...rest } = given;
  const key = await importKey(db, keyring, importId);
  const encrypted = Object.keys(rest).length === 0 ? null : key.encrypt(`reading ${round}`, rest);
  await db
    .insertInto('importReadings')
    .values({ importId, round, dateOrder: json(dateOrder), encrypted, overriddenBy })
    .onConflict((oc) => oc.columns(['importId', 'round']).doNothing())
    .execute();
}

/** All overrides of the list. */
export async function latestOverride(db: Db, keyring: Keyring, importId: string): Promise<Override> {
  const latest = await db
    .selectFrom('importReadings')
    .select(['round', 'dateOrder', 'encrypted'])
    .where('importId', '=', importId)
    .orderBy('round', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (latest === undefined) return {};
  const dateOrder = STORED_DATE_ORDER.read(latest.dateOrder);
  const order = Object.keys(dateOrder).length === 0 ? {} : { dateOrder };
  if (latest.encrypted === null) return order;
  const key = await importKey(db, keyring, importId);
  return { ...STORED_OVERRIDE.read(key.open(`reading ${latest.round}`, latest.encrypted)), ...order };
}

/** The source of the headings: a partner, or the operation's own teams. */
async function sourceOf(db: Db, importId: string): Promise<string> {
  const row = await db
    .selectFrom('imports')
    .select((eb) => eb.fn.coalesce('partnerId', 'operationId').as('source'))
    .where('id', '=', importId)
    .executeTakeFirst();
  return row?.source ?? importId;
}

const hashOf = (keyring: Keyring, heading: string): string => searchKey(keyring, 'heading', headingKey(heading));

/** Where two columns have one heading, nothing is remembered. */
async function rememberHeadings(
  db: Db,
  keyring: Keyring,
  importId: string,
  rules: readonly HeadingRule[],
  overriddenBy: string,
): Promise<void> {
  const kept = new Map(
    rules
      .filter(({ position }) => position === undefined)
      .map(({ heading, column }) => [hashOf(keyring, heading), column]),
  );
  if (kept.size === 0) return;
  const source = await sourceOf(db, importId);
  await db
    .insertInto('listHeadings')
    .values([...kept].map(([heading, columnName]) => ({ source, heading, columnName, overriddenBy })))
    .onConflict((oc) =>
      oc.columns(['source', 'heading']).doUpdateSet((eb) => ({
        columnName: eb.ref('excluded.columnName'),
        overriddenBy: eb.ref('excluded.overriddenBy'),
        overriddenAt: sql<Date>`now()`,
      })),
    )
    .execute();
}

export async function recallHeadings(
  db: Db,
  keyring: Keyring,
  importId: string,
  headings: readonly string[],
): Promise<HeadingRule[]> {
  const rows = await db
    .selectFrom('listHeadings')
    .select(['heading', 'columnName'])
    .where('source', '=', await sourceOf(db, importId))
    .where('heading', '=', anyOf(headings.map((heading) => hashOf(keyring, heading))))
    .execute();
  const known = new Map(rows.map(({ heading, columnName }) => [heading, columnName]));
  return headings.flatMap((heading) => {
    const column = known.get(hashOf(keyring, heading));
    // a column that lists no longer have is not recalled
    if (column === undefined || (column !== null && !isColumn(column))) return [];
    return [{ heading, column }];
  });
}

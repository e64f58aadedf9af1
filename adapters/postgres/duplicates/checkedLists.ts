import type { KnownPerson } from '../../../domain/duplicates/comparePeople.ts';
import {
  bestPairs,
  type FoundPair,
  meetings,
  pairsAmong,
  pairsBetween,
  withHeads,
} from '../../../domain/duplicates/findPairs.ts';
import { type KeyIndex, keyIndex } from '../../../domain/duplicates/keyIndex.ts';
import { type PairKeys, rememberedKeys } from '../../../domain/duplicates/searchKeys.ts';
import type { DuplicateCandidates } from '../../../domain/imports/importRecord.ts';
import { STORED_ROW_MEANING } from '../../../domain/imports/person.ts';
import { type Keyring, openFields } from '../../crypto/envelope.ts';
import { databaseIn, type Queryable } from '../database.ts';
import { encryptedIn, type ImportKey, importKey } from '../imports/keys.ts';
import { pairKeyEncrypter } from '../people/searchKeys.ts';
import { peopleUnder, readHeads } from './knownPeople.ts';

const FIRST = 20;

/** Rows decrypted at a time, so that memory stays constant for any list. */
const PAGE = 500;

/** Earlier rows decrypted for a page; more rows share keys only in a list of one name. */
const CANDIDATES_AT_MOST = 5_000;

type ListedPerson = KnownPerson & { row: number };
type List = { importId: string; operationId: string; round: number; key: ImportKey };

/**
 * Compares the next checked list: its rows with each other and with everybody known. The result is stored with the dry
 * run, and nothing else is written. A list that is being committed or reprocessed is skipped.
 * @param pause between two pages
 * @returns whether there was one
 */
export async function compareCheckedList(
  db: Queryable,
  keyring: Keyring,
  pause: () => Promise<void> = async () => {},
): Promise<boolean> {
  const { rows } = await db.query<{ id: string; operation_id: string; round: number }>(
    `select i.id, i.operation_id, i.round from imports i join import_keys k on k.import_id = i.id
      where i.status = 'checked' and i.met is null order by i.finished_at, i.id limit 1`,
  );
  const next = rows[0];
  if (next === undefined) return false;
  const list: List = {
    importId: next.id,
    operationId: next.operation_id,
    round: next.round,
    key: await importKey(databaseIn(db), keyring, next.id),
  };
  const met = await compareRows(db, keyring, list, pause);
  if (met !== undefined) {
    await db.query(`update imports set met = $3 where id = $1 and round = $2`, [
      list.importId,
      list.round,
      JSON.stringify(met),
    ]);
  }
  return true;
}

async function compareRows(
  db: Queryable,
  keyring: Keyring,
  list: List,
  pause: () => Promise<void>,
): Promise<DuplicateCandidates | undefined> {
  const filed = keyIndex();
  const met: DuplicateCandidates = { compared: 0, withinList: 0, withKnown: 0, first: [] };
  const within = new Set<string>();
  for (let cursor = 0; ; ) {
    const page = await readRows(db, list, 'row > $2 order by row limit $3', cursor, PAGE);
    const last = page.at(-1);
    if (last === undefined) break;
    if (!(await isStillRequested(db, list))) return undefined;
    const keys = rememberedKeys();
    for (const pair of await pairsWithin(db, list, page, filed, keys)) {
      const rows = pair.one.row < pair.other.row ? [pair.one.row, pair.other.row] : [pair.other.row, pair.one.row];
      if (within.has(rows.join())) continue;
      within.add(rows.join());
      const { score, reasons } = pair.comparison;
      if (met.first.length < FIRST) met.first.push({ rows: rows as [number, number], score, reasons });
    }
    met.withKnown += await countKnown(db, keyring, list, page, keys);
    met.compared += page.length;
    cursor = last.row;
    await pause();
  }
  return { ...met, withinList: within.size };
}

async function isStillRequested(db: Queryable, { importId, round }: List): Promise<boolean> {
  const { rowCount } = await db.query(`select from imports where id = $1 and round = $2 and status = 'checked'`, [
    importId,
    round,
  ]);
  return rowCount === 1;
}

/** The pairs of these rows with each other and with earlier rows, which are indexed by key and decrypted on demand. */
async function pairsWithin(
  db: Queryable,
  list: List,
  page: readonly ListedPerson[],
  filed: KeyIndex,
  keys: PairKeys,
): Promise<Array<FoundPair<ListedPerson>>> {
  const earlier = [...filed.under(page.flatMap(keys.lookedFor))].slice(0, CANDIDATES_AT_MOST);
  const pairs = pairsAmong(page, keys).pairs;
  for (let from = 0; from < earlier.length; from += PAGE) {
    const rows = await readRows(db, list, 'row = any($2) limit $3', earlier.slice(from, from + PAGE), PAGE);
    pairs.push(...pairsBetween(page, rows, keys).pairs);
  }
  for (const person of page) filed.add(person.row, keys.filed(person));
  const best = bestPairs(pairs);
  const households = meetings(best).flat();
  const heads =
    households.length === 0 ? [] : await readRows(db, list, 'household = any($2) limit $3', households, null);
  return withHeads(best, heads);
}

async function countKnown(
  db: Queryable,
  keyring: Keyring,
  { operationId }: List,
  page: readonly ListedPerson[],
  keys: PairKeys,
): Promise<number> {
  const asked = pairKeyEncrypter(keyring)(page.flatMap(keys.lookedFor));
  const pairs: Array<FoundPair<KnownPerson>> = [];
  for await (const known of peopleUnder(db, keyring, operationId, asked))
    pairs.push(...pairsBetween<KnownPerson>(page, known, keys).pairs);
  const homes = meetings(pairs).flat();
  const heads = [
    ...(await readHeads(db, keyring, homes)),
    ...page.filter(({ household }) => homes.includes(household.id)),
  ];
  const found = new Set(withHeads(pairs, heads).flatMap(({ one, other }) => [one, other]));
  return page.filter((person) => found.has(person)).length;
}

/** Acceptable rows, decrypted. @param where their condition: `$2` is `what`, `$3` the limit */
async function readRows(
  db: Queryable,
  { importId, key }: List,
  where: string,
  what: number | readonly number[] | readonly string[],
  limit: number | null,
): Promise<ListedPerson[]> {
  const { rows } = await db.query<{
    row: number;
    household: string | null;
    child: string;
    encrypted: Buffer;
    size: number;
  }>(
    `select row, household, child, encrypted,
            (select count(*)::integer from import_rows m where m.import_id = r.import_id and m.household = r.household) as size
       from import_rows r where import_id = $1 and verdict <> 'reject' and person_id is null and ${where}`,
    [importId, what, limit],
  );
  return rows.map(({ row, household, child, encrypted, size }) => {
    const { meaning } = STORED_ROW_MEANING.read(
      openFields(key.key, encryptedIn(importId, `row ${row}`, key.kekId), encrypted),
    );
    return {
      row,
      givenNames: meaning.givenNames,
      familyName: meaning.familyName,
      sex: meaning.sex,
      birthDate: meaning.birthDate,
      nationality: meaning.nationality,
      document: meaning.document,
      phone: meaning.phone,
      relationship: meaning.relationship,
      household: { id: household ?? '', size },
      isChild: child === 'yes' || child === 'possibly',
    };
  });
}

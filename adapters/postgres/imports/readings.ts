import { type Column, isColumn } from '../../../domain/intake/columns.ts';
import { type HeadingRule, headingKey } from '../../../domain/intake/headings.ts';
import type { Overrule } from '../../lists/openList.ts';
import { type Keyring, openFields, sealFields, searchKey } from '../../secrets/envelope.ts';
import type { Queryable } from '../database.ts';
import { importKey, sealedIn } from './keys.ts';

/** Who said what of how a list is to be read; `round` is the first check for which it counted. */
export type Reading = { round: number; saidBy: string; saidAt: Date; dateOrder: NonNullable<Overrule['dateOrder']> };

/** Writes down what a person says, on top of what was said before; the order of dates in plain, the rest sealed. */
export async function writeReading(
  client: Queryable,
  keyring: Keyring,
  reading: { importId: string; round: number; said: Overrule; saidBy: string },
): Promise<void> {
  const { importId, round, saidBy } = reading;
  const { dateOrder = {}, ...rest } = reading.said;
  const { key, kekId } = await importKey(client, keyring, importId);
  await client.query(
    `insert into import_readings (import_id, round, date_order, sealed, said_by) values ($1, $2, $3, $4, $5)
     on conflict (import_id, round) do nothing`,
    [
      importId,
      round,
      JSON.stringify(dateOrder),
      Object.keys(rest).length === 0 ? null : sealFields(key, sealedIn(importId, `reading ${round}`, kekId), rest),
      saidBy,
    ],
  );
}

/** All that was said of how the list is to be read. */
export async function latestReading(db: Queryable, keyring: Keyring, importId: string): Promise<Overrule> {
  const { rows } = await db.query<{ round: number; date_order: Overrule['dateOrder']; sealed: Buffer | null }>(
    'select round, date_order, sealed from import_readings where import_id = $1 order by round desc limit 1',
    [importId],
  );
  const latest = rows[0];
  if (latest === undefined) return {};
  const dateOrder = latest.date_order ?? {};
  const order = Object.keys(dateOrder).length === 0 ? {} : { dateOrder };
  if (latest.sealed === null) return order;
  const { key, kekId } = await importKey(db, keyring, importId);
  const rest = openFields(key, sealedIn(importId, `reading ${latest.round}`, kekId), latest.sealed) as Overrule;
  return { ...rest, ...order };
}

export async function readReadings(db: Queryable, importId: string): Promise<Reading[]> {
  const { rows } = await db.query<Reading>(
    `select round, said_by as "saidBy", said_at as "saidAt", date_order as "dateOrder"
       from import_readings where import_id = $1 order by round`,
    [importId],
  );
  return rows;
}

/** What was said before with something new on top; a heading that is named again stands for the new column. */
export function saidAnew(before: Overrule, said: Overrule): Overrule {
  const same = (one: HeadingRule, other: HeadingRule): boolean =>
    headingKey(one.heading) === headingKey(other.heading) && one.position === other.position;
  const columns = [
    ...(before.columns ?? []).filter((rule) => !(said.columns ?? []).some((other) => same(rule, other))),
    ...(said.columns ?? []),
  ];
  const dateOrder = { ...before.dateOrder, ...said.dateOrder };
  return {
    ...before,
    ...said,
    ...(columns.length === 0 ? {} : { columns }),
    ...(Object.keys(dateOrder).length === 0 ? {} : { dateOrder }),
  };
}

/** Whose lists have the same headings: a partner's, or the operation's own desks. */
async function sourceOf(db: Queryable, importId: string): Promise<string> {
  const { rows } = await db.query<{ source: string }>(
    'select coalesce(partner_id, operation_id) as source from imports where id = $1',
    [importId],
  );
  return rows[0]?.source ?? importId;
}

const hashOf = (keyring: Keyring, heading: string): string => searchKey(keyring, 'heading', headingKey(heading));

/** Remembers what headings stand for, for the next lists of the source. Where two have one heading nothing is remembered. */
export async function rememberHeadings(
  client: Queryable,
  keyring: Keyring,
  importId: string,
  rules: readonly HeadingRule[],
  saidBy: string,
): Promise<void> {
  const kept = new Map(
    rules
      .filter(({ position }) => position === undefined)
      .map(({ heading, column }) => [hashOf(keyring, heading), column]),
  );
  if (kept.size === 0) return;
  await client.query(
    `insert into list_headings (source, heading, column_name, said_by)
     select $1, heading, column_name, $4 from unnest($2::text[], $3::text[]) as h (heading, column_name)
     on conflict (source, heading) do update set column_name = excluded.column_name, said_by = excluded.said_by, said_at = now()`,
    [await sourceOf(client, importId), [...kept.keys()], [...kept.values()], saidBy],
  );
}

export async function recallHeadings(
  db: Queryable,
  keyring: Keyring,
  importId: string,
  headings: readonly string[],
): Promise<HeadingRule[]> {
  const { rows } = await db.query<{ heading: string; column_name: string | null }>(
    'select heading, column_name from list_headings where source = $1 and heading = any($2)',
    [await sourceOf(db, importId), headings.map((heading) => hashOf(keyring, heading))],
  );
  const known = new Map(rows.map(({ heading, column_name }) => [heading, columnNamed(column_name)]));
  return headings.flatMap((heading) => {
    const column = known.get(hashOf(keyring, heading));
    return column === undefined ? [] : [{ heading, column }];
  });
}

/** undefined for a column that the lists no longer have */
function columnNamed(name: string | null): Column | null | undefined {
  if (name === null) return null;
  return isColumn(name) ? name : undefined;
}

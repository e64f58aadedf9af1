import { type Column, isColumn } from '../../../domain/imports/columns.ts';
import { type HeadingRule, headingKey } from '../../../domain/imports/headings.ts';
import { STORED_DATE_ORDER } from '../../../domain/imports/importRecord.ts';
import { encryptFields, type Keyring, openFields, searchKey } from '../../crypto/envelope.ts';
import type { Override } from '../../files/openList.ts';
import { STORED_OVERRIDE } from '../../files/storedList.ts';
import type { Queryable } from '../database.ts';
import { encryptedIn, importKey } from './keys.ts';

/** Who set which overrides; `round` is the first check that used them. */
export type Reading = {
  round: number;
  overriddenBy: string;
  overriddenAt: Date;
  dateOrder: NonNullable<Override['dateOrder']>;
};

/** Writes an override on top of the earlier ones; the order of dates in plain, the rest encrypted. */
export async function writeReading(
  client: Queryable,
  keyring: Keyring,
  reading: { importId: string; round: number; given: Override; overriddenBy: string },
): Promise<void> {
  const { importId, round, overriddenBy } = reading;
  const { dateOrder = {}, ...rest } = reading.given;
  const { key, kekId } = await importKey(client, keyring, importId);
  await client.query(
    `insert into import_readings (import_id, round, date_order, encrypted, overridden_by) values ($1, $2, $3, $4, $5)
     on conflict (import_id, round) do nothing`,
    [
      importId,
      round,
      JSON.stringify(dateOrder),
      Object.keys(rest).length === 0
        ? null
        : encryptFields(key, encryptedIn(importId, `reading ${round}`, kekId), rest),
      overriddenBy,
    ],
  );
}

/** All overrides of the list. */
export async function latestReading(db: Queryable, keyring: Keyring, importId: string): Promise<Override> {
  const { rows } = await db.query<{ round: number; date_order: unknown; encrypted: Buffer | null }>(
    'select round, date_order, encrypted from import_readings where import_id = $1 order by round desc limit 1',
    [importId],
  );
  const latest = rows[0];
  if (latest === undefined) return {};
  const dateOrder = STORED_DATE_ORDER.read(latest.date_order);
  const order = Object.keys(dateOrder).length === 0 ? {} : { dateOrder };
  if (latest.encrypted === null) return order;
  const { key, kekId } = await importKey(db, keyring, importId);
  const opened = openFields(key, encryptedIn(importId, `reading ${latest.round}`, kekId), latest.encrypted);
  const rest = STORED_OVERRIDE.read(opened);
  return { ...rest, ...order };
}

export async function readReadings(db: Queryable, importId: string): Promise<Reading[]> {
  const { rows } = await db.query<Omit<Reading, 'dateOrder'> & { dateOrder: unknown }>(
    `select round, overridden_by as "overriddenBy", overridden_at as "overriddenAt", date_order as "dateOrder"
       from import_readings where import_id = $1 order by round`,
    [importId],
  );
  return rows.map((row) => ({ ...row, dateOrder: STORED_DATE_ORDER.read(row.dateOrder) }));
}

/** The earlier overrides with the new one on top; a heading that is named again gets the new column. */
export function mergedOverride(before: Override, given: Override): Override {
  const same = (one: HeadingRule, other: HeadingRule): boolean =>
    headingKey(one.heading) === headingKey(other.heading) && one.position === other.position;
  const columns = [
    ...(before.columns ?? []).filter((rule) => !(given.columns ?? []).some((other) => same(rule, other))),
    ...(given.columns ?? []),
  ];
  const dateOrder = { ...before.dateOrder, ...given.dateOrder };
  return {
    ...before,
    ...given,
    ...(columns.length === 0 ? {} : { columns }),
    ...(Object.keys(dateOrder).length === 0 ? {} : { dateOrder }),
  };
}

/** The source of the headings: a partner, or the operation's own teams. */
async function sourceOf(db: Queryable, importId: string): Promise<string> {
  const { rows } = await db.query<{ source: string }>(
    'select coalesce(partner_id, operation_id) as source from imports where id = $1',
    [importId],
  );
  return rows[0]?.source ?? importId;
}

const hashOf = (keyring: Keyring, heading: string): string => searchKey(keyring, 'heading', headingKey(heading));

/**
 * Remembers the meaning of headings for the next lists of the source. Where two columns have one heading, nothing is
 * remembered.
 */
export async function rememberHeadings(
  client: Queryable,
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
  await client.query(
    `insert into list_headings (source, heading, column_name, overridden_by)
     select $1, heading, column_name, $4 from unnest($2::text[], $3::text[]) as h (heading, column_name)
     on conflict (source, heading) do update set column_name = excluded.column_name, overridden_by = excluded.overridden_by, overridden_at = now()`,
    [await sourceOf(client, importId), [...kept.keys()], [...kept.values()], overriddenBy],
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

/** undefined for a column that lists no longer have */
function columnNamed(name: string | null): Column | null | undefined {
  if (name === null) return null;
  return isColumn(name) ? name : undefined;
}

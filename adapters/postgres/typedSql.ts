/** Parts of typed statements that Kysely has no word for: moments as milliseconds, JSON, rows sent as one value. */
import {
  type AliasedExpression,
  type ExpressionBuilder,
  type ExtractTypeFromReferenceExpression,
  type RawBuilder,
  type StringReference,
  sql,
} from 'kysely';

type ColumnName<C extends string> = C extends `${string}.${infer Name}` ? Name : C;
type Milliseconds<T> = null extends T ? number | null : number;

/**
 * A moment of the table as milliseconds under its own name, with the microseconds as fraction, so that pages can go on
 * exactly after it.
 */
export function instant<DB, TB extends keyof DB, C extends StringReference<DB, TB>>(
  _of: ExpressionBuilder<DB, TB>,
  column: C,
): AliasedExpression<Milliseconds<ExtractTypeFromReferenceExpression<DB, TB, C>>, ColumnName<C>> {
  const name = column.slice(column.lastIndexOf('.') + 1) as ColumnName<C>;
  return sql<
    Milliseconds<ExtractTypeFromReferenceExpression<DB, TB, C>>
  >`(extract(epoch from ${sql.ref(column)}) * 1000)::double precision`.as<ColumnName<C>>(name);
}

/** Milliseconds as a moment that columns are compared with or set to. */
export const moment = (at: number): RawBuilder<Date> => sql<Date>`to_timestamp(${at}::double precision / 1000)`;

/** A value of a JSON column. An array without it would be sent as an array of PostgreSQL. */
export const json = (value: unknown): RawBuilder<unknown> => sql`${JSON.stringify(value)}::jsonb`;

const SQL_TYPES = {
  text: sql`text`,
  int: sql`int`,
  boolean: sql`boolean`,
  jsonb: sql`jsonb`,
  timestamptz: sql`timestamptz`,
  'text[]': sql`text[]`,
} as const;
type SqlTypes = { text: string; int: number; boolean: boolean; jsonb: unknown; timestamptz: Date; 'text[]': string[] };

/**
 * Rows that are sent as one JSON value, as a table to select from: one parameter however many rows there are. The keys
 * of the rows are in snake case, those of `columns` in camel case.
 */
export function recordset<const C extends Record<string, keyof SqlTypes>, A extends string>(
  rows: readonly unknown[],
  columns: C,
  alias: A,
) {
  const list = Object.entries(columns).map(([name, type]) => sql`${sql.ref(name)} ${SQL_TYPES[type]}`);
  return sql<{
    [K in keyof C]: SqlTypes[C[K]] | null;
  }>`jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)`.as<A>(sql`${sql.ref(alias)} (${sql.join(list)})`);
}

/** Any of these texts, however many: one parameter, and a list without any is fine. `where('id', '=', anyOf(ids))` */
export const anyOf = <T extends string>(texts: readonly T[]): RawBuilder<T> => sql<T>`any(${texts}::text[])`;

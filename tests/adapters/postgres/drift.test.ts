import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as generated from '../../../adapters/postgres/generated/internal/prismaNamespace.ts';
import { prismaOn } from '../../../adapters/postgres/prisma.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';

/**
 * The migrations are the truth; prisma/schema.prisma is what the client believes. Every table, column, type,
 * nullability, key and foreign key is compared, in both directions. Checks, triggers, functions, partial and expression
 * indexes are SQL's alone. Prisma knows no list that may be null, and reads such a column as an empty list: of lists
 * only the type is compared, and columns where null says something else than empty are read by SQL.
 */
type Field = { name: string; column: string; type: string; list: boolean; optional: boolean; native: string };
type Model = { name: string; table: string; fields: Field[]; id: string[]; uniques: string[]; relations: string[] };

const SCHEMA = readFileSync(new URL('../../../prisma/schema.prisma', import.meta.url), 'utf8');

const NATIVE: Record<string, string> = {
  String: 'text',
  Int: 'integer',
  Boolean: 'boolean',
  Json: 'jsonb',
  Float: 'double precision',
  Bytes: 'bytea',
  BigInt: 'bigint',
  'DateTime @db.Timestamptz(6)': 'timestamp with time zone',
  'DateTime @db.Date': 'date',
};
/** Kept by prisma/migrate.ts, in Prisma's own form. */
const NOT_OURS = ['_prisma_migrations'];

function parse(): Model[] {
  const models = [...SCHEMA.matchAll(/^model (\w+) \{\n([\s\S]*?)^\}/gm)].map(([, name = '', body = '']) => ({
    name,
    lines: body
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean),
  }));
  const names = new Set(models.map(({ name }) => name));
  return models.map(({ name, lines }) => {
    const fields: Field[] = [];
    const relations: Array<{ fields: string[]; references: string[]; to: string }> = [];
    const id: string[] = [];
    const uniques: string[] = [];
    const blocks = lines.filter((line) => line.startsWith('@@'));
    for (const line of lines.filter((l) => !l.startsWith('@@') && !l.startsWith('//'))) {
      const [field = '', type = ''] = line.split(/\s+/);
      const bare = type.replace(/\[\]|\?/g, '');
      if (names.has(bare)) {
        const at = /fields: \[([^\]]*)\], references: \[([^\]]*)\]/.exec(line);
        if (at) relations.push({ fields: (at[1] ?? '').split(', '), references: (at[2] ?? '').split(', '), to: bare });
        continue;
      }
      const native = /@db\.\w+(\(\d+\))?/.exec(line)?.[0];
      fields.push({
        name: field,
        column: /@map\("([^"]+)"\)/.exec(line)?.[1] ?? field,
        type: bare,
        list: type.endsWith('[]'),
        optional: type.endsWith('?'),
        native: NATIVE[native === undefined ? bare : `${bare} ${native}`] ?? `unknown ${bare}`,
      });
      if (/ @id\b/.test(line)) id.push(field);
      if (/ @unique\b/.test(line)) uniques.push(field);
    }
    const table = blocks.map((line) => /@@map\("([^"]+)"\)/.exec(line)?.[1]).find(Boolean) ?? name;
    const columns = (list: string) =>
      list.split(', ').map((f) => fields.find((x) => x.name === f.replace(/\(.*\)/, ''))?.column ?? `?${f}`);
    const idBlock = blocks.map((line) => /@@id\(\[([^\]]+)\]/.exec(line)?.[1]).find(Boolean);
    return {
      name,
      table,
      fields,
      id: idBlock ? columns(idBlock) : columns(id.join(', ')).filter((c) => c !== '?'),
      uniques: [
        ...uniques.map((u) => columns(u).join(',')),
        ...blocks
          .flatMap((line) => /@@unique\(\[(.+?)\](, map|\))/.exec(line)?.[1] ?? [])
          .map((u) => columns(u).join(',')),
      ].sort(),
      relations: relations.map((r) => `${columns(r.fields.join(', ')).join(',')} → ${r.to}`),
    };
  });
}

const namespace: Readonly<Record<string, unknown>> = { ...generated };

function scalarsOf(model: string): object {
  const scalars = namespace[`${model}ScalarFieldEnum`];
  return typeof scalars === 'object' && scalars !== null ? scalars : {};
}

let db: TestDatabase;
let models: Model[];
beforeAll(async () => {
  db = await testDatabase();
  models = parse();
});
afterAll(() => db.drop());

describe('prisma/schema.prisma against the migrated database', () => {
  it('knows every table and no other', async () => {
    const { rows } = await db.pool.query<{ table: string }>(
      "select c.relname as table from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' order by 1",
    );
    const tables = rows.map(({ table }) => table).filter((table) => !NOT_OURS.includes(table));
    expect(models.map(({ table }) => table).sort()).toEqual(tables.sort());
    expect(tables.length).toBeGreaterThan(40);
  });

  it('agrees on every column: name, type, list, nullability', async () => {
    const { rows } = await db.pool.query<{ line: string }>(
      `select c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || case when a.attnotnull or t.typcategory = 'A' then '' else ' null' end as line
         from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
           join pg_type t on t.oid = a.atttypid
        where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname <> all($1)`,
      [NOT_OURS],
    );
    const ours = models.flatMap(({ table, fields }) =>
      fields.map((f) => `${table}.${f.column} ${f.native}${f.list ? '[]' : ''}${f.optional ? ' null' : ''}`),
    );
    expect(ours.sort()).toEqual(rows.map(({ line }) => line).sort());
    expect(ours.length).toBeGreaterThan(350);
  });

  it('agrees on primary keys, unique constraints and foreign keys', async () => {
    const { rows } = await db.pool.query<{ table: string; kind: string; columns: string; to: string | null }>(
      `select conrelid::regclass::text as table, contype as kind, nullif(confrelid, 0)::regclass::text as to,
              (select string_agg(a.attname, ',' order by k.o) from unnest(conkey) with ordinality k(n, o) join pg_attribute a on a.attrelid = conrelid and a.attnum = k.n) as columns
         from pg_constraint where connamespace = 'public'::regnamespace and contype in ('p', 'u', 'f')`,
    );
    const modelOf = new Map(models.map(({ table, name }) => [table, name]));
    for (const { table, id, uniques, relations } of models) {
      const of = (kind: string) => rows.filter((row) => row.table === table && row.kind === kind);
      expect(id.join(','), `${table}: primary key`).toBe(of('p')[0]?.columns ?? '');
      for (const { columns } of of('u')) expect(uniques, `${table}: unique`).toContain(columns);
      expect([...relations].sort(), `${table}: foreign keys`).toEqual(
        of('f')
          .map(({ columns, to }) => `${columns} → ${modelOf.get(to ?? '')}`)
          .sort(),
      );
    }
  });

  it('is what the generated client was made from', async () => {
    const prisma = prismaOn(db.pool);
    for (const { name, fields } of models.filter(({ id }) => id.length > 0)) {
      const scalars = Object.keys(scalarsOf(name));
      expect(scalars.sort(), name).toEqual(fields.map((f) => f.name).sort());
      const delegate = prisma[(name.charAt(0).toLowerCase() + name.slice(1)) as 'operation'];
      // every column is selected by name: one that is not there fails
      await expect(delegate.findMany({ take: 1 }), name).resolves.toBeInstanceOf(Array);
    }
    await prisma.$disconnect();
  });
});

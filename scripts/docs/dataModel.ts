/** docs/data-model.md: the tables by subject, each subject with a diagram. */
import { type FieldGroup, fieldsFor } from '../../domain/access.ts';
import { ROLES } from '../../domain/actor.ts';
import { t } from '../../domain/messages/t.ts';
import { FIELD_RULES } from '../../domain/personData.ts';
import { asCode, table } from './markdown.ts';
import { SUBJECTS } from './tables.ts';

/** The tables of prisma/schema.prisma, as far as a diagram shows them. */
export type Column = { name: string; type: string; nullable: boolean; key: boolean };

/** `many` rows of the table may point at the same row of `to`. */
export type Reference = { to: string; columns: string[]; nullable: boolean; many: boolean };

export type Table = { name: string; columns: Column[]; references: Reference[] };

const TYPES: Readonly<Record<string, string>> = {
  String: 'text',
  Int: 'integer',
  BigInt: 'bigint',
  Float: 'double',
  Boolean: 'boolean',
  Json: 'jsonb',
  Bytes: 'bytea',
  DateTime: 'timestamptz',
};

type Field = { field: string; kind: string; list: boolean; nullable: boolean; rest: string };

export function readSchema(text: string): Table[] {
  const models = [...text.matchAll(/^model (\w+) \{\n([\s\S]*?)^\}/gm)].map(([, name = '', body = '']) => ({
    name,
    table: /@@map\("(\w+)"\)/.exec(body)?.[1] ?? name,
    compositeKey: namesIn(/@@id\(\[(.*?)\]/.exec(body)?.[1]),
    fields: body.split('\n').flatMap((line) => fieldOf(line) ?? []),
  }));
  const tableOf = new Map(models.map(({ name, table }) => [name, table]));
  return models.map(({ table, compositeKey, fields }) => {
    const isKey = (field: string, rest: string) => compositeKey.includes(field) || /@id\b/.test(rest);
    const keys = fields.filter(({ field, rest }) => isKey(field, rest)).map(({ field }) => field);
    return {
      name: table,
      columns: fields
        .filter(({ kind }) => !tableOf.has(kind))
        .map(({ field, kind, list, nullable, rest }) => ({
          name: columnOf(field, rest),
          type: `${rest.includes('@db.Date') ? 'date' : (TYPES[kind] ?? kind)}${list ? '[]' : ''}`,
          nullable,
          key: isKey(field, rest),
        })),
      references: fields.flatMap(({ kind, rest }): Reference[] => {
        const pointing = namesIn(/@relation\(.*?fields: \[(.*?)\]/.exec(rest)?.[1]);
        const to = tableOf.get(kind);
        if (to === undefined || pointing.length === 0) return [];
        const columns = fields.filter(({ field }) => pointing.includes(field));
        return [
          {
            to,
            columns: columns.map(({ field, rest: attributes }) => columnOf(field, attributes)),
            nullable: columns.some((column) => column.nullable),
            many: keys.length !== pointing.length || keys.some((key) => !pointing.includes(key)),
          },
        ];
      }),
    };
  });
}

function fieldOf(line: string): Field | undefined {
  const found = /^\s+(\w+)\s+(\w+)(\[\])?(\?)?(.*)$/.exec(line);
  if (!found) return undefined;
  const [, field = '', kind = '', list, nullable, rest = ''] = found;
  return { field, kind, list: list !== undefined, nullable: nullable !== undefined, rest };
}

const columnOf = (field: string, rest: string): string => /@map\("(\w+)"\)/.exec(rest)?.[1] ?? field;
const namesIn = (text = ''): string[] => text.match(/\w+/g) ?? [];

export function dataModelPage(schema: string): string {
  const tables = new Map(readSchema(schema).map((one) => [one.name, one]));
  const described = SUBJECTS.flatMap((subject) => Object.keys(subject.tables));
  const missing = [...tables.keys()].filter((name) => !described.includes(name));
  if (missing.length > 0) throw new Error(`scripts/docs/tables.ts has no sentence for ${missing.join(', ')}`);
  return [
    '# Data model',
    '<!-- Written by `npm run docs` from prisma/schema.prisma and scripts/docs/tables.ts. -->',
    `PostgreSQL holds ${tables.size} tables. The workflows write subjects through the event log; everyone reads from these tables. A diagram shows the tables of one subject with their columns. A table of another subject has a box without columns. \`PK\` is a part of the primary key, \`FK\` points at another table, and \`?\` may be null.`,
    'Checks, triggers, functions, partial and expression indexes stand in the migrations alone (`prisma/migrations/`).',
    ...SUBJECTS.flatMap((subject) => {
      const own = Object.keys(subject.tables).map((name) => {
        const found = tables.get(name);
        if (!found) throw new Error(`scripts/docs/tables.ts names ${name}, which is no table`);
        return found;
      });
      return [
        `## ${subject.title}`,
        table(
          ['table', 'holds'],
          Object.entries(subject.tables).map(([name, sentence]) => [asCode(name), sentence]),
        ),
        ['```mermaid', diagram(own), '```'].join('\n'),
      ];
    }),
    '## Personal data',
    'The identifying data of a person is encrypted in `person_data`. `domain/personData.ts` is the table of its fields, `domain/access.ts` says which roles read each group. A partner receives a field only where the request needs it and the agreement names it.',
    table(
      ['field', 'read by', 'in the API', 'in the partner protocol'],
      FIELD_RULES.map(({ name, readers, api, partner }) => [
        t(`field.${name}`),
        readers === null ? 'nobody' : `${readers}: ${readersOf(readers).map(asCode).join(', ')}`,
        api === null ? '' : asCode(api),
        partner === null ? '' : asCode(partner),
      ]),
    ),
  ]
    .join('\n\n')
    .concat('\n');
}

const readersOf = (group: FieldGroup) => ROLES.filter((role) => fieldsFor([role]).includes(group));

function diagram(tables: readonly Table[]): string {
  const lines = tables.flatMap(({ name, columns, references }) => [
    `  ${name} {`,
    ...columns.map((column) => `    ${columnLine(column, references)}`),
    '  }',
    ...references.map(
      ({ to, columns, nullable, many }) =>
        `  ${to} ${nullable ? '|o' : '||'}--${many ? 'o{' : 'o|'} ${name} : "${columns.join(', ')}"`,
    ),
  ]);
  return ['erDiagram', ...lines].join('\n');
}

function columnLine({ name, type, nullable, key }: Table['columns'][number], references: Table['references']): string {
  const foreign = references.some(({ columns }) => columns.includes(name));
  const marks = [...(key ? ['PK'] : []), ...(foreign ? ['FK'] : [])].join(', ');
  return [type, name, ...(marks === '' ? [] : [marks]), ...(nullable ? ['"?"'] : [])].join(' ');
}

/** docs/data-model.md: the tables by subject, each subject with a diagram. */
import { type FieldGroup, fieldsFor } from '../../domain/access.ts';
import { ROLES } from '../../domain/actor.ts';
import { t } from '../../domain/messages/t.ts';
import { FIELD_RULES } from '../../domain/personData.ts';
import { asCode, table } from './markdown.ts';
import { readSchema, type Table } from './schema.ts';
import { SUBJECTS } from './tables.ts';

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

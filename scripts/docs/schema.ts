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

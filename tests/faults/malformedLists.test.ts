import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COLUMNS } from '../../domain/imports/columns.ts';
import { freshKey, openOperation, type TestSystem, testSystem } from '../api/system.ts';
import type { Cells } from '../support/cells.ts';
import { someone } from '../support/faultOperation.ts';
import { inForm, reportFault, SEED, seeded } from '../support/faultRun.ts';
import { importActivities, storeOf } from '../support/imports.ts';

const ROUNDS = inForm(1, 20);
const ROWS = inForm(60, 400);
const TAKES_AT_MOST_MS = 300_000;

let system: TestSystem;
let operationId: string;

beforeAll(async () => {
  system = await testSystem();
  operationId = await openOperation(system);
});
afterAll(() => system?.close());

/** How a row is spoilt, with the code that says so; and rows that are strange and good. */
const BAD: ReadonlyArray<[code: string, spoil: Record<string, string>]> = [
  ['NATIONALITY_UNKNOWN', { nationality: 'QQQ' }],
  ['DOB_IMPOSSIBLE', { date_of_birth: '1990-02-31' }],
  ['REGISTERED_AT_FORMAT', { registered_at: 'last week' }],
  ['NAME_MISSING', { given_names: '', family_name: '' }],
  ['FORMULA_CELL', { given_names: '=HYPERLINK("http://127.0.0.1/";"Amina")' }],
  ['FORMULA_CELL', { family_name: '@SUM(1+1)*cmd|calc' }],
  ['FIELD_TOO_LONG', { family_name: 'a'.repeat(201) }],
];
const GOOD: ReadonlyArray<Record<string, string>> = [
  {},
  { given_names: 'فاطمة', family_name: 'الزهراء' },
  { given_names: 'Zoe\u0308', family_name: 'N\u0303an\u0303ez' },
  { given_names: 'Ana, called "Nita"' },
  { given_names: 'Two\nlines' },
  { given_names: 'አበበ', family_name: 'በቀለ' },
];

type Row = { cells: Cells; row: number; line: number; code: string | undefined };
type Dress = { name: string; delimiter: string; newline: string; quoteAll: boolean; encode: (text: string) => Buffer };

const utf8 = (text: string): Buffer => Buffer.from(text, 'utf8');
const DRESSES: readonly Dress[] = [
  { name: 'UTF-8, commas, LF', delimiter: ',', newline: '\n', quoteAll: false, encode: utf8 },
  {
    name: 'UTF-8 with mark, CRLF',
    delimiter: ',',
    newline: '\r\n',
    quoteAll: false,
    encode: (text) => utf8(`\uFEFF${text}`),
  },
  { name: 'semicolons, every cell quoted', delimiter: ';', newline: '\r\n', quoteAll: true, encode: utf8 },
  {
    name: 'UTF-16 with mark, tabs',
    delimiter: '\t',
    newline: '\r\n',
    quoteAll: false,
    encode: (text) => Buffer.from(`\uFEFF${text}`, 'utf16le'),
  },
];

const cell = (text: string, { delimiter, quoteAll }: Dress): string =>
  quoteAll || text.includes(delimiter) || /["\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

/** A list whose truth is known because it was made here. */
function makeList(dress: Dress, random: () => number, name: string): { bytes: Buffer; rows: Row[] } {
  const blank = Object.fromEntries(COLUMNS.map((column) => [column, '']));
  let text = COLUMNS.join(dress.delimiter) + dress.newline;
  const rows = Array.from({ length: ROWS }, (_, index): Row => {
    const bad = random() < 0.3 ? BAD[Math.floor(random() * BAD.length)] : undefined;
    const strange = GOOD[Math.floor(random() * GOOD.length)];
    const cells = {
      ...blank,
      ...someone(`${name}-${index}`, { household_ref: `H-${name}-${index}` }),
      ...strange,
      ...bad?.[1],
    } as Cells;
    const line = text.split('\n').length;
    text += COLUMNS.map((column) => cell(cells[column], dress)).join(dress.delimiter) + dress.newline;
    return { cells, row: index + 1, line, code: bad?.[0] };
  });
  return { bytes: dress.encode(text), rows };
}

const upload = async (bytes: Buffer, key: string) =>
  system.inject({
    method: 'POST',
    url: `/v1/operations/${operationId}/imports?file_name=list.csv`,
    headers: {
      authorization: `Bearer ${await system.token('coordinator')}`,
      'content-type': 'text/csv',
      'idempotency-key': key,
    },
    payload: bytes,
  });

const activities = () => importActivities({ store: storeOf(system.db.pool, system.keyring) });

async function checked(
  bytes: Buffer,
  key = freshKey(),
): Promise<{ importId: string; status: unknown; refusal: unknown }> {
  const sent = await upload(bytes, key);
  expect(sent.status, sent.text).toBe(202);
  const importId = String(sent.body['id']);
  await activities().check(importId);
  const { body } = await system.ask('coordinator', 'GET', `/v1/imports/${importId}`);
  return { importId, status: body['status'], refusal: (body['refusal'] as { code?: string } | null)?.code };
}

async function rejected(importId: string): Promise<Array<{ row: number; line: number; codes: string[] }>> {
  const { body } = await system.ask('coordinator', 'GET', `/v1/imports/${importId}/rows?verdict=reject&limit=200`);
  const found = body['data'] as Array<{ row: number; line: number; codes: Array<{ code: string }> }>;
  return found.map(({ row, line, codes }) => ({ row, line, codes: codes.map(({ code }) => code) }));
}

const peopleIn = async (): Promise<number> =>
  (await system.db.pool.query<{ n: number }>('select count(*)::integer as n from persons')).rows[0]?.n ?? 0;

describe(`F17: malformed lists, seed ${SEED}`, () => {
  for (const dress of DRESSES) {
    test(
      `${dress.name}: bad rows by line and code, good rows in, once`,
      async (context) => {
        let good = 0;
        let bad = 0;
        for (let round = 0; round < ROUNDS; round += 1) {
          const name = `D${DRESSES.indexOf(dress)}R${round}`;
          const { bytes, rows } = makeList(dress, seeded(SEED + 1_000 * DRESSES.indexOf(dress) + round), name);
          const spoilt = rows.filter(({ code }) => code !== undefined).slice(0, 200);
          const key = freshKey();
          const { importId, status } = await checked(bytes, key);
          expect(status).toBe('checked');
          const found = await rejected(importId);
          expect(found.map(({ row, line }) => `${row} at ${line}`)).toEqual(
            spoilt.map(({ row, line }) => `${row} at ${line}`),
          );
          for (const [index, { code, row }] of spoilt.entries())
            expect(found[index]?.codes, `row ${row}`).toContain(code);

          // What is given out again to be corrected holds nothing that a spreadsheet would run.
          const correct = await system.ask('coordinator', 'GET', `/v1/imports/${importId}/rows-to-correct`);
          expect(correct.status).toBe(200);
          expect(correct.text).not.toMatch(/(?:^|[,;\t\n])"?[=@]/m);

          const before = await peopleIn();
          const ordered = await system.ask('coordinator', 'POST', `/v1/imports/${importId}/commands/commit`, {});
          expect(ordered.status, ordered.text).toBe(202);
          await activities().commit(importId);
          await activities().commit(importId);
          const acceptable = rows.filter(({ code }) => code === undefined).length;
          expect((await peopleIn()) - before).toBe(acceptable);
          // The same request again is the same list, and takes nobody in a second time.
          const again = await upload(bytes, key);
          expect(again.body['id']).toBe(importId);
          await system.ask('coordinator', 'POST', `/v1/imports/${importId}/commands/commit`, {});
          await activities().commit(importId);
          expect((await peopleIn()) - before).toBe(acceptable);
          good += acceptable;
          bad += rows.length - acceptable;
        }
        reportFault(context, {
          fault: 'F17',
          rounds: ROUNDS,
          counted: `${good} good rows in once, ${bad} bad rows named by line and code`,
        });
      },
      TAKES_AT_MOST_MS,
    );
  }

  const head = COLUMNS.join(',');
  const line = (reference: string): string => {
    const cells: Record<string, string> = someone(reference, { household_ref: reference });
    return COLUMNS.map((column) => cells[column] ?? '').join(',');
  };
  const REFUSED: ReadonlyArray<[what: string, code: string, bytes: () => Buffer]> = [
    ['headings and nobody', 'no_rows', () => utf8(`${head}\n`)],
    ['a heading twice', 'columns_repeated', () => utf8(`${head},family_name\n${line('A')},x\n`)],
    ['a column that every list has is missing', 'columns_missing', () => utf8('given_names,family_name\nAna,Vira\n')],
    ['a quotation mark never closed', 'cut_off', () => utf8(`${head}\n${line('A')}\n"${line('B')}\n`)],
    [
      'a line without end',
      'record_too_large',
      () => utf8(`${head}\n${line('A')}\n${'x'.repeat(inForm(2, 45) * 1024 * 1024)}\n`),
    ],
    ['a document', 'unknown_format', () => utf8('%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\n')],
    ['a zero byte in a row', 'unknown_format', () => utf8(`${head}\n${line('A')}\n${line('B').replace('Z', '\0')}\n`)],
  ];
  test(
    'what cannot be read is refused whole, by its name, and nobody of it is in',
    async (context) => {
      const before = await peopleIn();
      for (const [what, code, bytes] of REFUSED) {
        const { importId, status, refusal } = await checked(bytes());
        expect({ what, status, refusal }).toEqual({ what, status: 'refused', refusal: code });
        const ordered = await system.ask('coordinator', 'POST', `/v1/imports/${importId}/commands/commit`, {});
        expect(ordered.status, what).toBe(409);
      }
      const empty = await upload(Buffer.alloc(0), freshKey());
      expect(empty.body).toMatchObject({ status: 422, errors: [{ code: 'empty' }] });
      expect(await peopleIn()).toBe(before);
      reportFault(context, {
        fault: 'F17',
        rounds: 1,
        counted: `${REFUSED.length + 1} lists refused whole, nobody in`,
      });
    },
    TAKES_AT_MOST_MS,
  );

  test('nobody’s name is in the log', (context) => {
    expect(system.logs.join('').match(/فاطمة|HYPERLINK|Zzyzx|Canaria/)).toBeNull();
    reportFault(context, {
      fault: 'F17',
      rounds: 1,
      counted: `${system.logs.length} lines of log, nobody's name in them`,
    });
  });
});

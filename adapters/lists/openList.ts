import type { Readable } from 'node:stream';
import type { Finding } from '../../domain/intake/codes.ts';
import { type Cells, COLUMNS, type Column } from '../../domain/intake/columns.ts';
import { type DateOrder, turnDate } from '../../domain/intake/dateOrder.ts';
import { NUMBER_COLUMNS } from '../../domain/intake/ruinedNumbers.ts';
import { tidyCell } from '../../domain/intake/tidy.ts';
import { type Delimiter, detectDelimiter, readDelimited, scanText, type TextShape } from './delimited.ts';
import { decodeText, detectEncoding, type Encoding } from './encoding.ts';
import { DEFAULT_LIMITS, type ListLimits, readWhole } from './limits.ts';
import { type ColumnMapping, MEND_COLUMN, mapColumns } from './mapColumns.ts';
import { ListRefused } from './refused.ts';
import { openWorkbook, type Sheet, type SheetCell } from './xlsx/workbook.ts';

/** What a person says of the file, in place of what was found out. */
export type Overrule = {
  encoding?: Encoding;
  delimiter?: Delimiter;
  sheet?: string;
  columns?: ColumnMapping;
  /** how dates with the year last are to be read, column by column */
  dateOrder?: Partial<Record<Column, DateOrder>>;
};

/** What was found out about the file, to be shown. */
export type FoundList = {
  format: 'delimited' | 'xlsx';
  /** null in a workbook, as the next three */
  encoding: Encoding | null;
  /** false where the bytes allow another encoding: a person should look at some names */
  encodingCertain: boolean;
  byteOrderMark: boolean;
  delimiter: Delimiter | null;
  newline: TextShape['newline'];
  /** all sheets of a workbook, hidden ones too; only `sheet` is read */
  sheets: Sheet[];
  sheet: string | null;
  headings: string[];
  /** what each heading stands for; null where the column is not taken */
  columns: Array<Column | null>;
  /** headings that stand for nothing known: their cells are not taken */
  unknown: string[];
  /** records after the headings; rows of empty cells among them are passed over on reading */
  records: number;
};

export type ListRow = {
  /** counted from 1, the headings and empty rows not counted */
  record: number;
  /** line of the file, or row of the sheet, where it begins: the number that the user sees */
  line: number;
  /** all cells as they stand, in the order of the file */
  raw: string[];
  /** the cells of the known columns, dates turned where a person said so, else as they stand */
  cells: Cells;
  /** what only the file shows: digits that a number cell has lost, more cells than headings */
  findings: Finding[];
};

export type OpenedList = { found: FoundList; rows: AsyncIterable<ListRow> };

type FileRow = { line: number; cells: SheetCell[] };
type FileOf = Omit<FoundList, 'headings' | 'columns' | 'unknown'> & { fileRows: () => AsyncIterable<FileRow> };

/**
 * Opens a list of any of the formats: finds out format, encoding, delimiter, sheet and columns, and that the file
 * is whole. `rows` reads it from the beginning each time it is iterated, one row at a time.
 * @throws ListRefused here, or from `rows`, where the list cannot be taken in whole; then none of it is.
 */
export async function openList(
  source: Readable | Uint8Array,
  { overrule = {}, limits = DEFAULT_LIMITS }: { overrule?: Overrule; limits?: ListLimits } = {},
): Promise<OpenedList> {
  const bytes = await readWhole(source, limits);
  if (bytes.byteLength === 0) throw new ListRefused('empty', '');
  const file = isZip(bytes) ? await openSheet(bytes, overrule, limits) : openText(bytes, overrule, limits);
  const headings = await headingsOf(file);
  const { columns, missing, repeated, unknown } = mapColumns(headings, overrule.columns);
  const { fileRows, ...shape } = file;
  const found: FoundList = { ...shape, headings, columns, unknown };
  if (headings.length > limits.columns) throw new ListRefused('too_many_columns', `The limit is ${limits.columns}.`);
  if (missing.length > 0) throw new ListRefused('columns_missing', `Missing: ${missing.join(', ')}.`, found);
  if (repeated.length > 0) throw new ListRefused('columns_repeated', `Repeated: ${repeated.join(', ')}.`, found);
  if (found.records === 0) throw new ListRefused('no_rows', '', found);
  if (found.records > limits.rows) throw new ListRefused('too_many_rows', `The limit is ${limits.rows}.`);
  return { found, rows: { [Symbol.asyncIterator]: () => readRows(fileRows(), found, overrule) } };
}

async function headingsOf(file: FileOf): Promise<string[]> {
  for await (const row of file.fileRows()) return row.cells.map((cell) => tidyCell(cell.text));
  throw new ListRefused('empty', '');
}

function isZip(bytes: Buffer): boolean {
  return bytes.byteLength >= 4 && bytes.readUInt32LE(0) === 0x04034b50;
}

/** Old or encrypted workbooks, PDF, and web pages that call themselves a workbook. */
function refuseOtherFormats(bytes: Buffer): void {
  const head = bytes.subarray(0, 512).toString('latin1');
  if (head.startsWith('\xd0\xcf\x11\xe0'))
    throw new ListRefused('unknown_format', 'It is an old or an encrypted workbook.');
  if (head.startsWith('%PDF')) throw new ListRefused('unknown_format', 'It is a PDF.');
  if (/^(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|table|\?xml)/i.test(head)) {
    throw new ListRefused('unknown_format', 'It is a web page or XML.');
  }
}

function openText(bytes: Buffer, overrule: Overrule, limits: ListLimits): FileOf {
  refuseOtherFormats(bytes);
  const detected = detectEncoding(bytes);
  const encoding = overrule.encoding ?? detected.encoding;
  if (!encoding.startsWith('utf-16') && bytes.includes(0)) throw new ListRefused('unknown_format', 'It is no text.');
  const head = decodeText(bytes, encoding).next().value ?? '';
  const delimiter = overrule.delimiter ?? detectDelimiter(head);
  const shape = scanText(decodeText(bytes, encoding), delimiter);
  if (shape.openQuoteAt !== null)
    throw new ListRefused('cut_off', `A quotation mark opens at line ${shape.openQuoteAt}.`);
  if (!shape.endsLine && shape.lastCells < shape.firstCells) {
    throw new ListRefused(
      'cut_off',
      `Line ${shape.lines} has ${shape.lastCells} cells, the headings ${shape.firstCells}.`,
    );
  }
  return {
    format: 'delimited',
    encoding,
    encodingCertain: overrule.encoding !== undefined || detected.certain,
    byteOrderMark: detected.byteOrderMark && encoding === detected.encoding,
    delimiter,
    newline: shape.newline,
    sheets: [],
    sheet: null,
    records: Math.max(0, shape.records - 1),
    fileRows: async function* () {
      for await (const { line, cells } of readDelimited(bytes, encoding, delimiter, limits)) {
        yield { line, cells: cells.map((text) => ({ text })) };
      }
    },
  };
}

async function openSheet(bytes: Buffer, overrule: Overrule, limits: ListLimits): Promise<FileOf> {
  const workbook = await openWorkbook(bytes, limits);
  const sheet = overrule.sheet ?? workbook.sheets.find((candidate) => !candidate.hidden)?.name;
  if (sheet === undefined || !workbook.sheets.some((candidate) => candidate.name === sheet)) {
    throw new ListRefused('sheet_unknown', `Sheets: ${workbook.sheets.map((one) => one.name).join(', ')}.`);
  }
  let rows = 0;
  for await (const row of workbook.rows(sheet)) if (row.cells.length > 0) rows++;
  return {
    format: 'xlsx',
    encoding: null,
    encodingCertain: true,
    byteOrderMark: false,
    delimiter: null,
    newline: '\n',
    sheets: workbook.sheets,
    sheet,
    records: Math.max(0, rows - 1),
    fileRows: () => workbook.rows(sheet),
  };
}

/** `'=1+1` as `mendFile` wrote it, so that a formula which nobody mended is found again. */
const NEUTRALISED = /^'(?=[=+\-@\t\r])/;

async function* readRows(
  fileRows: AsyncIterable<FileRow>,
  found: FoundList,
  overrule: Overrule,
): AsyncGenerator<ListRow> {
  const isMended = found.format === 'delimited' && found.headings.includes(MEND_COLUMN);
  const numberColumns: ReadonlySet<Column> = new Set(NUMBER_COLUMNS);
  let record = 0;
  let atHeadings = true;
  for await (const { line, cells: fileCells } of fileRows) {
    if (atHeadings) {
      atHeadings = false;
      continue;
    }
    if (fileCells.every((cell) => cell.text.trim() === '')) continue;
    record++;
    const cells = Object.fromEntries(COLUMNS.map((column) => [column, ''])) as Cells;
    const findings: Finding[] = [];
    found.columns.forEach((column, index) => {
      const cell = fileCells[index];
      if (column === null || cell === undefined) return;
      const text = isMended ? cell.text.replace(NEUTRALISED, '') : cell.text;
      const order = overrule.dateOrder?.[column];
      cells[column] = order === undefined ? text : turnDate(tidyCell(text), order);
      if (numberColumns.has(column) && cell.number === 'date') findings.push({ code: 'NUMBER_RUINED', column });
      if (column === 'document_number' && cell.number === 'plain') findings.push({ code: 'NUMBER_CELL', column });
    });
    if (fileCells.slice(found.headings.length).some((cell) => cell.text.trim() !== '')) {
      findings.push({ code: 'CELLS_TOO_MANY', column: 'destination_admin1' });
    }
    yield { record, line, raw: fileCells.map((cell) => cell.text), cells, findings };
  }
}

import type { Readable } from 'node:stream';
import type { Finding } from '../../domain/imports/codes.ts';
import { type Cells, COLUMNS, type Column } from '../../domain/imports/columns.ts';
import { type DateOrder, turnDate } from '../../domain/imports/dateOrder.ts';
import type { Encoding } from '../../domain/imports/encodings.ts';
import type { HeadingRule } from '../../domain/imports/headings.ts';
import { NUMBER_COLUMNS } from '../../domain/imports/lostPrecision.ts';
import { tidyCell } from '../../domain/imports/tidy.ts';
import { type Corrections, correctedRow, plainCell } from './correctionFile.ts';
import { type Delimiter, detectDelimiter, readDelimited, scanText, type TextShape } from './delimited.ts';
import { decodeText, detectEncoding } from './encoding.ts';
import { findHeadings } from './findHeadings.ts';
import { DEFAULT_LIMITS, type ListLimits, readWhole } from './limits.ts';
import { CORRECTION_COLUMN, type MappedBy } from './mapColumns.ts';
import { type ListRefusal, ListRefused } from './refused.ts';
import { openWorkbook, type Sheet, type SheetCell, type SheetRow } from './xlsx/workbook.ts';

/** The overrides of a person for a file. */
export type Override = {
  encoding?: Encoding;
  delimiter?: Delimiter;
  sheet?: string;
  columns?: readonly HeadingRule[];
  /** line of the file with the headings */
  headingLine?: number;
  /** the order of dates with the year last, by column */
  dateOrder?: Partial<Record<Column, DateOrder>>;
};

/** What was detected about the file, for display. */
export type FoundList = {
  format: 'delimited' | 'xlsx';
  /** null in a workbook, as the next three */
  encoding: Encoding | null;
  /** false if the bytes allow another encoding: a person should check some names */
  encodingCertain: boolean;
  byteOrderMark: boolean;
  delimiter: Delimiter | null;
  newline: TextShape['newline'];
  /** all sheets of a workbook, hidden ones too; only `sheet` is read */
  sheets: Sheet[];
  sheet: string | null;
  headings: string[];
  /** line of the file, or row of the sheet, with the headings; rows above them are ignored */
  headingLine: number;
  /** the column of each heading; null for an unused one */
  columns: Array<Column | null>;
  /** where that mapping comes from; null for an unknown heading */
  by: Array<MappedBy | null>;
  /** unknown headings: their cells are ignored */
  unknown: string[];
  /** records after the headings; reading skips empty rows among them */
  records: number;
};

export type ListRow = {
  /** counted from 1, without the headings and empty rows */
  record: number;
  /** line of the file, or row of the sheet, where it begins: the number that people see */
  line: number;
  /** all cells as they are, in the order of the file; in a correction file in the order of the list */
  raw: string[];
  /** the cells of the known columns as they are */
  written: Cells;
  /** the same, with dates converted as a person chose */
  cells: Cells;
  /** in a correction file: the row of the list that this one replaces, if it still says so */
  corrections: Corrections | null;
  /** findings that only the file shows: lost digits of a number cell, more cells than headings */
  findings: Finding[];
};

export type OpenOptions = {
  override?: Override;
  limits?: ListLimits;
  /** what these headings meant in earlier lists of the same source */
  recall?: (headings: readonly string[]) => Promise<HeadingRule[]>;
};

export type OpenedList = { found: FoundList; rows: AsyncIterable<ListRow> };

type FileOf = Omit<FoundList, 'headings' | 'headingLine' | 'columns' | 'by' | 'unknown'> & {
  fileRows: () => AsyncIterable<SheetRow>;
  /** the last record, if no line break ends it: it may be truncated */
  openEnd: { line: number; cells: number } | null;
};

/**
 * Opens a list of any format. It detects format, encoding, delimiter, sheet and columns, and checks that the file is
 * complete. Each iteration of `rows` reads from the beginning, one row at a time.
 * @throws ListRefused here, or from `rows`, if the list cannot be imported; then no row is.
 */
export async function openList(
  source: Readable | Uint8Array,
  { override = {}, limits = DEFAULT_LIMITS, recall = async () => [] }: OpenOptions = {},
): Promise<OpenedList> {
  const bytes = await readWhole(source, limits);
  if (bytes.byteLength === 0) throw new ListRefused('empty', '');
  const file = isZip(bytes) ? await openSheet(bytes, override, limits) : openText(bytes, override, limits);
  const head = await findHeadings(file.fileRows(), {
    line: override.headingLine,
    given: override.columns,
    recall,
  });
  if (head === undefined) throw new ListRefused('empty', '');
  const { headings, line, above, missing, repeated, ...mapped } = head;
  if (headings.length > limits.columns) throw new ListRefused('too_many_columns', `The limit is ${limits.columns}.`);
  const { fileRows, openEnd, ...shape } = file;
  const records = file.records - above - 1;
  const found: FoundList = { ...shape, records, headings, headingLine: line, ...mapped };
  if (openEnd !== null && openEnd.cells < headings.length) {
    const detail = `Line ${openEnd.line} has ${openEnd.cells} cells, the headings ${headings.length}.`;
    throw new ListRefused('cut_off', detail, found);
  }
  if (missing.length > 0) throw new ListRefused('columns_missing', `Missing: ${missing.join(', ')}.`, found);
  if (repeated.length > 0) throw new ListRefused('columns_repeated', `Repeated: ${repeated.join(', ')}.`, found);
  if (found.records === 0) throw new ListRefused('no_rows', '', found);
  if (found.records > limits.rows) throw new ListRefused('too_many_rows', `The limit is ${limits.rows}.`);
  return { found, rows: { [Symbol.asyncIterator]: () => readRows(fileRows(), found, override) } };
}

/** What is known of a file before its headings are read, for display with a refusal. */
function beforeHeadings(known: Partial<FoundList> & Pick<FoundList, 'format'>): FoundList {
  return {
    encoding: null,
    encodingCertain: true,
    byteOrderMark: false,
    delimiter: null,
    newline: '\n',
    sheets: [],
    sheet: null,
    records: 0,
    headings: [],
    headingLine: 1,
    columns: [],
    by: [],
    unknown: [],
    ...known,
  };
}

function isZip(bytes: Buffer): boolean {
  return bytes.byteLength >= 4 && bytes.readUInt32LE(0) === 0x04034b50;
}

/** Old or encrypted workbooks, PDF, and web pages with the name of a workbook. */
function refuseOtherFormats(bytes: Buffer): void {
  const head = bytes.subarray(0, 512).toString('latin1');
  if (head.startsWith('\xd0\xcf\x11\xe0'))
    throw new ListRefused('unknown_format', 'It is an old or an encrypted workbook.');
  if (head.startsWith('%PDF')) throw new ListRefused('unknown_format', 'It is a PDF.');
  if (/^(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|table|\?xml)/i.test(head)) {
    throw new ListRefused('unknown_format', 'It is a web page or XML.');
  }
}

function openText(bytes: Buffer, override: Override, limits: ListLimits): FileOf {
  refuseOtherFormats(bytes);
  const detected = detectEncoding(bytes);
  const encoding = override.encoding ?? detected.encoding;
  const zero = encoding.startsWith('utf-16') ? -1 : bytes.indexOf(0);
  if (zero !== -1) {
    const line = bytes.subarray(0, zero).toString('latin1').split('\n').length;
    throw new ListRefused('unknown_format', `It is no text: line ${line} has a zero byte.`);
  }
  const known = {
    format: 'delimited',
    encoding,
    encodingCertain: override.encoding !== undefined || detected.certain,
    byteOrderMark: detected.byteOrderMark && encoding === detected.encoding,
  } as const;
  const text = (): Iterable<string> => decodeText(bytes, encoding, beforeHeadings(known));
  let head = '';
  for (const piece of text()) {
    head = piece;
    break;
  }
  const delimiter = override.delimiter ?? detectDelimiter(head);
  const shape = scanText(text(), delimiter, limits.recordCharacters);
  const refused = (code: ListRefusal, detail: string): ListRefused =>
    new ListRefused(code, detail, beforeHeadings({ ...known, delimiter, newline: shape.newline }));
  if (shape.openQuoteAt !== null) throw refused('cut_off', `A quotation mark opens at line ${shape.openQuoteAt}.`);
  if (shape.tooLargeAt !== null) throw refused('record_too_large', `It begins at line ${shape.tooLargeAt}.`);
  return {
    ...known,
    delimiter,
    newline: shape.newline,
    sheets: [],
    sheet: null,
    records: shape.records,
    openEnd: shape.endsLine ? null : { line: shape.lines, cells: shape.lastCells },
    fileRows: async function* () {
      for await (const { line, cells } of readDelimited(bytes, encoding, delimiter, limits)) {
        yield { line, cells: cells.map((text) => ({ text })) };
      }
    },
  };
}

async function openSheet(bytes: Buffer, override: Override, limits: ListLimits): Promise<FileOf> {
  const workbook = await openWorkbook(bytes, limits);
  const sheet = override.sheet ?? workbook.sheets.find((candidate) => !candidate.hidden)?.name;
  if (sheet === undefined || !workbook.sheets.some((candidate) => candidate.name === sheet)) {
    const hidden = workbook.sheets.filter((one) => one.hidden).length;
    throw new ListRefused(
      'sheet_unknown',
      `It has ${workbook.sheets.length} sheets, ${hidden} of them hidden.`,
      beforeHeadings({ format: 'xlsx', sheets: workbook.sheets }),
    );
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
    records: rows,
    openEnd: null,
    fileRows: () => workbook.rows(sheet),
  };
}

async function* readRows(
  fileRows: AsyncIterable<SheetRow>,
  found: FoundList,
  override: Override,
): AsyncGenerator<ListRow> {
  const correctionAt = found.headings.indexOf(CORRECTION_COLUMN);
  let record = 0;
  for await (const { line, cells: fileCells } of fileRows) {
    if (line <= found.headingLine) continue;
    if (fileCells.every((cell) => cell.text.trim() === '')) continue;
    record++;
    const raw = fileCells.map(({ text }) => (correctionAt === -1 ? text : plainCell(text)));
    const written = Object.fromEntries(COLUMNS.map((column) => [column, ''])) as Cells;
    found.columns.forEach((column, index) => {
      const text = raw[index];
      if (column !== null && text !== undefined) written[column] = text;
    });
    const cells = override.dateOrder === undefined ? written : turned(written, override.dateOrder);
    const corrections = correctionAt === -1 ? null : correctedRow(raw[correctionAt] ?? '');
    yield { record, line, raw, written, cells, corrections, findings: fileFindings(fileCells, found) };
  }
}

function turned(written: Cells, orders: NonNullable<Override['dateOrder']>): Cells {
  const cells = { ...written };
  for (const column of COLUMNS) {
    const order = orders[column];
    if (order !== undefined) cells[column] = turnDate(tidyCell(written[column]), order);
  }
  return cells;
}

const NUMBERS: ReadonlySet<Column> = new Set(NUMBER_COLUMNS);

/** Findings that only the file shows: how a spreadsheet stores the cell, and cells beyond the headings. */
function fileFindings(fileCells: readonly SheetCell[], found: FoundList): Finding[] {
  const findings: Finding[] = [];
  found.columns.forEach((column, index) => {
    const number = fileCells[index]?.number;
    if (column === null || number === undefined) return;
    if (NUMBERS.has(column) && number === 'date') findings.push({ code: 'NUMBER_RUINED', column });
    if (column === 'document_number' && number === 'plain') findings.push({ code: 'NUMBER_CELL', column });
  });
  if (fileCells.slice(found.headings.length).some((cell) => cell.text.trim() !== '')) {
    findings.push({ code: 'CELLS_TOO_MANY', column: 'destination_admin1' });
  }
  return findings;
}

import type { ListReader, ListRow, Recall } from '../../application/imports/check.ts';
import { correctedRow } from '../../application/imports/correct.ts';
import type { Finding } from '../../domain/imports/codes.ts';
import {
  COLUMNS,
  CORRECTION_COLUMN,
  type Column,
  type HeadingRule,
  type MappedColumns,
  mapColumns,
  NUMBER_COLUMNS,
  tidyCell,
} from '../../domain/imports/columns.ts';
import { turnDate } from '../../domain/imports/dates.ts';
import { type FoundList, ListRefused, type Override } from '../../domain/imports/file.ts';
import { plainCell } from './correctionFile.ts';
import { openText } from './delimited.ts';
import { withKeptCells } from './keptCells.ts';
import { openSheet, type SheetCell } from './xlsx/workbook.ts';

/** The limits of a list. All are settings; a list above one of them is refused as a whole. */
export type ListLimits = {
  /** of the file as uploaded */
  bytes: number;
  /** of all parts of a workbook that are read, unpacked */
  unpackedBytes: number;
  /** shared characters of a workbook's cells: they are all in memory at once */
  sharedCharacters: number;
  /** characters of one record */
  recordCharacters: number;
  columns: number;
  rows: number;
};

export const DEFAULT_LIMITS: ListLimits = {
  bytes: 64 * 1024 * 1024,
  unpackedBytes: 512 * 1024 * 1024,
  sharedCharacters: 64 * 1024 * 1024,
  recordCharacters: 256 * 1024,
  columns: 200,
  rows: 200_000,
};

export type OpenedList = { found: FoundList; rows: AsyncIterable<ListRow> };

/** A file whose headings are not read yet. */
export type OpenedFile = Omit<FoundList, 'headings' | 'headingLine' | 'columns' | 'by' | 'unknown'> & {
  /** its non-empty rows; `line` is where a row begins, as an editor or a spreadsheet counts */
  fileRows: () => AsyncGenerator<{ line: number; cells: SheetCell[] }>;
  /** the last record, if no line break ends it: it may be truncated */
  openEnd: { line: number; cells: number } | null;
};

/**
 * Opens a list of any format. It detects format, encoding, delimiter, sheet and columns, and checks that the file is
 * complete. Each iteration of `rows` reads from the beginning, one row at a time.
 * @throws ListRefused here, or from `rows`, if the list cannot be imported; then no row is.
 */
export async function openList(
  source: AsyncIterable<Uint8Array> | Uint8Array,
  {
    override = {},
    limits = DEFAULT_LIMITS,
    recall = async () => [],
  }: { override?: Override; limits?: ListLimits; recall?: Recall } = {},
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

/**
 * The whole file, outside the heap: its completeness must be known before the first row is used.
 * @throws ListRefused `too_large` as soon as the limit is passed.
 */
async function readWhole(source: AsyncIterable<Uint8Array> | Uint8Array, limits: ListLimits): Promise<Buffer> {
  const tooLarge = (): ListRefused => new ListRefused('too_large', `The limit is ${limits.bytes} bytes.`);
  if (source instanceof Uint8Array) {
    if (source.byteLength > limits.bytes) throw tooLarge();
    return Buffer.from(source.buffer, source.byteOffset, source.byteLength);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of source) {
    size += chunk.byteLength;
    if (size > limits.bytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

function isZip(bytes: Buffer): boolean {
  return bytes.byteLength >= 4 && bytes.readUInt32LE(0) === 0x04034b50;
}

/** Titles, dates and logos are above the headings of many lists: so many rows are searched. */
const LOOKED_AT = 20;
/** A row with so many known columns is neither a title nor a person. */
const ENOUGH = 5;

/**
 * The headings: the row that a person named, else the first row with some known columns, else the first row.
 * @returns undefined if the file is empty, or empty from that line on
 */
async function findHeadings(
  rows: ReturnType<OpenedFile['fileRows']>,
  {
    line,
    given = [],
    recall,
  }: {
    line?: number | undefined;
    given?: readonly HeadingRule[] | undefined;
    recall: Recall;
  },
): Promise<(MappedColumns & { headings: string[]; line: number; above: number }) | undefined> {
  const candidates: Array<{ headings: string[]; line: number; above: number }> = [];
  let above = 0;
  for await (const row of rows) {
    if (line === undefined || row.line >= line) {
      candidates.push({ headings: row.cells.map((cell) => tidyCell(cell.text)), line: row.line, above });
    }
    above++;
    if (candidates.length === (line === undefined ? LOOKED_AT : 1)) break;
  }
  const remembered = await recall([...new Set(candidates.flatMap(({ headings }) => headings))]);
  const mapped = candidates.map((candidate) => ({
    ...candidate,
    ...mapColumns(candidate.headings, given, remembered),
  }));
  return mapped.find(({ columns }) => columns.filter((column) => column !== null).length >= ENOUGH) ?? mapped[0];
}

async function* readRows(
  fileRows: ReturnType<OpenedFile['fileRows']>,
  found: FoundList,
  { dateOrder }: Override,
): AsyncGenerator<ListRow> {
  const correctionAt = found.headings.indexOf(CORRECTION_COLUMN);
  let record = 0;
  for await (const { line, cells: fileCells } of fileRows) {
    if (line <= found.headingLine) continue;
    if (fileCells.every((cell) => cell.text.trim() === '')) continue;
    record++;
    const raw = fileCells.map(({ text }) => (correctionAt === -1 ? text : plainCell(text)));
    const written = Object.fromEntries(COLUMNS.map((column) => [column, ''])) as Record<Column, string>;
    found.columns.forEach((column, index) => {
      const text = raw[index];
      if (column !== null && text !== undefined) written[column] = text;
    });
    const cells = dateOrder === undefined ? written : turned(written, dateOrder);
    const corrections = correctionAt === -1 ? null : correctedRow(raw[correctionAt] ?? '');
    yield { record, line, raw, written, cells, corrections, findings: fileFindings(fileCells, found) };
  }
}

function turned(written: Record<Column, string>, orders: NonNullable<Override['dateOrder']>): Record<Column, string> {
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

/** Opens the list of an import with the overrides of people, and with the rows of its correction files. */
export const readImportedList: ListReader = async ({ source, given, partOf, recall, corrected }) => {
  const override = partOf === undefined ? given : overridePart(partOf, given);
  const list = await openList(source, { override, recall });
  const parts: CorrectedPart[] = [];
  for (const { source: part, given: givenOfPart, targets } of corrected) {
    parts.push({
      list: await openList(part, { override: overridePart(override, givenOfPart), recall }),
      targets,
      closed: givenOfPart.kept ?? [],
    });
  }
  return continueList(list, parts);
};

/** A correction file may have another format, but its headings and dates mean the same as in its list. */
function overridePart({ columns = [], dateOrder }: Override, given: Override): Override {
  return { ...given, columns: [...(given.columns ?? []), ...columns], ...(dateOrder ? { dateOrder } : {}) };
}

/** A correction file, and the row of the list that each of its rows replaces. */
type CorrectedPart = { list: OpenedList; targets: ReadonlyMap<number, number>; closed: readonly Column[] };

/** A row with the cells that it keeps of the row that it replaces. */
type Correction = (before: ListRow | undefined) => ListRow;

/**
 * The list with the rows of its correction files. A corrected row replaces its row and keeps its number and line; new
 * rows follow at the end. Of several corrections of one row the last counts.
 */
async function continueList(list: OpenedList, parts: readonly CorrectedPart[]): Promise<OpenedList> {
  if (parts.length === 0) return list;
  const corrected = new Map<number, Correction>();
  for (const { list: part, targets, closed } of parts) {
    const inOrder = orderOf(list.found, part.found);
    for await (const row of part.rows) {
      const target = targets.get(row.record);
      if (target === undefined) continue;
      const earlier = corrected.get(target);
      const own = { ...row, record: target, raw: inOrder(row.raw) };
      corrected.set(target, (before) => withKeptCells(list.found, earlier?.(before) ?? before, own, closed));
    }
  }
  const records = Math.max(list.found.records, ...corrected.keys());
  return { found: { ...list.found, records }, rows: { [Symbol.asyncIterator]: () => rowsOf(list, corrected) } };
}

async function* rowsOf(list: OpenedList, corrected: ReadonlyMap<number, Correction>): AsyncGenerator<ListRow> {
  let record = 0;
  for await (const row of list.rows) {
    record = row.record;
    const correction = corrected.get(record);
    yield correction === undefined ? row : { ...correction(row), line: row.line };
  }
  for (let added = corrected.get(++record); added !== undefined; added = corrected.get(++record)) {
    yield added(undefined);
  }
}

/** The cells of a correction file in the order of the list, by column, so that rows to correct again have its form. */
function orderOf(list: FoundList, part: FoundList): (raw: readonly string[]) => string[] {
  const places = list.headings.map((heading, index) => {
    const column = list.columns[index] ?? null;
    const place = column === null ? -1 : part.columns.indexOf(column);
    return place === -1 ? part.headings.indexOf(heading) : place;
  });
  return (raw) => places.map((place) => raw[place] ?? '');
}

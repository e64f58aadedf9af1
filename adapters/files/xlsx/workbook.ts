import { type FoundList, foundSoFar, ListRefused, type Override } from '../../../domain/imports/file.ts';
import type { ListLimits, OpenedFile } from '../openList.ts';
import { builtInFormat, numberText } from './numberText.ts';
import { openParts, parseXml, readXml, unescapeCharacters } from './parts.ts';

/** A cell as a reader sees it. `number` is the raw number of a number cell. */
export type SheetCell = { text: string; number?: 'date' | 'plain' | 'withZeros' };

type Workbook = {
  sheets: FoundList['sheets'];
  /** rows of one sheet in order, empty ones left out. @throws ListRefused `sheet_unknown`, `workbook_damaged`, limits */
  rows: (sheet: string) => ReturnType<OpenedFile['fileRows']>;
};

/** Opens a workbook (.xlsx): its sheets, number formats and texts. @throws ListRefused `workbook_damaged`, `too_large`. */
async function openWorkbook(bytes: Buffer, limits: ListLimits): Promise<Workbook> {
  const parts = await openParts(bytes, limits.unpackedBytes);
  const workbookPart = parts.open('xl/workbook.xml');
  if (workbookPart === null) {
    const kind = parts.has('xl/workbook.bin')
      ? 'It is a binary workbook (.xlsb).'
      : parts.has('content.xml')
        ? 'It is an OpenDocument file.'
        : 'It is an archive, and no workbook.';
    throw new ListRefused('unknown_format', kind);
  }
  const found: Array<FoundList['sheets'][number] & { relation: string }> = [];
  let date1904 = false;
  await readXml(workbookPart, {
    open: (name, attributes) => {
      if (name === 'workbookPr') date1904 = attributes.date1904 === '1' || attributes.date1904 === 'true';
      if (name !== 'sheet') return;
      const hidden = attributes.state === 'hidden' || attributes.state === 'veryHidden';
      found.push({ name: unescapeCharacters(attributes.name ?? ''), hidden, relation: attributes.id ?? '' });
    },
  });
  const targets = await readRelations(parts.open('xl/_rels/workbook.xml.rels'));
  const formats = await readFormats(parts.open('xl/styles.xml'));
  const texts = await readTexts(parts.open('xl/sharedStrings.xml'), limits);
  return {
    sheets: found.map(({ name, hidden }) => ({ name, hidden })),
    rows: async function* (name) {
      const sheet = found.find((candidate) => candidate.name === name);
      if (sheet === undefined) throw new ListRefused('sheet_unknown', '');
      const target = targets.get(sheet.relation);
      const sheetPart = target === undefined ? null : parts.open(target);
      if (sheetPart === null) throw new ListRefused('workbook_damaged', 'A sheet is missing.');
      yield* readRows(sheetPart, { formats, texts, date1904 }, limits);
    },
  };
}

async function readRelations(chunks: AsyncIterable<Buffer> | null): Promise<Map<string, string>> {
  const targets = new Map<string, string>();
  if (chunks === null) return targets;
  await readXml(chunks, {
    open: (name, attributes) => {
      const target = attributes.Target ?? '';
      if (name === 'Relationship')
        targets.set(attributes.Id ?? '', target.startsWith('/') ? target.slice(1) : `xl/${target}`);
    },
  });
  return targets;
}

/** The format code of each cell style, by index. */
async function readFormats(chunks: AsyncIterable<Buffer> | null): Promise<string[]> {
  const own = new Map<number, string>();
  const formats: string[] = [];
  if (chunks === null) return formats;
  let inCellStyles = false;
  await readXml(chunks, {
    open: (name, attributes) => {
      if (name === 'cellXfs') inCellStyles = true;
      if (name === 'numFmt') own.set(Number(attributes.numFmtId), attributes.formatCode ?? '');
      if (name !== 'xf' || !inCellStyles) return;
      const id = Number(attributes.numFmtId ?? 0);
      formats.push(own.get(id) ?? builtInFormat(id));
    },
    close: (name) => {
      if (name === 'cellXfs') inCellStyles = false;
    },
  });
  return formats;
}

/** The shared texts of cells, without their phonetic readings. */
async function readTexts(chunks: AsyncIterable<Buffer> | null, limits: ListLimits): Promise<string[]> {
  const texts: string[] = [];
  if (chunks === null) return texts;
  let text = '';
  let characters = 0;
  let inText = false;
  let inPhonetic = false;
  await readXml(chunks, {
    open: (name) => {
      if (name === 'si') text = '';
      if (name === 'rPh') inPhonetic = true;
      if (name === 't') inText = !inPhonetic;
    },
    close: (name) => {
      if (name === 'si') texts.push(unescapeCharacters(text));
      if (name === 'rPh') inPhonetic = false;
      if (name === 't') inText = false;
    },
    text: (piece) => {
      if (!inText) return;
      text += piece;
      characters += piece.length;
      if (characters > limits.sharedCharacters) {
        throw new ListRefused('too_large', `The limit of its texts is ${limits.sharedCharacters} characters.`);
      }
    },
  });
  return texts;
}

type CellContext = { formats: readonly string[]; texts: readonly string[]; date1904: boolean };

/** `AB12` → 27. */
function columnOf(reference: string): number {
  let column = 0;
  for (const letter of /^[A-Z]*/.exec(reference)?.[0] ?? '') column = column * 26 + letter.charCodeAt(0) - 64;
  return column - 1;
}

async function* readRows(
  chunks: AsyncIterable<Buffer>,
  context: CellContext,
  limits: ListLimits,
): ReturnType<OpenedFile['fileRows']> {
  let row = { line: 0, cells: [] as SheetCell[] };
  let done: Array<typeof row> = [];
  let cell = { column: -1, type: 'n', style: 0, value: '' };
  let characters = 0;
  let inValue = false;
  let inPhonetic = false;
  const parsing = parseXml(chunks, {
    open: (name, attributes) => {
      if (name === 'row') {
        row = { line: Number(attributes.r ?? row.line + 1), cells: [] };
        characters = 0;
      }
      if (name === 'c') {
        const column = attributes.r === undefined ? row.cells.length : columnOf(attributes.r);
        cell = { column, type: attributes.t ?? 'n', style: Number(attributes.s ?? 0), value: '' };
      }
      if (name === 'rPh') inPhonetic = true;
      if (name === 'v' || name === 't') inValue = !inPhonetic;
    },
    text: (piece) => {
      if (!inValue) return;
      cell.value += piece;
      characters += piece.length;
      if (characters > limits.recordCharacters) {
        throw new ListRefused('record_too_large', `It is row ${row.line} of the sheet.`);
      }
    },
    close: (name) => {
      if (name === 'v' || name === 't') inValue = false;
      if (name === 'rPh') inPhonetic = false;
      if (name === 'c' && cell.value !== '') {
        if (cell.column >= limits.columns) throw new ListRefused('too_many_columns', `The limit is ${limits.columns}.`);
        while (row.cells.length < cell.column) row.cells.push({ text: '' });
        row.cells[cell.column] = readCell(cell, context);
      }
      if (name === 'row' && row.cells.some((one) => one.text.trim() !== '')) done.push(row);
    },
  });
  while (!(await parsing.next()).done) {
    yield* done;
    done = [];
  }
}

function readCell(cell: { type: string; style: number; value: string }, context: CellContext): SheetCell {
  switch (cell.type) {
    case 's':
      return { text: context.texts[Number(cell.value)] ?? '' };
    case 'd':
      // an ISO 8601 date cell has a time that nobody wrote
      return { text: cell.value.replace(/T00:00:00(?:\.0+)?Z?$/, ''), number: 'date' };
    case 'b':
      return { text: cell.value === '1' ? 'TRUE' : 'FALSE' };
    case 'n': {
      const value = Number(cell.value);
      if (!Number.isFinite(value)) return { text: cell.value };
      const read = numberText(value, context.formats[cell.style] ?? 'General', context.date1904);
      return { text: read.text, number: read.isDate ? 'date' : read.zerosShown ? 'withZeros' : 'plain' };
    }
    default:
      return { text: unescapeCharacters(cell.value) };
  }
}

export async function openSheet(bytes: Buffer, override: Override, limits: ListLimits): Promise<OpenedFile> {
  const workbook = await openWorkbook(bytes, limits);
  const sheet = override.sheet ?? workbook.sheets.find((candidate) => !candidate.hidden)?.name;
  if (sheet === undefined || !workbook.sheets.some((candidate) => candidate.name === sheet)) {
    const hidden = workbook.sheets.filter((one) => one.hidden).length;
    throw new ListRefused(
      'sheet_unknown',
      `It has ${workbook.sheets.length} sheets, ${hidden} of them hidden.`,
      foundSoFar({ format: 'xlsx', sheets: workbook.sheets }),
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

import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import {
  DELIMITERS,
  type Delimiter,
  type Encoding,
  foundSoFar,
  type ListRefusal,
  ListRefused,
  type Override,
} from '../../domain/imports/file.ts';
import { decodeText, detectEncoding } from './encoding.ts';
import type { ListLimits, OpenedFile } from './openList.ts';

/** The result of a scan of the text, without its cells. */
type TextShape = {
  /** non-empty lines, without quoted line breaks and without a `sep=` line; the headings count */
  records: number;
  lines: number;
  /** cells of the last record */
  lastCells: number;
  newline: '\r\n' | '\n' | '\r';
  /** the text ends with a line break */
  endsLine: boolean;
  /** line of a quotation mark that is never closed */
  openQuoteAt: number | null;
  /** line of the first record that is larger than the limit */
  tooLargeAt: number | null;
};

/** `sep=;`, the line in which spreadsheets write the delimiter. */
const SEP_LINE = /^sep=([,;\t])$/i;

/**
 * Scans the whole text once, so that a truncated file is detected before its first row is used.
 * @param recordCharacters the most that one record may have
 */
function scanText(chunks: Iterable<string>, delimiter: Delimiter, recordCharacters: number): TextShape {
  let state: 'start' | 'plain' | 'quoted' | 'quoteSeen' = 'start';
  let records = 0;
  let recordHasText = false;
  let cells = 1;
  let lastCells = 0;
  // only the first record can be a `sep=` line, which is short
  let beginning: string | null = '';
  const endRecord = (): void => {
    const isSep = beginning !== null && SEP_LINE.test(beginning);
    if (recordHasText && !isSep) {
      records++;
      lastCells = cells;
    }
    if (recordHasText) beginning = null;
    recordHasText = false;
    cells = 1;
    characters = 0;
  };
  let characters = 0;
  let recordLine = 1;
  let tooLargeAt: number | null = null;
  let line = 1;
  let quoteLine = 0;
  let last = '';
  let newline: TextShape['newline'] | null = null;
  for (const chunk of chunks) {
    for (let index = 0; index < chunk.length; index++) {
      const character = chunk.charAt(index);
      const isBreak = character === '\n' || character === '\r';
      if (characters++ === 0) recordLine = line;
      if (characters > recordCharacters) tooLargeAt ??= recordLine;
      if (isBreak && !(character === '\n' && last === '\r')) line++;
      if (state === 'quoted') {
        if (character === '"') state = 'quoteSeen';
      } else if (state === 'quoteSeen' && character === '"') {
        state = 'quoted';
      } else if (isBreak) {
        newline ??= character === '\n' ? '\n' : '\r';
        if (newline === '\r' && character === '\n' && last === '\r') newline = '\r\n';
        endRecord();
        state = 'start';
      } else if (character === delimiter) {
        cells++;
        state = 'start';
      } else if (character === '"' && state === 'start') {
        state = 'quoted';
        quoteLine = line;
      } else state = 'plain';
      if (!isBreak) recordHasText = true;
      if (beginning !== null && beginning.length <= 5 && !isBreak) beginning += character;
      last = character;
    }
  }
  const endsLine = !recordHasText;
  endRecord();
  return {
    records,
    lines: line,
    lastCells,
    newline: newline ?? '\n',
    endsLine,
    openQuoteAt: state === 'quoted' ? quoteLine : null,
    tooLargeAt,
  };
}

/** The first lines, among which the headings are. */
const FIRST_LINES = 20;

/** The delimiter of the headings: the one outside quotes that splits a line most. `sep=` in the first line decides. */
function detectDelimiter(head: string): Delimiter {
  const firstLine = /^[\r\n]*([^\r\n]*)/.exec(head)?.[1] ?? '';
  const given = SEP_LINE.exec(firstLine)?.[1];
  const isDelimiter = (text: string | undefined): text is Delimiter =>
    DELIMITERS.some((delimiter) => delimiter === text);
  if (isDelimiter(given)) return given;
  const lines = head
    .replace(/"(?:[^"]|"")*"/g, '')
    .split(/[\r\n]+/)
    .slice(0, FIRST_LINES);
  const count = (delimiter: Delimiter): number => Math.max(...lines.map((line) => line.split(delimiter).length));
  return DELIMITERS.reduce((best, delimiter) => (count(delimiter) > count(best) ? delimiter : best));
}

/**
 * The records of the text, the headings first, without empty lines, each as soon as it is read. `line` is where a record
 * begins, as an editor counts lines.
 * @throws ListRefused `record_too_large`, `cut_off`, `unreadable_text`.
 */
async function* readDelimited(
  bytes: Buffer,
  encoding: Encoding,
  delimiter: Delimiter,
  limits: ListLimits,
): ReturnType<OpenedFile['fileRows']> {
  const parser = parse({
    delimiter,
    // named, because a file that is joined from two has both
    record_delimiter: ['\r\n', '\n', '\r'],
    info: true,
    relax_column_count: true,
    // a quotation mark inside an unquoted name is a part of the name
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: limits.recordCharacters,
  });
  const text = Readable.from(decodeText(bytes, encoding));
  text.on('error', (error) => parser.destroy(error));
  text.pipe(parser);
  let line = 1;
  let emptyLines = 0;
  let first = true;
  try {
    for await (const item of parser as AsyncIterable<{ record: string[]; info: { empty_lines: number } }>) {
      line += item.info.empty_lines - emptyLines;
      emptyLines = item.info.empty_lines;
      const isSep = first && SEP_LINE.test(item.record.join(delimiter));
      first = false;
      if (!isSep) yield { line, cells: item.record.map((text) => ({ text })) };
      line += 1 + item.record.reduce((breaks, cell) => breaks + (cell.match(/\r\n|\r|\n/g)?.length ?? 0), 0);
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    // the parser's message quotes the text, and rows it had ready are lost with it, so the line is approximate
    if (error.code === 'CSV_MAX_RECORD_SIZE')
      throw new ListRefused('record_too_large', `It begins after line ${line}.`);
    if (error.code === 'CSV_QUOTE_NOT_CLOSED') throw new ListRefused('cut_off', `The row begins after line ${line}.`);
    throw new ListRefused('unknown_format', `Reading stopped after line ${line}.`);
  } finally {
    text.destroy();
    parser.destroy();
  }
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

export function openText(bytes: Buffer, override: Override, limits: ListLimits): OpenedFile {
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
  const text = (): Iterable<string> => decodeText(bytes, encoding, () => foundSoFar(known));
  let head = '';
  for (const piece of text()) {
    head = piece;
    break;
  }
  const delimiter = override.delimiter ?? detectDelimiter(head);
  const shape = scanText(text(), delimiter, limits.recordCharacters);
  const refused = (code: ListRefusal, detail: string): ListRefused =>
    new ListRefused(code, detail, foundSoFar({ ...known, delimiter, newline: shape.newline }));
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
    fileRows: () => readDelimited(bytes, encoding, delimiter, limits),
  };
}

import { isUtf8 } from 'node:buffer';
import { type Encoding, type FoundList, ListRefused, SINGLE_BYTE } from '../../domain/imports/file.ts';

/** `certain` is false if the bytes allow another encoding: a person should check. */
export type FoundEncoding = { encoding: Encoding; byteOrderMark: boolean; certain: boolean };

const MARKS: Array<[Encoding, number[]]> = [
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
];

/** Detects the encoding: by byte-order mark, zero bytes of UTF-16, valid UTF-8, else by letters. */
export function detectEncoding(bytes: Buffer): FoundEncoding {
  for (const [encoding, mark] of MARKS) {
    if (mark.every((byte, index) => bytes[index] === byte)) return { encoding, byteOrderMark: true, certain: true };
  }
  const withoutMark = (encoding: Encoding, certain: boolean): FoundEncoding => ({
    encoding,
    byteOrderMark: false,
    certain,
  });
  const wide = wideOrder(bytes.subarray(0, SAMPLE_BYTES));
  if (wide !== null) return withoutMark(wide, true);
  if (isUtf8(bytes)) return withoutMark('utf-8', true);
  if (isNearlyUtf8(bytes.subarray(0, SAMPLE_BYTES))) return withoutMark('utf-8', false);
  return withoutMark(looksArabic(bytes) ? 'windows-1256' : 'windows-1252', false);
}

const SAMPLE_BYTES = 256 * 1024;

/**
 * UTF-16 without byte-order mark. Delimiters and line breaks are frequent units with a zero byte, always on the same
 * side. Letters may have none, because headings may be Arabic. Single-byte text has no zero bytes, except damaged ones.
 */
function wideOrder(sample: Buffer): 'utf-16le' | 'utf-16be' | null {
  if (!sample.includes(0)) return null;
  const counts = { 'utf-16le': 0, 'utf-16be': 0 };
  for (let at = 0; at + 1 < sample.byteLength; at += 2) {
    const [first = 0, second = 0] = [sample[at], sample[at + 1]];
    if (second === 0 && SEPARATORS.has(first)) counts['utf-16le']++;
    if (first === 0 && SEPARATORS.has(second)) counts['utf-16be']++;
  }
  const many = (count: number): boolean => count * UNITS_A_SEPARATOR >= sample.byteLength / 2;
  // a separator of the other byte order can occur by chance (U+0A00, U+2C00 and their neighbours are rare letters)
  if (many(counts['utf-16le']) && counts['utf-16le'] > 10 * counts['utf-16be']) return 'utf-16le';
  return many(counts['utf-16be']) && counts['utf-16be'] > 10 * counts['utf-16le'] ? 'utf-16be' : null;
}

/** A list of fifteen columns has one separator in about twenty characters; one in a hundred is far below any list. */
const UNITS_A_SEPARATOR = 100;
const SEPARATORS: ReadonlySet<number> = new Set(Buffer.from('\t\n\r,;'));

/**
 * UTF-8 with a few invalid bytes. As a single-byte encoding its Arabic names would become other Arabic letters. So it
 * stays UTF-8 and is refused with the invalid line.
 */
function isNearlyUtf8(sample: Buffer): boolean {
  // the last character of a sample may be truncated
  const text = new TextDecoder().decode(sample, { stream: true });
  const spoilt = text.match(/\uFFFD/g)?.length ?? 0;
  // oxlint-disable-next-line no-control-regex -- everything but ASCII
  const others = text.match(/[^\u0000-\u007F\uFFFD]/gu)?.length ?? 0;
  return others > 2 * spoilt;
}

/** The line, counted from 1, with the first invalid UTF-8 bytes. */
function spoiltLine(bytes: Buffer): number {
  for (let line = 1, from = 0; from < bytes.byteLength; line++) {
    const end = bytes.indexOf(0x0a, from);
    const to = end === -1 ? bytes.byteLength : end + 1;
    if (!isUtf8(bytes.subarray(from, to))) return line;
    from = to;
  }
  return 1;
}

/**
 * Whether bytes above 127 make Arabic words in Windows-1256. In a Western European list they are single accented letters
 * between Latin ones.
 */
function looksArabic(bytes: Buffer): boolean {
  const text = new TextDecoder('windows-1256').decode(bytes.subarray(0, SAMPLE_BYTES));
  const inWords = text.match(/\p{Script=Arabic}{2,}/gu)?.join('').length ?? 0;
  const amongLatin = text.match(/\p{Script=Latin}\p{Script=Arabic}|\p{Script=Arabic}\p{Script=Latin}/gu)?.length ?? 0;
  return inWords > amongLatin;
}

const CHUNK_BYTES = 64 * 1024;

/**
 * The text in pieces, without its byte-order mark. A refusal carries `found`.
 * @throws ListRefused `unreadable_text` for invalid bytes, `cut_off` for half a UTF-16 unit.
 */
export function* decodeText(bytes: Buffer, encoding: Encoding, found?: () => FoundList): Generator<string> {
  if (encoding.startsWith('utf-16') && bytes.byteLength % 2 === 1) {
    throw new ListRefused('cut_off', 'The last character is half there.', found?.());
  }
  // a single-byte encoding can always be read; the others report invalid bytes
  const decoder = new TextDecoder(encoding, { fatal: encoding.startsWith('utf') });
  try {
    for (let from = 0; from < bytes.byteLength; from += CHUNK_BYTES) {
      yield decoder.decode(bytes.subarray(from, from + CHUNK_BYTES), { stream: true });
    }
    yield decoder.decode();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const where = encoding === 'utf-8' ? ` Line ${spoiltLine(bytes)} has bytes that are none.` : '';
    throw new ListRefused('unreadable_text', `It was read as ${encoding}.${where}`, found?.());
  }
}

/** The text in the bytes of the encoding; a character outside a single-byte encoding becomes a question mark. */
export function encodeText(text: string, encoding: Encoding): Buffer {
  if (encoding === 'utf-8') return Buffer.from(text, 'utf8');
  if (encoding === 'utf-16le') return Buffer.from(text, 'utf16le');
  if (encoding === 'utf-16be') return Buffer.from(text, 'utf16le').swap16();
  const table = singleByteTable(encoding);
  return Buffer.from(Array.from(text, (character) => table.get(character) ?? 0x3f));
}

function singleByteTable(encoding: (typeof SINGLE_BYTE)[number]): Map<string, number> {
  const decoder = new TextDecoder(encoding);
  const table = new Map<string, number>();
  for (let byte = 0; byte < 256; byte++) table.set(decoder.decode(Uint8Array.of(byte)), byte);
  return table;
}

export function byteOrderMark(encoding: Encoding): Buffer {
  return Buffer.from(MARKS.find(([marked]) => marked === encoding)?.[1] ?? []);
}

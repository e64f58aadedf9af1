import { isUtf8 } from 'node:buffer';
import { ListRefused } from './refused.ts';

export const ENCODINGS = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1256', 'windows-1252'] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** `certain` is false where the bytes allow another reading: the user is asked to look. */
export type FoundEncoding = { encoding: Encoding; byteOrderMark: boolean; certain: boolean };

const MARKS: Array<[Encoding, number[]]> = [
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
];

/** Finds out how the text is written: by its mark, by the zero bytes of UTF-16, as valid UTF-8, else by its letters. */
export function detectEncoding(bytes: Buffer): FoundEncoding {
  for (const [encoding, mark] of MARKS) {
    if (mark.every((byte, index) => bytes[index] === byte)) return { encoding, byteOrderMark: true, certain: true };
  }
  const withoutMark = (encoding: Encoding, certain: boolean): FoundEncoding => ({
    encoding,
    byteOrderMark: false,
    certain,
  });
  // headings are Latin letters: in UTF-16 every second byte of the beginning is zero
  const head = bytes.subarray(0, 64);
  const zeros = [0, 0];
  head.forEach((byte, index) => {
    if (byte === 0) zeros[index % 2] = (zeros[index % 2] ?? 0) + 1;
  });
  const [even = 0, odd = 0] = zeros;
  if (odd > head.length / 4 && even === 0) return withoutMark('utf-16le', true);
  if (even > head.length / 4 && odd === 0) return withoutMark('utf-16be', true);
  if (isUtf8(bytes)) return withoutMark('utf-8', true);
  return withoutMark(looksArabic(bytes) ? 'windows-1256' : 'windows-1252', false);
}

const SAMPLE_BYTES = 256 * 1024;

/**
 * Whether bytes above 127 make Arabic words when read as Windows-1256. In a Western European list the same bytes
 * are single accented letters between Latin ones.
 */
function looksArabic(bytes: Buffer): boolean {
  const text = new TextDecoder('windows-1256').decode(bytes.subarray(0, SAMPLE_BYTES));
  const inWords = text.match(/\p{Script=Arabic}{2,}/gu)?.join('').length ?? 0;
  const amongLatin = text.match(/\p{Script=Latin}\p{Script=Arabic}|\p{Script=Arabic}\p{Script=Latin}/gu)?.length ?? 0;
  return inWords > amongLatin;
}

const CHUNK_BYTES = 64 * 1024;

/**
 * The text in pieces, without its byte-order mark.
 * @throws ListRefused `unreadable_text` where bytes are no text of the encoding, `cut_off` for half a UTF-16 unit.
 */
export function* decodeText(bytes: Buffer, encoding: Encoding): Generator<string> {
  if (encoding.startsWith('utf-16') && bytes.byteLength % 2 === 1) {
    throw new ListRefused('cut_off', 'The last character is half there.');
  }
  // a whole file of single bytes can always be read; the others say when they cannot
  const decoder = new TextDecoder(encoding, { fatal: encoding.startsWith('utf') });
  try {
    for (let from = 0; from < bytes.byteLength; from += CHUNK_BYTES) {
      yield decoder.decode(bytes.subarray(from, from + CHUNK_BYTES), { stream: true });
    }
    yield decoder.decode();
  } catch (error) {
    if (error instanceof TypeError) throw new ListRefused('unreadable_text', `It was read as ${encoding}.`);
    throw error;
  }
}

/** The text in the bytes of the encoding; what a single-byte encoding cannot hold becomes a question mark. */
export function encodeText(text: string, encoding: Encoding): Buffer {
  if (encoding === 'utf-8') return Buffer.from(text, 'utf8');
  if (encoding === 'utf-16le') return Buffer.from(text, 'utf16le');
  if (encoding === 'utf-16be') return Buffer.from(text, 'utf16le').swap16();
  const table = singleByteTable(encoding);
  return Buffer.from(Array.from(text, (character) => table.get(character) ?? 0x3f));
}

function singleByteTable(encoding: 'windows-1256' | 'windows-1252'): Map<string, number> {
  const decoder = new TextDecoder(encoding);
  const table = new Map<string, number>();
  for (let byte = 0; byte < 256; byte++) table.set(decoder.decode(Uint8Array.of(byte)), byte);
  return table;
}

export function byteOrderMark(encoding: Encoding): Buffer {
  return Buffer.from(MARKS.find(([marked]) => marked === encoding)?.[1] ?? []);
}

import type { Readable } from 'node:stream';
import { ListRefused } from './refused.ts';

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

/**
 * The whole file, outside the heap: its completeness must be known before the first row is used.
 * @throws ListRefused `too_large` as soon as the limit is passed.
 */
export async function readWhole(source: Readable | Uint8Array, limits: ListLimits): Promise<Buffer> {
  const tooLarge = (): ListRefused => new ListRefused('too_large', `The limit is ${limits.bytes} bytes.`);
  if (source instanceof Uint8Array) {
    if (source.byteLength > limits.bytes) throw tooLarge();
    return Buffer.from(source.buffer, source.byteOffset, source.byteLength);
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of source as AsyncIterable<Buffer | string>) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    size += bytes.byteLength;
    if (size > limits.bytes) throw tooLarge();
    chunks.push(bytes);
  }
  return Buffer.concat(chunks, size);
}

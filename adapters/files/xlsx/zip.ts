import { type Readable, Readable as ReadableStream } from 'node:stream';
import { crc32, createInflateRaw, deflateRawSync } from 'node:zlib';
import { ListRefused } from '../refused.ts';

/** One file in the archive of a workbook. */
type ZipEntry = { method: number; packed: Buffer; checksum: number };

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const LOCAL_HEADER = 0x04034b50;
const STORED = 0;
const DEFLATED = 8;

const damaged = (detail: string): ListRefused => new ListRefused('workbook_damaged', detail);

/**
 * The files of a zip archive by name, still packed, found through its directory at the end (a workbook that was
 * cut has none). @throws ListRefused `workbook_damaged`.
 */
export function readZip(bytes: Buffer): Map<string, ZipEntry> {
  const end = findEnd(bytes);
  const count = bytes.readUInt16LE(end + 10);
  let at = bytes.readUInt32LE(end + 16);
  const entries = new Map<string, ZipEntry>();
  try {
    for (let index = 0; index < count; index++) {
      if (bytes.readUInt32LE(at) !== DIRECTORY_ENTRY) throw damaged('Its directory cannot be read.');
      const [flags, method] = [bytes.readUInt16LE(at + 8), bytes.readUInt16LE(at + 10)];
      if ((flags & 1) !== 0) throw damaged('It is encrypted.');
      const size = bytes.readUInt32LE(at + 20);
      const nameLength = bytes.readUInt16LE(at + 28);
      const local = bytes.readUInt32LE(at + 42);
      const name = bytes.toString('utf8', at + 46, at + 46 + nameLength);
      if (bytes.readUInt32LE(local) !== LOCAL_HEADER) throw damaged('Its directory points nowhere.');
      const from = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
      if (from + size > bytes.byteLength) throw damaged('A part of it is missing.');
      entries.set(name.replace(/^\//, ''), {
        method,
        packed: bytes.subarray(from, from + size),
        checksum: bytes.readUInt32LE(at + 16),
      });
      at += 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
    }
  } catch (error) {
    if (error instanceof RangeError) throw damaged('Its directory is cut off.');
    throw error;
  }
  return entries;
}

function findEnd(bytes: Buffer): number {
  const lowest = Math.max(0, bytes.byteLength - 22 - 0xffff);
  for (let at = bytes.byteLength - 22; at >= lowest; at--) if (bytes.readUInt32LE(at) === END_OF_DIRECTORY) return at;
  throw damaged('Its end is missing.');
}

/** Honest sheets are packed to a twentieth or so; what is packed a hundred times and large was made to fill the memory. */
const MOST_PACKED = 100;
const SMALL_PART = 32 * 1024 * 1024;

/** The unpacked bytes in pieces. @throws ListRefused `too_large` above `limit` bytes, `workbook_damaged`. */
export async function* unpack(entry: ZipEntry, limit: number): AsyncGenerator<Buffer> {
  if (entry.method !== STORED && entry.method !== DEFLATED) throw damaged('It is packed in an unknown way.');
  const source = ReadableStream.from([entry.packed]);
  const stream: Readable = entry.method === STORED ? source : source.pipe(createInflateRaw());
  let size = 0;
  let checksum = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      size += chunk.byteLength;
      if (size > limit) throw new ListRefused('too_large', `The limit unpacked is ${limit} bytes.`);
      if (size > Math.min(limit, SMALL_PART) && size > MOST_PACKED * entry.packed.byteLength) {
        throw new ListRefused('too_large', `It unpacks to more than ${MOST_PACKED} times its size.`);
      }
      checksum = crc32(chunk, checksum);
      yield chunk;
    }
    if (checksum !== entry.checksum) throw damaged('A part of it has changed on the way.');
  } catch (error) {
    if (error instanceof ListRefused) throw error;
    throw damaged('A part of it cannot be unpacked.');
  } finally {
    stream.destroy();
  }
}

/** A zip archive of texts, for a workbook that we write. */
export function writeZip(files: ReadonlyArray<[name: string, text: string]>): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, text] of files) {
    const plain = Buffer.from(text, 'utf8');
    const packed = deflateRawSync(plain);
    const nameBytes = Buffer.from(name, 'utf8');
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(DEFLATED, 4);
    // a fixed date, 1980-01-01: the same list makes the same file
    common.writeUInt16LE(0x21, 8);
    common.writeUInt32LE(crc32(plain), 10);
    common.writeUInt32LE(packed.byteLength, 14);
    common.writeUInt32LE(plain.byteLength, 18);
    common.writeUInt16LE(nameBytes.byteLength, 22);
    const local = Buffer.concat([uint32(LOCAL_HEADER), common, nameBytes, packed]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(at, 10);
    directory.push(uint32(DIRECTORY_ENTRY), Buffer.from([20, 0]), common, rest, nameBytes);
    parts.push(local);
    at += local.byteLength;
  }
  const listing = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(files.length, 4);
  end.writeUInt16LE(files.length, 6);
  end.writeUInt32LE(listing.byteLength, 8);
  end.writeUInt32LE(at, 12);
  return Buffer.concat([...parts, listing, uint32(END_OF_DIRECTORY), end]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

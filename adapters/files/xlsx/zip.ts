import { crc32, deflateRawSync } from 'node:zlib';
import { ListRefused } from '../../../domain/imports/file.ts';
import { type ArchivedFile, BadArchive, filesOfZip } from '../../archives/zip.ts';

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const LOCAL_HEADER = 0x04034b50;
const DEFLATED = 8;

/**
 * Normal sheets are compressed about twenty times. A large part that is compressed a hundred times is an attack on
 * memory.
 */
const MOST_PACKED = 100;
const SMALL_PART = 32 * 1024 * 1024;

/** The parts of a workbook. */
export type Parts = {
  has(name: string): boolean;
  /**
   * The unpacked bytes in pieces; null if there is no such part.
   * @throws ListRefused `too_large` if all requested parts together are too large, `workbook_damaged`
   */
  open(name: string): AsyncGenerator<Buffer> | null;
};

/**
 * Opens the archive of a workbook.
 * @param limit bytes of all parts that are opened, unpacked and counted once each
 * @throws ListRefused `workbook_damaged`
 */
export async function openParts(bytes: Buffer, limit: number): Promise<Parts> {
  const files = new Map<string, ArchivedFile>();
  const opened = new Set<ArchivedFile>();
  try {
    for await (const file of filesOfZip(bytes)) files.set(file.name, file);
  } catch (error) {
    throw refusalFor(error);
  }
  return {
    has: (name) => files.has(name),
    open(name) {
      const file = files.get(name);
      if (file === undefined) return null;
      opened.add(file);
      const total = [...opened].reduce((sum, { size }) => sum + size, 0);
      return unpack(file, total, limit);
    },
  };
}

/** A part whose size differs from the directory is refused, so the sizes can be checked before unpacking. */
async function* unpack(file: ArchivedFile, total: number, limit: number): AsyncGenerator<Buffer> {
  if (total > limit) throw new ListRefused('too_large', `The limit unpacked is ${limit} bytes.`);
  if (file.size > SMALL_PART && file.size > MOST_PACKED * file.packedSize) {
    throw new ListRefused('too_large', `It unpacks to more than ${MOST_PACKED} times its size.`);
  }
  try {
    yield* file.unpack();
  } catch (error) {
    throw refusalFor(error);
  }
}

function refusalFor(error: unknown): unknown {
  return error instanceof BadArchive ? new ListRefused('workbook_damaged', `${error.message}.`) : error;
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

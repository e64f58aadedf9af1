import { crc32, inflateRawSync } from 'node:zlib';

const END_OF_DIRECTORY = 0x06054b50;
const END_LENGTH = 22;
const DIRECTORY_ENTRY = 0x02014b50;
const DIRECTORY_ENTRY_LENGTH = 46;
const LOCAL_ENTRY = 0x04034b50;
const LOCAL_ENTRY_LENGTH = 30;
const STORED = 0;
const DEFLATED = 8;
const LONGEST_COMMENT = 0xffff;

/** The archive cannot be read; the message says where it is wrong. */
export class BadArchive extends Error {
  override name = 'BadArchive';
}

/**
 * The content of the first file in a zip archive (a Python wheel is one) whose name `isWanted`. Stored and deflated
 * files, no encryption, no zip64: what a wheel is made of. Nothing is written, so a name like `../x` does no harm.
 * @param largest bytes that a file may have unpacked.
 * @throws BadArchive when the archive is cut, damaged, of another kind, or has no such file.
 */
export function readFromZip(archive: Buffer, isWanted: (name: string) => boolean, largest = 512 * 1024 * 1024): Buffer {
  for (const entry of directoryOf(archive)) {
    if (isWanted(entry.name)) return unpack(archive, entry, largest);
  }
  throw new BadArchive('There is no such file in the archive');
}

interface Entry {
  name: string;
  method: number;
  checksum: number;
  packedSize: number;
  size: number;
  at: number;
}

function directoryOf(archive: Buffer): Entry[] {
  const end = findEnd(archive);
  const count = archive.readUInt16LE(end + 10);
  const entries: Entry[] = [];
  let at = archive.readUInt32LE(end + 16);
  for (let index = 0; index < count; index += 1) {
    if (at + DIRECTORY_ENTRY_LENGTH > archive.length || archive.readUInt32LE(at) !== DIRECTORY_ENTRY) {
      throw new BadArchive('The directory of the archive is damaged');
    }
    const nameLength = archive.readUInt16LE(at + 28);
    entries.push({
      method: archive.readUInt16LE(at + 10),
      checksum: archive.readUInt32LE(at + 16),
      packedSize: archive.readUInt32LE(at + 20),
      size: archive.readUInt32LE(at + 24),
      at: archive.readUInt32LE(at + 42),
      name: archive.toString('utf8', at + DIRECTORY_ENTRY_LENGTH, at + DIRECTORY_ENTRY_LENGTH + nameLength),
    });
    at += DIRECTORY_ENTRY_LENGTH + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return entries;
}

/** The directory is found from the end, where its record stands before a comment of unknown length. */
function findEnd(archive: Buffer): number {
  const earliest = Math.max(0, archive.length - END_LENGTH - LONGEST_COMMENT);
  for (let at = archive.length - END_LENGTH; at >= earliest; at -= 1) {
    if (archive.readUInt32LE(at) === END_OF_DIRECTORY) return at;
  }
  throw new BadArchive('This is not a zip archive, or it was cut');
}

function unpack(archive: Buffer, { name, method, checksum, packedSize, size, at }: Entry, largest: number): Buffer {
  if (at + LOCAL_ENTRY_LENGTH > archive.length || archive.readUInt32LE(at) !== LOCAL_ENTRY) {
    throw new BadArchive(`${name} is not where the directory says`);
  }
  // The local name and extra field may differ in length from the directory's.
  const from = at + LOCAL_ENTRY_LENGTH + archive.readUInt16LE(at + 26) + archive.readUInt16LE(at + 28);
  const packed = archive.subarray(from, from + packedSize);
  if (size > largest || packed.length !== packedSize) throw new BadArchive(`${name} is cut or too large`);
  const content = inflate(name, method, packed, size);
  if (content.length !== size || crc32(content) !== checksum) throw new BadArchive(`${name} is damaged`);
  return content;
}

function inflate(name: string, method: number, packed: Buffer, size: number): Buffer {
  if (method === STORED) return packed;
  if (method !== DEFLATED) throw new BadArchive(`${name} is packed in an unknown way (${method})`);
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(size, 1) });
  } catch (error) {
    throw new BadArchive(`${name} is damaged`, { cause: error });
  }
}

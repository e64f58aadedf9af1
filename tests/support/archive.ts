import { crc32, deflateRawSync } from 'node:zlib';

/** A file to put in a zip archive, and what the archive says of it that is not so. */
export type Packed = {
  name: string;
  content: Buffer;
  stored?: boolean;
  /** what the archive says instead of the truth */
  says?: { size?: number; packedSize?: number; checksum?: number };
  /** sizes and checksum stand behind the body, as when the writer cannot go back, with a signature or without one */
  descriptor?: 'signed' | 'unsigned';
  /** sizes stand in a field of 64 bits */
  zip64?: boolean;
  encrypted?: boolean;
  /** no body of its own: the directory points at the file before it */
  onBodyBefore?: boolean;
};

const MAX_32 = 0xffffffff;
const UTF_8_NAME = 0x800;
const DESCRIPTOR_FOLLOWS = 0x8;
const ENCRYPTED = 0x1;
const ENTRY_EXTRA = 4;

/** A zip archive: local entries, then the directory, then its end. Honest unless a file says otherwise. */
export function zipOf(files: readonly Packed[], comment = ''): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let end = 0;
  let at = 0;
  for (const file of files) {
    const body = file.stored ? file.content : deflateRawSync(file.content);
    const truth = { size: file.content.length, packedSize: body.length, checksum: crc32(file.content), ...file.says };
    if (!file.onBodyBefore) {
      at = end;
      const local = [...localEntry(file, truth), body, ...descriptor(file, truth)];
      bodies.push(...local);
      end += local.reduce((sum, piece) => sum + piece.length, 0);
    }
    directory.push(...directoryEntry(file, truth, at));
  }
  const listing = Buffer.concat(directory);
  return Buffer.concat([...bodies, listing, endOf(files.length, listing.length, end, comment), Buffer.from(comment)]);
}

type Numbers = { size: number; packedSize: number; checksum: number };

/** Version to extract … length of the name: what local entry and directory have in common. */
function commonFields(file: Packed, { size, packedSize, checksum }: Numbers, extra: number): Buffer {
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(20, 0);
  fields.writeUInt16LE(UTF_8_NAME | (file.descriptor ? DESCRIPTOR_FOLLOWS : 0) | (file.encrypted ? ENCRYPTED : 0), 2);
  fields.writeUInt16LE(file.stored ? 0 : 8, 4);
  fields.writeUInt32LE(checksum, 10);
  fields.writeUInt32LE(file.zip64 ? MAX_32 : packedSize, 14);
  fields.writeUInt32LE(file.zip64 ? MAX_32 : size, 18);
  fields.writeUInt16LE(Buffer.byteLength(file.name), 22);
  fields.writeUInt16LE(extra, 24);
  return fields;
}

/** It has an extra field that the directory does not have, and no numbers where these follow the body. */
function localEntry(file: Packed, numbers: Numbers): Buffer[] {
  const stated = file.descriptor ? { size: 0, packedSize: 0, checksum: 0 } : numbers;
  return [
    Buffer.from('504b0304', 'hex'),
    commonFields(file, stated, ENTRY_EXTRA),
    Buffer.from(file.name),
    Buffer.alloc(ENTRY_EXTRA),
  ];
}

function descriptor({ descriptor: form }: Packed, { size, packedSize, checksum }: Numbers): Buffer[] {
  if (form === undefined) return [];
  const numbers = Buffer.alloc(12);
  numbers.writeUInt32LE(checksum, 0);
  numbers.writeUInt32LE(packedSize, 4);
  numbers.writeUInt32LE(size, 8);
  return form === 'signed' ? [Buffer.from('504b0708', 'hex'), numbers] : [numbers];
}

function directoryEntry(file: Packed, numbers: Numbers, at: number): Buffer[] {
  const wide = Buffer.alloc(file.zip64 ? 20 : 0);
  if (file.zip64) {
    wide.writeUInt16LE(1, 0);
    wide.writeUInt16LE(16, 2);
    wide.writeBigUInt64LE(BigInt(numbers.size), 4);
    wide.writeBigUInt64LE(BigInt(numbers.packedSize), 12);
  }
  const rest = Buffer.alloc(14);
  rest.writeUInt32LE(at, 10);
  const fields = commonFields(file, numbers, wide.length);
  return [Buffer.from('504b01021400', 'hex'), fields, rest, Buffer.from(file.name), wide];
}

function endOf(files: number, length: number, at: number, comment: string): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files, 8);
  end.writeUInt16LE(files, 10);
  end.writeUInt32LE(length, 12);
  end.writeUInt32LE(at, 16);
  end.writeUInt16LE(Buffer.byteLength(comment), 20);
  return end;
}

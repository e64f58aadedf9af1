import { crc32 } from 'node:zlib';
import { type Entry, fromBufferPromise, getFileNameLowLevel, validateFileName, type ZipFile } from 'yauzl';

/** The archive cannot be read: truncated, damaged, encrypted or another kind. The message never quotes a file name. */
export class BadArchive extends Error {
  override name = 'BadArchive';
}

/** One file in an archive. */
export type ArchivedFile = {
  name: string;
  packedSize: number;
  /** Unpacked size in bytes, as the archive states it. `unpack` yields exactly this size, or throws. */
  size: number;
  /** The content in pieces. @throws BadArchive when size or checksum differ from the archive's directory */
  unpack(): AsyncGenerator<Buffer>;
};

/** A plain zip archive counts its files in 16 bits. More files would only cost time. */
const MOST_FILES = 0xffff;

/**
 * The files of a zip archive in the order of its directory. A file is unpacked on request.
 * @throws BadArchive
 */
export async function* filesOfZip(archive: Buffer): AsyncGenerator<ArchivedFile> {
  // Names are decoded here, because a name that begins with `/` is common in workbooks and does no harm.
  const zip = await failingAsBad(
    fromBufferPromise(archive, { decodeStrings: false, validateEntrySizes: true }),
    'The archive’s end is missing or damaged',
  );
  if (zip.entryCount > MOST_FILES) throw new BadArchive('The archive has too many files');
  const entries = zip.eachEntry();
  for (;;) {
    const next = await failingAsBad(entries.next());
    if (next.done === true) return;
    const entry = next.value;
    if (entry.isEncrypted()) throw new BadArchive('The archive is encrypted');
    const name = getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, false);
    const relative = name.replace(/^\//, '');
    if (validateFileName(relative) !== null) throw new BadArchive('A file in the archive has a name that is no path');
    yield {
      name: relative,
      packedSize: entry.compressedSize,
      size: entry.uncompressedSize,
      unpack: () => unpack(zip, entry),
    };
  }
}

async function* unpack(zip: ZipFile, entry: Entry): AsyncGenerator<Buffer> {
  const stream = await failingAsBad(zip.openReadStreamPromise(entry));
  let checksum = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      checksum = crc32(chunk, checksum);
      yield chunk;
    }
  } catch (error) {
    throw bad(error);
  } finally {
    stream.destroy();
  }
  if (checksum !== entry.crc32) throw new BadArchive('A file in the archive has another checksum');
}

async function failingAsBad<T>(reading: Promise<T>, message?: string): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    throw bad(error, message);
  }
}

/** The library's words may quote names out of the archive: they go with the cause. */
function bad(cause: unknown, message = 'The archive is cut, damaged or of another kind'): BadArchive {
  return new BadArchive(message, { cause });
}

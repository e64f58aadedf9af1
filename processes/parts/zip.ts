import { BadArchive, filesOfZip } from '../../adapters/archives/zip.ts';

/**
 * The content of the first file in a zip archive (a Python wheel is one) whose name `isWanted`. Nothing is written.
 * @param largest bytes that a file may have unpacked.
 * @throws BadArchive when the archive is cut, damaged, of another kind, or has no such file.
 */
export async function readFromZip(
  archive: Buffer,
  isWanted: (name: string) => boolean,
  largest = 512 * 1024 * 1024,
): Promise<Buffer> {
  for await (const file of filesOfZip(archive)) {
    if (!isWanted(file.name)) continue;
    if (file.size > largest) throw new BadArchive('The file is too large');
    const pieces: Buffer[] = [];
    for await (const piece of file.unpack()) pieces.push(piece);
    return Buffer.concat(pieces, file.size);
  }
  throw new BadArchive('There is no such file in the archive');
}

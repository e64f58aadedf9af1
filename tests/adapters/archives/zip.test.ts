import { describe, expect, it } from 'vitest';
import { BadArchive, filesOfZip } from '../../../adapters/archives/zip.ts';
import { type Packed, zipOf } from '../../support/archive.ts';

const MB = 1024 * 1024;
const content = Buffer.from('People of some households. '.repeat(200));

async function contentsOf(archive: Buffer): Promise<Array<[name: string, content: string]>> {
  const contents: Array<[string, string]> = [];
  for await (const file of filesOfZip(archive)) {
    const pieces: Buffer[] = [];
    for await (const piece of file.unpack()) pieces.push(piece);
    contents.push([file.name, Buffer.concat(pieces).toString()]);
  }
  return contents;
}

describe('a zip archive', () => {
  it.each<[string, Partial<Packed>]>([
    ['deflated', {}],
    ['stored', { stored: true }],
    ['with a data descriptor', { descriptor: 'signed' }],
    ['with a data descriptor without its signature', { descriptor: 'unsigned' }],
    ['stored with a data descriptor', { stored: true, descriptor: 'unsigned' }],
    ['with sizes of zip64', { zip64: true }],
    ['stored with sizes of zip64', { stored: true, zip64: true }],
    ['with a name that begins at the root', { name: '/folder/é' }],
    ['with a name in the manner of Windows', { name: 'folder\\é' }],
  ])('%s is read', async (_, form) => {
    const archive = zipOf(
      [
        { name: 'folder/é', content, ...form },
        { name: 'b', content: Buffer.alloc(0) },
      ],
      'a comment',
    );
    expect(await contentsOf(archive)).toEqual([
      ['folder/é', content.toString()],
      ['b', ''],
    ]);
  });

  it('stored in another archive is one file of it', async () => {
    const inner = zipOf([{ name: 'inner', content }]);
    const archive = zipOf([{ name: 'outer.zip', content: inner, stored: true, descriptor: 'signed' }]);
    expect((await contentsOf(archive)).map(([name]) => name)).toEqual(['outer.zip']);
  });

  it.each<[string, Partial<Packed>]>([
    ['another checksum', { says: { checksum: 1 } }],
    ['another checksum, stored', { stored: true, says: { checksum: 1 } }],
    ['another checksum of an empty file', { content: Buffer.alloc(0), says: { checksum: 1 } }],
    ['less content than it says', { says: { size: content.length + 1 } }],
    ['more content than it says', { says: { size: content.length - 1 } }],
    ['more content than it says, stored', { stored: true, says: { size: content.length - 1 } }],
    ['a body that is longer than the archive', { says: { packedSize: 1_000_000 } }],
    ['a body that ends early', { says: { packedSize: 10 } }],
    ['a name that leads out of the folder', { name: '../../etc/passwd' }],
    ['a name that leads out of the folder in the manner of Windows', { name: '..\\x' }],
    ['a name that leads out of it behind a slash', { name: '/../x' }],
    ['a name with a drive', { name: 'c:/x' }],
    ['an encrypted file', { encrypted: true }],
    ['sizes of zip64 beyond any file', { zip64: true, says: { size: Number.MAX_SAFE_INTEGER } }],
  ])('with %s is refused', async (_, form) => {
    const reading = contentsOf(zipOf([{ name: 'a', content, ...form }]));
    await expect(reading).rejects.toThrow(BadArchive);
    await expect(reading).rejects.not.toThrow(/passwd/);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['a text', Buffer.from('given_names,family_name\n')],
    [
      'an end alone with many files',
      Buffer.concat([Buffer.from('504b0506', 'hex'), Buffer.alloc(6, 0xff), Buffer.alloc(12)]),
    ],
  ])('that is %s is refused', async (_, bytes) => {
    await expect(contentsOf(bytes)).rejects.toThrow(BadArchive);
  });

  it('whose file unpacks to far more than it says is given up at once', async () => {
    const bomb = zipOf([{ name: 'a', content: Buffer.alloc(256 * MB), says: { size: 100 } }]);
    const before = process.memoryUsage().rss;
    let unpacked = 0;
    const reading = (async () => {
      for await (const file of filesOfZip(bomb)) for await (const piece of file.unpack()) unpacked += piece.length;
    })();
    await expect(reading).rejects.toThrow(BadArchive);
    expect(unpacked).toBeLessThan(MB);
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * MB);
  });

  it('of more files than a plain archive counts is refused before they are looked at', async () => {
    const end64 = Buffer.alloc(56);
    end64.writeUInt32LE(0x06064b50, 0);
    end64.writeBigUInt64LE(65_536n, 32);
    const locator = Buffer.alloc(20);
    locator.writeUInt32LE(0x07064b50, 0);
    const end = Buffer.alloc(22);
    end.writeUInt32LE(0x06054b50, 0);
    await expect(contentsOf(Buffer.concat([end64, locator, end]))).rejects.toThrow(/too many files/);
  });

  it('may be left in the middle of a file', async () => {
    const archive = zipOf([{ name: 'a', content: Buffer.alloc(64 * MB) }]);
    for await (const file of filesOfZip(archive)) for await (const piece of file.unpack()) if (piece.length > 0) break;
    expect(await contentsOf(zipOf([{ name: 'a', content }]))).toHaveLength(1);
  });
});

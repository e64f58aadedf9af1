import { crc32, deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BadArchive, readFromZip } from '../../../processes/parts/zip.ts';

/** A zip archive as wheels are made: local entries, then the directory, then its end. */
function zip(files: { name: string; content: Buffer; stored?: boolean }[], comment = ''): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, content, stored = false } of files) {
    const packed = stored ? content : deflateRawSync(content);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(stored ? 0 : 8, 4);
    fields.writeUInt32LE(crc32(content), 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(content.length, 18);
    fields.writeUInt16LE(Buffer.byteLength(name), 22);
    // The local entry has an extra field that the directory does not have.
    const local = Buffer.from(fields);
    local.writeUInt16LE(4, 24);
    bodies.push(Buffer.from('504b0304', 'hex'), local, Buffer.from(name), Buffer.alloc(4), packed);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(at, 10);
    directory.push(Buffer.from('504b01021400', 'hex'), fields, rest, Buffer.from(name));
    at += 30 + Buffer.byteLength(name) + 4 + packed.length;
  }
  const listing = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(listing.length, 12);
  end.writeUInt32LE(at, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...bodies, listing, end, Buffer.from(comment)]);
}

describe('a zip archive', () => {
  it('gives back any file as it went in, stored or deflated', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ content: fc.uint8Array({ maxLength: 5_000 }), stored: fc.boolean() }), {
          minLength: 1,
          maxLength: 5,
        }),
        fc.string({ maxLength: 40, unit: 'grapheme-ascii' }),
        (files, comment) => {
          const named = files.map((file, index) => ({
            ...file,
            name: `folder/file ${index} é`,
            content: Buffer.from(file.content),
          }));
          const archive = zip(named, comment);
          for (const { name, content } of named)
            expect(readFromZip(archive, (found) => found === name).equals(content)).toBe(true);
        },
      ),
    );
  });

  it('that was cut or damaged anywhere is refused, never half read', () => {
    const content = Buffer.from('A program of some length. '.repeat(40));
    const archive = zip([{ name: 'x.data/scripts/program', content }]);
    fc.assert(
      fc.property(fc.nat({ max: archive.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = Buffer.from(archive);
        damaged[at] = (damaged[at] ?? 0) ^ change;
        try {
          expect(readFromZip(damaged, () => true).equals(content)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(BadArchive);
        }
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.nat({ max: archive.length - 1 }), (length) => {
        expect(() => readFromZip(archive.subarray(0, length), () => true)).toThrow(BadArchive);
      }),
    );
  });

  it('refuses a file that unpacks to more than allowed', () => {
    const archive = zip([{ name: 'large', content: Buffer.alloc(100_000) }]);
    expect(() => readFromZip(archive, () => true, 99_999)).toThrow(/cut or too large/);
  });

  it('says when the file is not in it', () => {
    expect(() => readFromZip(zip([{ name: 'a', content: Buffer.from('a') }]), () => false)).toThrow(/no such file/);
  });
});

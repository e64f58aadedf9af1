import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BadArchive } from '../../../adapters/archives/zip.ts';
import { readFromZip } from '../../../processes/parts/zip.ts';
import { zipOf as zip } from '../../support/archive.ts';

describe('a zip archive', () => {
  it('gives back any file as it went in, stored or deflated', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ content: fc.uint8Array({ maxLength: 5_000 }), stored: fc.boolean() }), {
          minLength: 1,
          maxLength: 5,
        }),
        fc.string({ maxLength: 40, unit: 'grapheme-ascii' }),
        async (files, comment) => {
          const named = files.map((file, index) => ({
            ...file,
            name: `folder/file ${index} é`,
            content: Buffer.from(file.content),
          }));
          const archive = zip(named, comment);
          for (const { name, content } of named)
            expect((await readFromZip(archive, (found) => found === name)).equals(content)).toBe(true);
        },
      ),
    );
  });

  it('that was cut or damaged anywhere is refused, never half read', async () => {
    const content = Buffer.from('A program of some length. '.repeat(40));
    const archive = zip([{ name: 'x.data/scripts/program', content }]);
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: archive.length - 1 }), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const damaged = Buffer.from(archive);
        damaged[at] = (damaged[at] ?? 0) ^ change;
        try {
          expect((await readFromZip(damaged, () => true)).equals(content)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(BadArchive);
        }
      }),
      { numRuns: 500 },
    );
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: archive.length - 1 }), async (length) => {
        await expect(readFromZip(archive.subarray(0, length), () => true)).rejects.toThrow(BadArchive);
      }),
    );
  });

  it('refuses a file that unpacks to more than allowed', async () => {
    const archive = zip([{ name: 'large', content: Buffer.alloc(100_000) }]);
    await expect(readFromZip(archive, () => true, 99_999)).rejects.toThrow(/too large/);
    expect((await readFromZip(archive, () => true, 100_000)).length).toBe(100_000);
  });

  it('says when the file is not in it', async () => {
    await expect(readFromZip(zip([{ name: 'a', content: Buffer.from('a') }]), () => false)).rejects.toThrow(
      /no such file/,
    );
  });
});

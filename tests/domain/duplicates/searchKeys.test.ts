import fc from 'fast-check';
import { expect, it } from 'vitest';
import { keyIndex } from '../../../domain/duplicates/searchKeys.ts';

it('finds every row that was filed under a key, each once, whatever the keys', () => {
  const key = fc.string({ unit: 'grapheme', maxLength: 6 });
  fc.assert(
    fc.property(fc.array(fc.array(key, { maxLength: 4 }), { maxLength: 30 }), fc.array(key), (filed, asked) => {
      const index = keyIndex();
      for (const [row, keys] of filed.entries()) index.add(row, keys);
      const expected = filed.flatMap((keys, row) => (keys.some((one) => asked.includes(one)) ? [row] : []));
      expect([...index.under(asked)]).toEqual(expect.arrayContaining(expected));
    }),
  );
});

it('brings hardly anybody else', () => {
  const index = keyIndex();
  for (let row = 0; row < 20_000; row++) index.add(row, [`born:bmt:${row}`, `whole:bdmst:${row}`]);
  let found = 0;
  for (let row = 0; row < 20_000; row++) found += index.under([`born:bmt:${row}`]).size;
  expect(found - 20_000).toBeLessThan(10);
});

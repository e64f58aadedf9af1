import { describe, expect, it } from 'vitest';
import { type CorrectingRow, matchCorrected } from '../../../application/imports/correct.ts';
import type { ListedRow } from '../../../application/imports/record.ts';

async function* listed(...rows: Array<[personRef: string, rejected: boolean]>): AsyncGenerator<ListedRow> {
  for (const [index, [personRef, rejected]] of rows.entries()) yield { row: index + 1, rejected, personRef };
}

const correcting = (...rows: Array<[number: number | null, personRef: string]>): CorrectingRow[] =>
  rows.map(([number, personRef], index) => ({
    row: index + 1,
    corrections: number === null ? null : { row: number, listTag: 'k3f9' },
    personRef,
  }));

const NOTHING = { corrected: 0, added: 0, already: 0, unmatched: 0 };

describe('the place of a corrected row', () => {
  it('is that of its number, even if its person_ref was corrected', async () => {
    const { targets, counts } = await matchCorrected(listed(['A', false], ['B', true]), correcting([2, 'C']));
    expect(targets).toEqual([{ row: 1, target: 2 }]);
    expect(counts).toEqual({ ...NOTHING, rows: 1, corrected: 1 });
  });

  it('is found by its person_ref where the number is lost; of two rows the accepted one is meant', async () => {
    const rows = correcting([null, 'B'], [null, 'A']);
    const { targets, counts } = await matchCorrected(listed(['A', true], ['B', true], ['A', false]), rows);
    expect(targets).toEqual([{ row: 1, target: 2 }]);
    expect(counts).toEqual({ ...NOTHING, rows: 2, corrected: 1, already: 1 });
  });

  it('follows the last row where the list does not have it', async () => {
    const rows = correcting([null, 'X'], [9, 'Y']);
    const { targets, counts } = await matchCorrected(listed(['A', false]), rows);
    expect(targets.map(({ target }) => target)).toEqual([2, 3]);
    expect(counts).toEqual({ ...NOTHING, rows: 2, added: 2 });
  });

  it('is taken once, also by a row that was added', async () => {
    const rows = correcting([1, 'A'], [1, 'A'], [null, 'X'], [null, 'X'], [null, '']);
    const { targets, counts } = await matchCorrected(listed(['A', true]), rows);
    expect(targets).toEqual([
      { row: 1, target: 1 },
      { row: 3, target: 2 },
    ]);
    expect(counts).toEqual({ ...NOTHING, rows: 5, corrected: 1, added: 1, unmatched: 3 });
  });
});

import { expect, it } from 'vitest';
import { type CheckedList, compareCheckedList, type ListedPerson } from '../../../application/duplicates/match.ts';
import type { DuplicateCandidates } from '../../../domain/imports/importRecord.ts';
import { knownRows } from '../../domain/duplicates/known.ts';
import { person } from '../../domain/imports/scenario.ts';

const ROWS: ListedPerson[] = knownRows(
  ['A', 'B', 'C'].map((ref) => person({ person_ref: ref, household_ref: ref })),
  '2026-11-20',
);

/** Compares a list of one person three times, read in pages of any size. */
async function compare(over: Partial<CheckedList> = {}) {
  const stored: DuplicateCandidates[] = [];
  const list: CheckedList = {
    operationId: 'op_1',
    after: async (row) => ROWS.filter((listed) => listed.row > row).slice(0, 1),
    numbered: async (rows) => ROWS.filter(({ row }) => rows.includes(row)),
    ofHouseholds: async () => [],
    isStillRequested: async () => true,
    store: async (candidates) => void stored.push(candidates),
    ...over,
  };
  const compareNext = compareCheckedList({ nextList: async () => list, heads: async () => [], async *under() {} });
  return { found: await compareNext(), stored };
}

it('finds the pairs of rows on different pages, each once', async () => {
  const { stored } = await compare();
  expect(stored).toMatchObject([{ compared: 3, withinList: 3, withKnown: 0 }]);
  expect(stored[0]?.first.map(({ rows }) => rows)).toEqual([
    [1, 2],
    [1, 3],
    [2, 3],
  ]);
});

it('stores nothing of a list that is committed or checked again meanwhile', async () => {
  expect(await compare({ isStillRequested: async () => false })).toEqual({ found: true, stored: [] });
});

import { describe, expect, it } from 'vitest';
import { readArguments } from '../../bench/arguments.ts';
import { lineOf, measure, quantile, type RowSpec, rowOf } from '../../bench/bench.ts';
import { chosen } from '../../bench/benches.ts';
import { openLoop } from '../../bench/load.ts';

const starts: RowSpec = { id: 'B1', says: 'starts', unit: 'starts/s', limit: { of: 'ratio', atLeast: 0.8 } };
const answer: RowSpec = { id: 'B1.accept', says: 'answers', unit: 'ms', limit: { of: 'ours', atMost: 50 } };

describe('a row', () => {
  it('is the median of the runs, its ratio ours against the peer of the same run', () => {
    const row = rowOf(starts, [
      { ours: { B1: 80 }, peer: { B1: 100 } },
      { ours: { B1: 90 }, peer: { B1: 180 } },
      { ours: { B1: 99 }, peer: { B1: 110 } },
    ]);
    expect(row).toEqual({
      id: 'B1',
      ratio: 0.8,
      ours: 90,
      peer: 110,
      unit: 'starts/s',
      runs: [
        { ours: 80, peer: 100, ratio: 0.8 },
        { ours: 90, peer: 180, ratio: 0.5 },
        { ours: 99, peer: 110, ratio: 0.9 },
      ],
      limit: { of: 'ratio', atLeast: 0.8 },
      reached: true,
    });
    expect(lineOf(row)).toMatch(
      /^B1 .*ours 90\.0 starts\/s.*peer 110\.0.*ratio 0\.800 \[0\.500–0\.900\].*≥ 0\.8: reached$/,
    );
  });

  it('that is missed says so', () => {
    const row = rowOf(starts, [{ ours: { B1: 79 }, peer: { B1: 100 } }]);
    expect(row.reached).toBe(false);
    expect(lineOf(row)).toMatch(/MISSED$/);
  });

  it('may stand alone against a limit of its own', () => {
    const row = rowOf(answer, [{ ours: { 'B1.accept': 49 }, peer: {} }]);
    expect(row).toMatchObject({ ratio: null, peer: null, ours: 49, reached: true });
    expect(rowOf({ ...answer, limit: undefined }, [{ ours: { 'B1.accept': 49 }, peer: {} }]).reached).toBeNull();
  });

  it('without a peer, or without our own side, is no result', () => {
    expect(() => rowOf(starts, [{ ours: { B1: 80 }, peer: {} }])).toThrow(/peer was not measured/);
    expect(() => rowOf(starts, [{ ours: {}, peer: { B1: 80 } }])).toThrow(/our side was not measured/);
    expect(() => rowOf(starts, [{ ours: { B1: Number.NaN }, peer: { B1: 80 } }])).toThrow(/our side/);
  });
});

it('sides take turns at going first', async () => {
  const order: string[] = [];
  const side = (name: string, value: number) => async () => {
    order.push(name);
    return { B1: value };
  };
  const [row] = await measure({ rows: [starts] }, { ours: side('ours', 9), peer: side('peer', 10) }, 3);
  expect(order).toEqual(['peer', 'ours', 'ours', 'peer', 'peer', 'ours']);
  expect(row?.ratio).toBe(0.9);
});

it('quantiles lie between their neighbours in proportion', () => {
  expect([0, 0.5, 0.75, 1].map((q) => quantile([4, 1, 3, 2], q))).toEqual([1, 2.5, 3.25, 4]);
  expect(() => quantile([], 0.5)).toThrow(RangeError);
});

it('an open loop begins on time whether those before are done or not', async () => {
  let running = 0;
  let most = 0;
  const took = await openLoop([1, 2, 3, 4], 200, async () => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 50));
    running -= 1;
  });
  expect(most).toBeGreaterThan(1);
  expect(took).toHaveLength(4);
});

describe('arguments', () => {
  it('name benches, a file and a number of runs', () => {
    expect(readArguments([])).toEqual({ only: [], runs: 3 });
    expect(readArguments(['--only', 'B1, B7', '--json', 'out.json', '--runs', '5'])).toEqual({
      only: ['B1', 'B7'],
      json: 'out.json',
      runs: 5,
    });
  });

  it.each([
    [['--runs', '0'], /a whole number from 1 to 20/],
    [['--runs', 'x'], /a whole number from 1 to 20/],
    [['B1'], /too many arguments/],
    [['--unknown'], /unknown option/],
  ])('%j is refused', (words, says) => {
    expect(() => readArguments(words)).toThrow(says);
  });

  it('an id brings those that belong to it; one that is not there is named with those that are', async () => {
    expect((await chosen(['B1'])).map(({ id }) => id)).toEqual(['B1', 'B1.accept']);
    await expect(chosen(['B99'])).rejects.toThrow(/no bench B99; there are B1/);
  });
});

import { describe, expect, it } from 'vitest';
import { findPairs } from '../../../domain/duplicates/findPairs.ts';
import { plainRows, SCENARIOS, scenarioFile, truthOf } from '../imports/scenario.ts';
import { knownRows } from './known.ts';

describe.each(SCENARIOS)('duplicate candidates in %s', (scenario) => {
  const truth = truthOf(scenario);
  const people = knownRows(plainRows(scenarioFile(scenario, 'messy/registrations.csv')), truth.reference_date);
  const search = findPairs(people);
  const found = new Set(search.pairs.map(({ one, other }) => `${one.row}-${other.row}`));
  const wanted = truth.duplicate_clusters.flatMap(({ rows }) =>
    rows.flatMap((row, index) => rows.slice(index + 1).map((later) => `${row}-${later}`)),
  );
  const hits = wanted.filter((pair) => found.has(pair)).length;
  const recall = hits / wanted.length;
  const precision = hits / found.size;

  it(`recall ${recall.toFixed(3)} of ${wanted.length} pairs, precision ${precision.toFixed(3)} of ${found.size} found`, () => {
    expect(recall >= 0.95 || wanted.length - hits <= 1).toBe(true);
    expect(precision).toBeGreaterThanOrEqual(0.9);
  });

  it(`leaves ${truth.look_alikes.length} look-alikes apart`, () => {
    expect(truth.look_alikes.filter(({ rows }) => found.has(rows.join('-')))).toEqual([]);
  });

  it(`looks at ${search.candidates} candidates and compares the names of ${search.compared}, not of all pairs`, () => {
    expect(search.candidates).toBeLessThan((people.length * people.length) / 50);
    expect(search.compared).toBeLessThanOrEqual(search.candidates);
  });
});

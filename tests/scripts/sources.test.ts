import { describe, expect, it } from 'vitest';
import { checkSource } from '../../scripts/checks/sources.ts';

describe('system rules', () => {
  it.each([
    ['activities/registration.ts', "read('sandbox/scenarioData/ambae-2017');", /read a scenario/],
    ['activities/registration.ts', 'read(`\x24{root}/scenarioData/x`);', /read a scenario/],
    ['domain/ids.ts', 'let last = 0;', /keep nothing in a module/],
    ['workflows/index.ts', 'export const seen = new Map<string, number>();', /keep nothing in a module/],
  ])('%s: %s', (path, text, says) => {
    expect(checkSource({ path, text })).toEqual([expect.stringMatching(says)]);
  });

  it.each([
    ['sandbox/consulate.ts', "read('scenarioData/ambae-2017');"],
    ['domain/time.ts', 'export const later = (a: number) => { let b = a; b += 1; return b; };'],
    ['domain/time.ts', "export const named: ReadonlyMap<string, number> = new Map([['a', 1]]);"],
    ['adapters/ids.ts', 'let last = 0;'],
  ])('leave in peace %s: %s', (path, text) => {
    expect(checkSource({ path, text })).toEqual([]);
  });

  it('name the line', () => {
    expect(checkSource({ path: 'domain/a.ts', text: '\n\nlet n = 1;\n' })).toEqual([
      expect.stringMatching(/^domain\/a\.ts:3: /),
    ]);
  });
});

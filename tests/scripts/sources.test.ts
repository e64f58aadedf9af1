import { describe, expect, it } from 'vitest';
import { checkSource } from '../../scripts/checks/sources.ts';

const unfinished = ['TO', 'DO'].join('');

describe('system rules', () => {
  it.each([
    ['api/app.ts', 'const a = process.env.HOME;', /Only processes\/config\.ts reads the environment/],
    ['api/app.ts', "const a = process['env'];", /reads the environment/],
    ['activities/registration.ts', "read('sandbox/scenarioData/ambae-2017');", /read a scenario/],
    ['activities/registration.ts', 'read(`\x24{root}/scenarioData/x`);', /read a scenario/],
    ['domain/clock.ts', 'export const at = () => Date.now();', /nobody for the time/],
    ['domain/clock.ts', 'export const at = () => new Date();', /nobody for the time/],
    ['domain/clock.ts', 'export const at = () => new Date;', /nobody for the time/],
    ['domain/clock.ts', 'export const at = () => globalThis.performance.now();', /nobody for the time/],
    ['workflows/journey/travel.ts', 'export const at = () => Date.now();', /nobody for the time/],
    ['domain/ids.ts', 'export const dice = () => Math.random();', /no dice/],
    ['domain/ids.ts', 'export const dice = () => crypto.randomUUID();', /no dice/],
    ['domain/ids.ts', 'let last = 0;', /keep nothing in a module/],
    ['workflows/index.ts', 'export const seen = new Map<string, number>();', /keep nothing in a module/],
    ['api/app.ts', `// ${unfinished} later`, /unfinished/],
    ['api/utils.ts', '', /one idea/],
    ['api/helpers/strings.ts', '', /one idea/],
    ['api/people2.ts', '', /one idea/],
  ])('%s: %s', (path, text, says) => {
    expect(checkSource({ path, text })).toEqual([expect.stringMatching(says)]);
  });

  it.each([
    ['processes/config.ts', 'const a = process.env.HOME;'],
    ['sandbox/consulate.ts', "read('scenarioData/ambae-2017');"],
    ['domain/clock.ts', 'const at = (n: number) => new Date(n); // never Date.now()'],
    ['domain/clock.ts', 'export const later = (a: number) => { let b = a; b += 1; return b; };'],
    ['domain/clock.ts', "export const named: ReadonlyMap<string, number> = new Map([['a', 1]]);"],
    ['workflows/waiting.ts', 'export const now = () => Date.now();'],
    ['adapters/ids.ts', 'let last = 0; const at = Date.now(); const dice = Math.random();'],
  ])('leave in peace %s: %s', (path, text) => {
    expect(checkSource({ path, text })).toEqual([]);
  });

  it('name the line', () => {
    expect(checkSource({ path: 'domain/a.ts', text: '\n\nlet n = 1;\n' })).toEqual([
      expect.stringMatching(/^domain\/a\.ts:3: /),
    ]);
  });
});

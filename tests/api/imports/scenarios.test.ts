import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SCENARIOS, scenarioFile, type TruthCode, truthOf } from '../../domain/imports/scenario.ts';
import { openOperation, type TestSystem, testSystem } from '../system.ts';
import { type ListDesk, listDesk, type ShownRow } from './listClient.ts';

let system: TestSystem;
let desk: ListDesk;

beforeAll(async () => {
  system = await testSystem();
  desk = listDesk(system);
});
afterAll(() => system?.close());

/** The truth's names of encodings and delimiters in ours. */
const NAMES: Record<string, string> = {
  'utf-16-le': 'utf-16le',
  cp1256: 'windows-1256',
  ',': 'comma',
  ';': 'semicolon',
  TAB: 'tab',
};
const ours = (name: string): string => NAMES[name] ?? name;

const inOneForm = (
  rows: ReadonlyArray<{ verdict: string; codes: readonly TruthCode[]; child: string; protection: readonly string[] }>,
): string[] =>
  rows.map(({ verdict, codes, child, protection }) =>
    [
      verdict,
      child,
      ...codes.map(({ code, column, fields = [] }) => `${code}.${column}.${[...fields].sort().join('+')}`).sort(),
      ...[...protection].sort(),
    ].join(' '),
  );

describe.each(SCENARIOS)('%s as it arrives, over HTTP', (scenario) => {
  const truth = truthOf(scenario);

  it.each(truth.files)(
    '$file: found out, and every row as the truth says',
    async ({ file, encoding, delimiter, rows }) => {
      const expected = truth.rows.filter(({ row }) => rows === 'all' || rows.includes(row));
      const operationId = await openOperation(system);
      const importId = await desk.take(operationId, readFileSync(scenarioFile(scenario, file)), {
        reference_date: truth.reference_date,
        type: 'application/octet-stream',
      });
      expect(await desk.read(importId)).toMatchObject({
        status: 'checked',
        found: { encoding: ours(encoding), delimiter: ours(delimiter), records: expected.length },
        progress: { done: expected.length, total: expected.length },
      });
      const judged = (await desk.rows(importId)) as Array<ShownRow & { codes: TruthCode[] }>;
      const [found, wanted] = [inOneForm(judged), inOneForm(expected)];
      const equal = found.filter((row, index) => row === wanted[index]).length;
      console.log(
        `${scenario} ${file}: verdict, codes, child and protection of ${equal} of ${wanted.length} rows equal truth.json`,
      );
      expect(found).toEqual(wanted);
    },
  );
});

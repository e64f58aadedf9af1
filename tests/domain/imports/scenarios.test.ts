import { describe, expect, it } from 'vitest';
import { judgeList } from '../../../domain/imports/judgeList.ts';
import { plainRows, SCENARIOS, scenarioFile, type TruthCode, truthOf } from './scenario.ts';

const plainCode = ({ code, column, fields }: TruthCode): string =>
  `${code} ${column}${fields === undefined ? '' : ` ${[...fields].sort().join('+')}`}`;
const asSet = (codes: readonly TruthCode[]): string[] => codes.map(plainCode).sort();

describe.each(SCENARIOS)('the messy list of %s', (scenario) => {
  const truth = truthOf(scenario);
  const judged = judgeList(plainRows(scenarioFile(scenario, 'messy/registrations.csv')), {
    referenceDate: truth.reference_date,
  });

  it(`has verdict, codes, child and protection of all ${truth.rows.length} rows as the truth says`, () => {
    expect(
      judged.rows.map(({ row, verdict, codes, child, protection }) => ({
        row,
        verdict,
        codes: asSet(codes),
        child,
        protection: [...protection].sort(),
      })),
    ).toEqual(
      truth.rows.map(({ row, verdict, codes, child, protection }) => ({
        row,
        verdict,
        codes: asSet(codes),
        child,
        protection: [...protection].sort(),
      })),
    );
  });

  it(`has all ${truth.households.length} households as the truth says`, () => {
    expect(
      judged.households.map((household) => ({
        household_ref: household.householdRef,
        rows: household.rows,
        head_row: household.headRow,
        rejected_rows: household.rejectedRows,
        complete: household.complete,
      })),
    ).toEqual(truth.households);
  });
});

describe.each(SCENARIOS)('the careful list of %s', (scenario) => {
  const truth = truthOf(scenario);
  const rows = plainRows(scenarioFile(scenario, 'registrations.csv'));
  const warned = Object.keys(truth.clean_warnings).length;

  it(`rejects none of ${rows.length} rows and warns of the ${warned} that the truth names`, () => {
    const judged = judgeList(rows, { referenceDate: truth.reference_date });
    const warnings = Object.fromEntries(
      judged.rows.filter((row) => row.codes.length > 0).map((row) => [row.meaning.personRef, asSet(row.codes)]),
    );
    const expected = Object.fromEntries(
      Object.entries(truth.clean_warnings).map(([ref, codes]) => [ref, asSet(codes)]),
    );
    expect(warnings).toEqual(expected);
    expect(judged.rows.filter((row) => row.verdict === 'reject')).toEqual([]);
    expect(judged.rows.length).toBe(rows.length);
  });
});

import { HOUSEHOLD_FINDINGS, judgeHousehold } from '../households/judgeHousehold.ts';
import type { Code, Finding } from './codes.ts';
import { type Column, latinDigits } from './columns.ts';
import { type JudgeContext, type JudgedRow, judgeRow, verdictOf } from './judgeRow.ts';
import { flagsOfHousehold, inOrder, type PersonMeaning } from './person.ts';

/** What the household rules need of a row. It is small, so a list of 100,000 rows fits in memory. */
export const essentials = ({ row, verdict, child, meaning }: JudgedRow) => {
  const { personRef, householdRef, relationship, birthDate } = meaning;
  return { row, verdict, child, personRef, householdRef, relationship, birthDate };
};

export type HouseholdJudgement = {
  householdRef: string;
  rows: number[];
  /** the first row with HEAD */
  headRow: number | null;
  rejectedRows: number[];
  /** false when the row of a member was rejected: the household cannot travel as a whole yet */
  complete: boolean;
};

export type ListFindings = {
  households: HouseholdJudgement[];
  /** by row; rows without findings are absent */
  findings: Map<number, Finding[]>;
};

/**
 * The rules that need other rows: repeated references, and households, including their rejected rows.
 * Rows without `household_ref` form no household. A row with a repeated person_ref stays in its household, but the rules
 * ignore it. Findings are in the order of the file. Time and memory grow linearly with the rows.
 */
export function judgeHouseholds(summaries: Iterable<ReturnType<typeof essentials>>): ListFindings {
  const findings = new Map<number, Finding[]>();
  const find = (row: number, code: Code, column: Finding['column']): void => {
    const finding = { code, column };
    const known = findings.get(row);
    if (known === undefined) findings.set(row, [finding]);
    else known.push(finding);
  };
  const seen = new Set<string>();
  const repeated = new Set<number>();
  const groups = new Map<string, Array<ReturnType<typeof essentials>>>();
  for (const summary of summaries) {
    if (summary.personRef !== '') {
      if (seen.has(summary.personRef)) {
        repeated.add(summary.row);
        find(summary.row, 'PERSON_REF_REPEATED', 'person_ref');
      }
      seen.add(summary.personRef);
    }
    if (summary.householdRef === '') continue;
    const group = groups.get(summary.householdRef);
    if (group === undefined) groups.set(summary.householdRef, [summary]);
    else group.push(summary);
  }
  for (const householdRef of refsAlike(groups.keys())) {
    for (const { row } of groups.get(householdRef) ?? []) find(row, 'HOUSEHOLD_REF_ALIKE', 'household_ref');
  }
  const households: HouseholdJudgement[] = [];
  for (const [householdRef, rows] of groups) {
    const members = rows.filter((summary) => !repeated.has(summary.row));
    for (const { key, finding } of judgeHousehold(members.map((member) => ({ ...member, key: member.row })))) {
      const { code } = HOUSEHOLD_FINDINGS[finding];
      if (code !== undefined) find(key, code, 'relationship_to_head');
    }
    households.push({
      householdRef,
      rows: rows.map((summary) => summary.row),
      headRow: members.find(isHead)?.row ?? null,
      rejectedRows: rows
        .filter((summary) => summary.verdict === 'reject' || repeated.has(summary.row))
        .map((summary) => summary.row),
      complete: !members.some((summary) => summary.verdict === 'reject'),
    });
  }
  return { households, findings };
}

/**
 * Numeric references that differ only in leading zeros or in the script of their digits: `0017` and `17`, `٠٠٣` and
 * `003`. They stay different, but a spreadsheet may have separated a family.
 */
function refsAlike(refs: Iterable<string>): string[] {
  const alike = new Map<string, string[]>();
  for (const ref of refs) {
    if (!/^\p{Nd}+$/u.test(ref)) continue;
    const bare = latinDigits(ref).replace(/^0+(?=.)/, '');
    alike.set(bare, [...(alike.get(bare) ?? []), ref]);
  }
  return [...alike.values()].filter((same) => same.length > 1).flat();
}

const isHead = ({ relationship }: Pick<PersonMeaning, 'relationship'>): boolean => relationship === 'HEAD';

/**
 * A row with more findings, those of `judgeHouseholds`, and what follows from them. Findings that it has are not added
 * again.
 */
export function withFindings<R extends Pick<JudgedRow, 'verdict' | 'codes' | 'protection'>>(
  row: R,
  more: readonly Finding[],
): R {
  const known = new Set(row.codes.map(({ code, column }) => `${code} ${column}`));
  const codes = [...row.codes, ...more.filter(({ code, column }) => !known.has(`${code} ${column}`))];
  const protection = inOrder([...row.protection, ...flagsOfHousehold(codes.map(({ code }) => code))]);
  return { ...row, codes, verdict: verdictOf(codes), protection };
}

/** Judges a whole list in memory: a household that arrives as JSON, or a test. Rows are counted from 1. */
export function judgeList(
  list: Iterable<Record<Column, string>>,
  context: JudgeContext,
): { rows: JudgedRow[]; households: HouseholdJudgement[] } {
  const alone: JudgedRow[] = [];
  for (const cells of list) alone.push(judgeRow(cells, context, alone.length + 1));
  const { households, findings } = judgeHouseholds(alone.map(essentials));
  return { rows: alone.map((row) => withFindings(row, findings.get(row.row) ?? [])), households };
}

import type { ChildState } from './birthDate.ts';
import { type Finding, type Verdict, verdictOf } from './codes.ts';
import type { Cells } from './columns.ts';
import { type HouseholdJudgement, judgeHouseholds } from './household.ts';
import { type JudgeContext, judgeRow, type RowJudgement } from './judgeRow.ts';
import type { PersonMeaning } from './meaning.ts';
import { flagsOfHousehold, inOrder, type ProtectionFlag } from './protection.ts';

/** A row with all its findings. */
export type JudgedRow = {
  /** records counted from 1, without the header */
  row: number;
  verdict: Verdict;
  codes: Finding[];
  child: ChildState;
  protection: ProtectionFlag[];
  meaning: PersonMeaning;
};

export type JudgedList = { rows: JudgedRow[]; households: HouseholdJudgement[] };

/**
 * Joins a row's own findings with those of `judgeHouseholds`. A caller that streams a list judges row by row, keeps the
 * summaries, and completes the rows afterwards.
 */
export function completeRow(judgement: RowJudgement, fromList: readonly Finding[] = []): JudgedRow {
  const codes = [...judgement.findings, ...fromList];
  const flags = flagsOfHousehold(fromList.map((finding) => finding.code));
  return {
    row: judgement.summary.row,
    verdict: verdictOf(codes),
    codes,
    child: judgement.child,
    protection: inOrder([...judgement.protection, ...flags]),
    meaning: judgement.meaning,
  };
}

/** Judges a whole list in memory: a household that arrives as JSON, or a test. Rows are counted from 1. */
export function judgeList(rows: Iterable<Cells>, context: JudgeContext): JudgedList {
  const judgements: RowJudgement[] = [];
  for (const cells of rows) judgements.push(judgeRow(cells, context, judgements.length + 1));
  const { households, findings } = judgeHouseholds(judgements.map((judgement) => judgement.summary));
  return {
    rows: judgements.map((judgement) => completeRow(judgement, findings.get(judgement.summary.row))),
    households,
  };
}

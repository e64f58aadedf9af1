import type { Readable } from 'node:stream';
import { heartbeat } from '@temporalio/activity';
import type { Finding } from '../domain/intake/codes.ts';
import type { Cells } from '../domain/intake/columns.ts';
import { type HouseholdJudgement, judgeHouseholds, type RowFacts } from '../domain/intake/household.ts';
import { completeRow, type JudgedRow } from '../domain/intake/judgeList.ts';
import { judgeRow } from '../domain/intake/judgeRow.ts';

/** Checking and taking in a list, as ordinary activities that heartbeat and go on where an earlier attempt stopped. */
export type ImportActivities = {
  /** Reads the file, judges every row once, and leaves the import `checked` or, whole, `refused`. */
  checkList(input: { importId: string }): Promise<void>;
  /** Takes in household by household, in bounded transactions with a cursor; false where registration was closed meanwhile. */
  commitList(input: { importId: string }): Promise<{ committed: boolean }>;
  /** Journeys of the import that the starter has not started yet. */
  countStartsLeft(input: { importId: string }): Promise<number>;
  /** Every journey has been started: the import is done. */
  finishImport(input: { importId: string }): Promise<void>;
};

export type ImportJob = { operationId: string; referenceDate: string; overrule: unknown; mapping: unknown };

/** A row with its place in the file. The cells as they came are kept where the row is rejected, for whoever mends it. */
export type CheckedRow = JudgedRow & { line: number; cells?: Cells };

/** Why a whole list is refused: a code, and words that never repeat what a cell holds. */
export type Refusal = { code: string; detail: string; hint: string };

export type CheckSummary = {
  found: unknown;
  households: number;
  incompleteHouseholds: number;
  /** rows whose person_ref somebody in the operation has already */
  alreadyKnown: number;
};

/** Where a list is kept while it comes in. */
export type ImportStore = {
  /** undefined where there is nothing to check: checked already, or refused */
  beginCheck(importId: string): Promise<ImportJob | undefined>;
  source(importId: string): Readable;
  lastRowWritten(importId: string): Promise<number>;
  /** rows that stand already stay as they are */
  writeRows(importId: string, rows: readonly CheckedRow[]): Promise<void>;
  /** adds what the list as a whole shows of rows; done twice it adds nothing more */
  amendRows(importId: string, findings: ReadonlyMap<number, Finding[]>): Promise<void>;
  countKnown(operationId: string, personRefs: readonly string[]): Promise<number>;
  finishCheck(importId: string, summary: CheckSummary): Promise<void>;
  refuse(importId: string, refusal: Refusal): Promise<void>;
  /** One transaction: the next households from the cursor on. */
  commitNext(importId: string): Promise<{ outcome: 'more' | 'finished' | 'registration_closed'; cursor: number }>;
  countStartsLeft(importId: string): Promise<number>;
  finish(importId: string): Promise<void>;
};

/** Opens a list of any format. A list that cannot be taken as a whole is thrown as an error named `ListRefused`. */
export type ListReader = (
  source: Readable,
  job: Pick<ImportJob, 'overrule' | 'mapping'>,
) => Promise<{ found: unknown; rows: AsyncIterable<{ line: number; cells: Cells; findings: Finding[] }> }>;

export type ImportPorts = {
  store: ImportStore;
  openList: ListReader;
  /** rows written in one statement */
  batch?: number;
};

export function createImportActivities({ store, openList, batch: size = 1_000 }: ImportPorts): ImportActivities {
  return {
    async checkList({ importId }) {
      const job = await store.beginCheck(importId);
      if (job === undefined) return;
      try {
        await store.finishCheck(importId, await check(importId, job));
      } catch (error) {
        const refusal = refusalOf(error);
        if (refusal === undefined) throw error;
        await store.refuse(importId, refusal);
      }
    },

    async commitList({ importId }) {
      for (;;) {
        const { outcome, cursor } = await store.commitNext(importId);
        heartbeat({ cursor });
        if (outcome !== 'more') return { committed: outcome === 'finished' };
      }
    },

    countStartsLeft: ({ importId }) => store.countStartsLeft(importId),
    finishImport: ({ importId }) => store.finish(importId),
  };

  /** First the rows one by one, of which only small facts stay in memory, then what they show together. */
  async function check(importId: string, job: ImportJob): Promise<CheckSummary> {
    const list = await openList(store.source(importId), job);
    const written = await store.lastRowWritten(importId);
    const facts: RowFacts[] = [];
    let batch: CheckedRow[] = [];
    let alreadyKnown = 0;
    const write = async (rows: readonly CheckedRow[], upTo: number): Promise<void> => {
      const refs = rows.map(({ meaning }) => meaning.personRef).filter((ref) => ref !== '');
      alreadyKnown += await store.countKnown(job.operationId, refs);
      await store.writeRows(
        importId,
        rows.filter(({ row }) => row > written),
      );
      heartbeat({ row: upTo });
    };
    // one batch is written while the next is read and judged
    let writing = Promise.resolve();
    const flush = async (): Promise<void> => {
      await writing;
      writing = write(batch, facts.length);
      writing.catch(() => {});
      batch = [];
    };
    for await (const { line, cells, findings } of list.rows) {
      const judgement = judgeRow(cells, job, facts.length + 1, findings);
      facts.push(judgement.facts);
      const judged = completeRow(judgement);
      batch.push({ ...judged, line, ...(judged.verdict === 'reject' ? { cells } : {}) });
      if (batch.length === size) await flush();
    }
    if (batch.length > 0) await flush();
    await writing;
    const { households, findings } = judgeHouseholds(facts);
    await store.amendRows(importId, findings);
    return {
      found: list.found,
      households: households.length,
      incompleteHouseholds: incomplete(households),
      alreadyKnown,
    };
  }
}

function incomplete(households: readonly HouseholdJudgement[]): number {
  return households.filter((household) => !household.complete).length;
}

/** Only what the reader of lists itself refuses; anything else is a fault that is tried again. */
function refusalOf(error: unknown): Refusal | undefined {
  if (!(error instanceof Error) || error.name !== 'ListRefused') return undefined;
  const { code, detail, hint } = error as Error & Partial<Record<keyof Refusal, unknown>>;
  return { code: String(code), detail: String(detail), hint: String(hint) };
}

import type { Readable } from 'node:stream';
import { heartbeat } from '@temporalio/activity';
import type { Finding } from '../domain/imports/codes.ts';
import type { Cells, Column } from '../domain/imports/columns.ts';
import {
  type DateOrderOffer,
  type DateOrderWatch,
  offerDateOrder,
  startDateOrderWatch,
  watchDateOrder,
} from '../domain/imports/dateOrder.ts';
import type { HeadingRule } from '../domain/imports/headings.ts';
import { type HouseholdJudgement, judgeHouseholds, type RowSummary } from '../domain/imports/household.ts';
import type { Refusal } from '../domain/imports/importRecord.ts';
import { completeRow, type JudgedRow } from '../domain/imports/judgeList.ts';
import { judgeRow } from '../domain/imports/judgeRow.ts';
import { tidyCell } from '../domain/imports/tidy.ts';

/**
 * Checking and committing a list, as ordinary activities with heartbeats. A retry continues where the last attempt
 * stopped.
 */
export type ImportActivities = {
  /**
   * Reads the file, judges every row once, and leaves the import `checked` or `refused` as a whole. A correction file
   * becomes a part of its list, which is then checked again.
   */
  checkList(input: { importId: string }): Promise<void>;
  /** Registers household by household, in bounded transactions with a cursor; false if registration has closed. */
  commitList(input: { importId: string }): Promise<{ committed: boolean }>;
  /** Journeys of the import that the workflow starter has not started yet. */
  countStartsLeft(input: { importId: string }): Promise<number>;
  /** Marks the import as done, after every journey has been started. */
  finishImport(input: { importId: string }): Promise<void>;
};

/** A correction file that is joined to its list, with the row of the list that each of its rows replaces. */
export type CorrectedFile = { importId: string; given: unknown; targets: ReadonlyMap<number, number> };

export type ImportJob = {
  operationId: string;
  referenceDate: string;
  /** alpha-3 code of the operation's country */
  country: string;
  /** which check of the list this is; an attempt of an earlier check writes nothing */
  round: number;
  /** the overrides of people for how it is read */
  given: unknown;
  corrected: readonly CorrectedFile[];
  /** the list whose rejected rows this file corrects, and its overrides */
  continues: { importId: string; given: unknown } | null;
};

/** A row with its position in the file and its cells as they arrived, in the order of the file. */
export type CheckedRow = JudgedRow & { line: number; raw: readonly string[] };

/** Why a whole list is refused: a code, and a sentence that never repeats a cell. */
export type DateOrders = Partial<Record<Column, DateOrderOffer>>;

export type CheckSummary = {
  found: unknown;
  /** date columns whose order a person has to choose */
  dateOrders: DateOrders;
  households: number;
  incompleteHouseholds: number;
  /** rows whose person_ref is already registered in the operation, through another list */
  alreadyKnown: number;
};

/** The part of a correction row that identifies the row of the list. */
export type CorrectingRow = { row: number; corrections: { row: number; listTag: string } | null; personRef: string };

/** Households that were read ahead: `after` which row, in which check of the list. */
export type PageAhead = { round: number; after: number };

export type CommittedPage = {
  outcome: 'more' | 'finished' | 'registration_closed';
  cursor: number;
  ahead?: Promise<PageAhead>;
};

/** The store of a list. */
export type ImportStore = {
  /** undefined if there is nothing to check: already checked, or refused */
  beginCheck(importId: string): Promise<ImportJob | undefined>;
  source(importId: string): Readable;
  /** what these headings meant in earlier lists of the same source */
  recall(importId: string, headings: readonly string[]): Promise<HeadingRule[]>;
  /** sets the number of rows. @returns the last row that an earlier attempt has written */
  beginRows(importId: string, round: number, total: number): Promise<number>;
  /** rows that are already recorded stay. @throws while the list is being checked again */
  writeRows(importId: string, round: number, rows: readonly CheckedRow[]): Promise<void>;
  /** adds the findings that need the whole list; a repeat adds nothing */
  amendRows(importId: string, round: number, findings: ReadonlyMap<number, Finding[]>): Promise<void>;
  countKnown(operationId: string, importId: string, personRefs: readonly string[]): Promise<number>;
  finishCheck(importId: string, round: number, summary: CheckSummary): Promise<void>;
  /**
   * Joins the rows to the list that they correct and orders its check, or refuses them. @throws while that list is busy
   */
  joinCorrected(importId: string, continues: string, rows: readonly CorrectingRow[]): Promise<void>;
  /** @param found what was detected so far; with it the file is stored, so that a person can override it */
  refuse(importId: string, refusal: Refusal, keep?: { found: unknown }): Promise<void>;
  /**
   * One transaction: the next households from the cursor on.
   * @param ahead the result of the call before: these households, read and encrypted while that call wrote. It is never
   * stored. Without it, or if it no longer fits, they are read now.
   */
  commitNext(importId: string, ahead?: Promise<PageAhead>): Promise<CommittedPage>;
  countStartsLeft(importId: string): Promise<number>;
  finish(importId: string): Promise<void>;
};

export type ListToRead = {
  source: Readable;
  given: unknown;
  /** the overrides of the list that it corrects */
  partOf?: unknown;
  recall: (headings: readonly string[]) => Promise<HeadingRule[]>;
  corrected: ReadonlyArray<{ source: Readable; given: unknown; targets: ReadonlyMap<number, number> }>;
};

/** `written`: the cells as they arrived; `cells`: the same, with dates converted as a person chose. */
export type ReadRow = {
  line: number;
  raw: readonly string[];
  written: Cells;
  cells: Cells;
  corrections: CorrectingRow['corrections'];
  findings: Finding[];
};

/** Opens a list of any format. A list that is refused as a whole throws an error named `ListRefused`. */
export type ListReader = (
  list: ListToRead,
) => Promise<{ found: unknown; records: number; rows: AsyncIterable<ReadRow> }>;

export type ImportPorts = {
  store: ImportStore;
  openList: ListReader;
  /** rows written in one statement */
  batch?: number;
};

const DATE_COLUMNS = ['date_of_birth', 'registered_at'] as const satisfies readonly Column[];

export function createImportActivities({ store, openList, batch: size = 1_000 }: ImportPorts): ImportActivities {
  return {
    async checkList({ importId }) {
      const job = await store.beginCheck(importId);
      if (job === undefined) return;
      try {
        if (job.continues === null) await store.finishCheck(importId, job.round, await check(importId, job));
        else await store.joinCorrected(importId, job.continues.importId, await correctingRows(importId, job));
      } catch (error) {
        const refused = refusalOf(error);
        if (refused === undefined) throw error;
        await store.refuse(importId, refused.refusal, refused.keep);
      }
    },

    async commitList({ importId }) {
      let next: Promise<PageAhead> | undefined;
      for (;;) {
        const { outcome, cursor, ahead } = await store.commitNext(importId, next);
        next = ahead;
        heartbeat({ cursor });
        if (outcome !== 'more') return { committed: outcome === 'finished' };
      }
    },

    countStartsLeft: ({ importId }) => store.countStartsLeft(importId),
    finishImport: ({ importId }) => store.finish(importId),
  };

  function open(importId: string, job: ImportJob): ReturnType<ListReader> {
    return openList({
      source: store.source(importId),
      given: job.given,
      ...(job.continues === null ? {} : { partOf: job.continues.given }),
      recall: (headings) => store.recall(importId, headings),
      corrected: job.corrected.map((part) => ({ ...part, source: store.source(part.importId) })),
    });
  }

  async function correctingRows(importId: string, job: ImportJob): Promise<CorrectingRow[]> {
    const rows: CorrectingRow[] = [];
    for await (const { corrections, written } of (await open(importId, job)).rows) {
      rows.push({ row: rows.length + 1, corrections, personRef: tidyCell(written.person_ref) });
      if (rows.length % size === 0) heartbeat({ row: rows.length });
    }
    return rows;
  }

  /** First judges the rows one by one and keeps only small summaries, then applies the rules that need other rows. */
  async function check(importId: string, job: ImportJob): Promise<CheckSummary> {
    const list = await open(importId, job);
    const written = await store.beginRows(importId, job.round, list.records);
    const summaries: RowSummary[] = [];
    const dates = watchDates();
    let batch: CheckedRow[] = [];
    let alreadyKnown = 0;
    const write = async (rows: readonly CheckedRow[], upTo: number): Promise<void> => {
      const refs = rows.map(({ meaning }) => meaning.personRef).filter((ref) => ref !== '');
      alreadyKnown += await store.countKnown(job.operationId, importId, refs);
      await store.writeRows(
        importId,
        job.round,
        rows.filter(({ row }) => row > written),
      );
      heartbeat({ row: upTo });
    };
    // one batch is written while the next is read and judged
    let writing = Promise.resolve();
    const flush = async (): Promise<void> => {
      await writing;
      writing = write(batch, summaries.length);
      writing.catch(() => {});
      batch = [];
    };
    for await (const read of list.rows) {
      const judgement = judgeRow(read.cells, job, summaries.length + 1, read.findings);
      summaries.push(judgement.summary);
      dates.see(read.written);
      batch.push({ ...completeRow(judgement), line: read.line, raw: read.raw });
      if (batch.length === size) await flush();
    }
    if (batch.length > 0) await flush();
    await writing;
    const { households, findings } = judgeHouseholds(summaries);
    for (const some of portions(findings, size)) {
      await store.amendRows(importId, job.round, some);
      heartbeat({ row: summaries.length });
    }
    return {
      found: list.found,
      dateOrders: dates.offers(),
      households: households.length,
      incompleteHouseholds: incomplete(households),
      alreadyKnown,
    };
  }
}

function watchDates(): { see(cells: Cells): void; offers(): DateOrders } {
  const watches = new Map<Column, DateOrderWatch>(DATE_COLUMNS.map((column) => [column, startDateOrderWatch()]));
  return {
    see: (cells) => {
      for (const [column, watch] of watches) watches.set(column, watchDateOrder(watch, tidyCell(cells[column])));
    },
    offers: () =>
      Object.fromEntries(
        [...watches].flatMap(([column, watch]) => {
          const offer = offerDateOrder(watch);
          return offer === null ? [] : [[column, offer]];
        }),
      ),
  };
}

/** The rows in batches of one transaction. */
function* portions<Row, Of>(all: ReadonlyMap<Row, Of>, size: number): Generator<Map<Row, Of>> {
  const entries = [...all];
  for (let from = 0; from < entries.length; from += size) yield new Map(entries.slice(from, from + size));
}

function incomplete(households: readonly HouseholdJudgement[]): number {
  return households.filter((household) => !household.complete).length;
}

/** Only refusals of the list reader; any other error is retried. */
function refusalOf(error: unknown): { refusal: Refusal; keep?: { found: unknown } } | undefined {
  if (!(error instanceof Error) || error.name !== 'ListRefused') return undefined;
  const { message, code, hint, again, found } = error as Error &
    Partial<Record<'code' | 'hint' | 'again' | 'found', unknown>>;
  const refusal = { code: String(code), detail: message, hint: String(hint) };
  return { refusal, ...(again === true ? { keep: { found } } : {}) };
}

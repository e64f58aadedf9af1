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

/** Checking and taking in a list, as ordinary activities that heartbeat and go on where an earlier attempt stopped. */
export type ImportActivities = {
  /**
   * Reads the file, judges every row once, and leaves the import `checked` or, whole, `refused`. A file that corrections
   * another list becomes a part of that one, which is then checked anew.
   */
  checkList(input: { importId: string }): Promise<void>;
  /** Takes in household by household, in bounded transactions with a cursor; false where registration was closed meanwhile. */
  commitList(input: { importId: string }): Promise<{ committed: boolean }>;
  /** Journeys of the import that the starter has not started yet. */
  countStartsLeft(input: { importId: string }): Promise<number>;
  /** Every journey has been started: the import is done. */
  finishImport(input: { importId: string }): Promise<void>;
};

/** A corrected file that is a part of the list: which row of the list each of its rows stands for. */
export type CorrectedFile = { importId: string; given: unknown; targets: ReadonlyMap<number, number> };

export type ImportJob = {
  operationId: string;
  referenceDate: string;
  /** alpha-3 code of the operation's country */
  country: string;
  /** which check of the list this is; an attempt of an earlier one writes nothing more */
  round: number;
  /** what people said of how it is to be read */
  given: unknown;
  corrected: readonly CorrectedFile[];
  /** the list whose rejected rows this file corrections, and what was said of that one */
  continues: { importId: string; given: unknown } | null;
};

/** A row with its place in the file and its cells as they came, in the order of the file. */
export type CheckedRow = JudgedRow & { line: number; raw: readonly string[] };

/** Why a whole list is refused: a code, and words that never repeat what a cell holds. */
export type DateOrders = Partial<Record<Column, DateOrderOffer>>;

export type CheckSummary = {
  found: unknown;
  /** columns of dates that a person has to say the order of */
  dateOrders: DateOrders;
  households: number;
  incompleteHouseholds: number;
  /** rows whose person_ref somebody in the operation has already, taken in by another list */
  alreadyKnown: number;
};

/** A row of a corrected file, as far as it tells which row of the list it stands for. */
export type CorrectingRow = { row: number; corrections: { row: number; listTag: string } | null; personRef: string };

/** Households that were read before their turn: `after` which row, in which check of the list. */
export type PageAhead = { round: number; after: number };

export type CommittedPage = {
  outcome: 'more' | 'finished' | 'registration_closed';
  cursor: number;
  ahead?: Promise<PageAhead>;
};

/** Where a list is kept while it comes in. */
export type ImportStore = {
  /** undefined where there is nothing to check: checked already, or refused */
  beginCheck(importId: string): Promise<ImportJob | undefined>;
  source(importId: string): Readable;
  /** what these headings stood for in earlier lists of the same source */
  recall(importId: string, headings: readonly string[]): Promise<HeadingRule[]>;
  /** how many rows there will be. @returns the last one that an earlier attempt has written */
  beginRows(importId: string, round: number, total: number): Promise<number>;
  /** rows that stand already stay as they are. @throws where the list is being checked anew */
  writeRows(importId: string, round: number, rows: readonly CheckedRow[]): Promise<void>;
  /** adds what the list as a whole shows of rows; done twice it adds nothing more */
  amendRows(importId: string, round: number, findings: ReadonlyMap<number, Finding[]>): Promise<void>;
  countKnown(operationId: string, importId: string, personRefs: readonly string[]): Promise<number>;
  finishCheck(importId: string, round: number, summary: CheckSummary): Promise<void>;
  /** Makes the rows a part of the list that they correct and orders its check, or refuses them. @throws while that list is busy */
  joinCorrected(importId: string, continues: string, rows: readonly CorrectingRow[]): Promise<void>;
  /** @param found what had been found out by then; with it the file is kept, to be read again as a person says */
  refuse(importId: string, refusal: Refusal, keep?: { found: unknown }): Promise<void>;
  /**
   * One transaction: the next households from the cursor on.
   * @param ahead what the call before gave: those households, being read and encrypted while that one wrote. Never kept
   *   beyond the loop: without it, or where it does not fit any more, they are read now
   */
  commitNext(importId: string, ahead?: Promise<PageAhead>): Promise<CommittedPage>;
  countStartsLeft(importId: string): Promise<number>;
  finish(importId: string): Promise<void>;
};

export type ListToRead = {
  source: Readable;
  given: unknown;
  /** what was said of the list that it corrections */
  partOf?: unknown;
  recall: (headings: readonly string[]) => Promise<HeadingRule[]>;
  corrected: ReadonlyArray<{ source: Readable; given: unknown; targets: ReadonlyMap<number, number> }>;
};

/** `written`: the cells as they stand; `cells`: the same, with dates turned where a person said so. */
export type ReadRow = {
  line: number;
  raw: readonly string[];
  written: Cells;
  cells: Cells;
  corrections: CorrectingRow['corrections'];
  findings: Finding[];
};

/** Opens a list of any format. A list that cannot be taken as a whole is thrown as an error named `ListRefused`. */
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

  /** First the rows one by one, of which only small summaries stay in memory, then what they show together. */
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

/** So many of the rows at a time as are written in one transaction. */
function* portions<Row, Of>(all: ReadonlyMap<Row, Of>, size: number): Generator<Map<Row, Of>> {
  const entries = [...all];
  for (let from = 0; from < entries.length; from += size) yield new Map(entries.slice(from, from + size));
}

function incomplete(households: readonly HouseholdJudgement[]): number {
  return households.filter((household) => !household.complete).length;
}

/** Only what the reader of lists itself refuses; anything else is a fault that is tried again. */
function refusalOf(error: unknown): { refusal: Refusal; keep?: { found: unknown } } | undefined {
  if (!(error instanceof Error) || error.name !== 'ListRefused') return undefined;
  const { message, code, hint, again, found } = error as Error &
    Partial<Record<'code' | 'hint' | 'again' | 'found', unknown>>;
  const refusal = { code: String(code), detail: message, hint: String(hint) };
  return { refusal, ...(again === true ? { keep: { found } } : {}) };
}

import type { Finding } from '../../domain/imports/codes.ts';
import { type Column, type HeadingRule, tidyCell } from '../../domain/imports/columns.ts';
import { offerDateOrder, startDateOrderWatch, watchDateOrder } from '../../domain/imports/dates.ts';
import { type DateOrders, type FoundList, ListRefused, type Override } from '../../domain/imports/file.ts';
import type { Refusal } from '../../domain/imports/importRecord.ts';
import { essentials, judgeHouseholds, withFindings } from '../../domain/imports/judgeList.ts';
import { type JudgedRow, judgeRow } from '../../domain/imports/judgeRow.ts';
import { type CorrectingRow, type Corrections, joinCorrected } from './correct.ts';
import type { Transactions } from './record.ts';

/** A record of a file. */
export type ListRow = {
  /** counted from 1, without the headings and empty rows */
  record: number;
  /** line of the file, or row of the sheet, where it begins: the number that people see */
  line: number;
  /** all cells as they are, in the order of the file; in a correction file in the order of the list */
  raw: string[];
  /** the cells of the known columns as they are; a column that the list lacks is the empty text */
  written: Record<Column, string>;
  /** the same, with dates converted as a person chose */
  cells: Record<Column, string>;
  /** in a correction file: the row of the list that this one replaces, if it still says so */
  corrections: Corrections | null;
  /** findings that only the file shows: lost digits of a number cell, more cells than headings */
  findings: Finding[];
};

/** What headings meant in earlier lists of the same source. */
export type Recall = (headings: readonly string[]) => Promise<HeadingRule[]>;

/** Opens a list of any format. @throws ListRefused if the list cannot be imported; then no row is */
export type ListReader = (list: {
  source: AsyncIterable<Uint8Array>;
  given: Override;
  /** the overrides of the list that it corrects */
  partOf?: Override | undefined;
  recall: Recall;
  /** correction files that are joined to it, with the row of the list that each of their rows replaces */
  corrected: ReadonlyArray<{
    source: AsyncIterable<Uint8Array>;
    given: Override;
    targets: ReadonlyMap<number, number>;
  }>;
}) => Promise<{ found: FoundList; rows: AsyncIterable<ListRow> }>;

export type ImportJob = {
  operationId: string;
  referenceDate: string;
  /** alpha-3 code of the operation's country */
  country: string;
  /** which check of the list this is; an attempt of an earlier check writes nothing */
  round: number;
  /** the overrides of people for how it is read */
  given: Override;
  /** correction files that are joined to it, in the order of arrival */
  corrected: ReadonlyArray<{ importId: string; given: Override; targets: ReadonlyMap<number, number> }>;
  /** the list whose rejected rows this file corrects, and its overrides */
  continues: { importId: string; given: Override } | null;
};

export type CheckSummary = {
  found: FoundList;
  dateOrders: DateOrders;
  households: number;
  incompleteHouseholds: number;
  /** rows whose person_ref is already registered in the operation, through another list */
  alreadyKnown: number;
};

export type CheckStore = Transactions & {
  /** undefined if there is nothing to check: already checked, or refused */
  beginCheck(importId: string): Promise<ImportJob | undefined>;
  source(importId: string): AsyncIterable<Uint8Array>;
  recall(importId: string, headings: readonly string[]): Promise<HeadingRule[]>;
  /** sets the number of rows. @returns the last row that an earlier attempt has written */
  beginRows(importId: string, round: number, total: number): Promise<number>;
  /** rows that are already recorded stay. @throws while the list is being checked again */
  writeRows(
    importId: string,
    round: number,
    rows: ReadonlyArray<JudgedRow & Pick<ListRow, 'line' | 'raw'>>,
  ): Promise<void>;
  /** changes these rows, unless their people are registered. @throws while the list is being checked again */
  amendRows(
    importId: string,
    round: number,
    rows: readonly number[],
    amend: <R extends Pick<JudgedRow, 'row' | 'verdict' | 'codes' | 'protection'>>(row: R) => R,
  ): Promise<void>;
  countKnown(operationId: string, importId: string, personRefs: readonly string[]): Promise<number>;
  finishCheck(importId: string, round: number, summary: CheckSummary): Promise<void>;
  /** The file stays, with what was detected, until somebody overrides how it is read. */
  refuseForNow(importId: string, refusal: Refusal, found: FoundList | undefined): Promise<void>;
};

export type CheckPorts = {
  store: CheckStore;
  openList: ListReader;
  /** tries to start new orders at once; otherwise the workflow starter does it, after all earlier journeys */
  startNow(workflowIds: readonly string[]): Promise<unknown>;
  /** rows written in one statement */
  batch?: number | undefined;
};

/**
 * Reads the file, judges every row once, and leaves the import `checked` or `refused` as a whole. A correction file
 * becomes a part of its list, which is then checked again. A repetition continues where the last attempt stopped.
 */
export const checkList =
  ({ store, openList, startNow, batch: size = 1_000 }: CheckPorts) =>
  async (importId: string, progress: (at: { row: number }) => void): Promise<void> => {
    const job = await store.beginCheck(importId);
    if (job === undefined) return;
    try {
      const list = await openList({
        source: store.source(importId),
        given: job.given,
        partOf: job.continues?.given,
        recall: (headings) => store.recall(importId, headings),
        corrected: job.corrected.map((part) => ({ ...part, source: store.source(part.importId) })),
      });
      if (job.continues === null) await check(list);
      else await join(list.rows, job.continues.importId);
    } catch (error) {
      if (!(error instanceof ListRefused)) throw error;
      const { code, message: detail, hint } = error;
      if (error.again) await store.refuseForNow(importId, { code, detail, hint }, error.found);
      else await store.transaction((tx) => tx.refuse(importId, { code, detail, hint }));
    }

    async function join(read: AsyncIterable<ListRow>, listId: string): Promise<void> {
      const rows: CorrectingRow[] = [];
      for await (const { corrections, written } of read) {
        rows.push({ row: rows.length + 1, corrections, personRef: tidyCell(written.person_ref) });
        if (rows.length % size === 0) progress({ row: rows.length });
      }
      const start = await joinCorrected(store)(importId, listId, rows);
      if (start !== undefined) await startNow([start.workflowId]);
    }

    /** First judges the rows one by one and keeps the essentials, then applies the rules that need other rows. */
    async function check({ found, rows }: Awaited<ReturnType<ListReader>>): Promise<void> {
      const { round, operationId } = job as ImportJob;
      const written = await store.beginRows(importId, round, found.records);
      const judged: Array<ReturnType<typeof essentials>> = [];
      const dates = watchDates();
      let batch: Array<JudgedRow & Pick<ListRow, 'line' | 'raw'>> = [];
      let alreadyKnown = 0;
      const write = async (some: typeof batch, upTo: number): Promise<void> => {
        const refs = some.map(({ meaning }) => meaning.personRef).filter((ref) => ref !== '');
        alreadyKnown += await store.countKnown(operationId, importId, refs);
        await store.writeRows(
          importId,
          round,
          some.filter(({ row }) => row > written),
        );
        progress({ row: upTo });
      };
      // one batch is written while the next is read and judged
      let writing = Promise.resolve();
      const flush = async (): Promise<void> => {
        await writing;
        writing = write(batch, judged.length);
        writing.catch(() => {});
        batch = [];
      };
      for await (const { cells, written: asWritten, findings, line, raw } of rows) {
        const row = judgeRow(cells, job as ImportJob, judged.length + 1, findings);
        judged.push(essentials(row));
        dates.see(asWritten);
        batch.push({ ...row, line, raw });
        if (batch.length === size) await flush();
      }
      if (batch.length > 0) await flush();
      await writing;
      const { households, findings } = judgeHouseholds(judged);
      const amended = [...findings.keys()];
      for (let from = 0; from < amended.length; from += size) {
        await store.amendRows(importId, round, amended.slice(from, from + size), (row) =>
          withFindings(row, findings.get(row.row) ?? []),
        );
        progress({ row: judged.length });
      }
      await store.finishCheck(importId, round, {
        found,
        dateOrders: dates.offers(),
        households: households.length,
        incompleteHouseholds: households.filter((household) => !household.complete).length,
        alreadyKnown,
      });
    }
  };

const DATE_COLUMNS = ['date_of_birth', 'registered_at'] as const satisfies readonly Column[];

function watchDates(): { see(cells: Record<Column, string>): void; offers(): DateOrders } {
  const watches = new Map(DATE_COLUMNS.map((column) => [column, startDateOrderWatch()]));
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

import type { Finding } from '../../domain/imports/codes.ts';
import type { Column, HeadingRule } from '../../domain/imports/columns.ts';
import type { DateOrders, FoundList, Override } from '../../domain/imports/file.ts';
import type {
  CorrectionCounts,
  DuplicateCandidates,
  ImportCounts,
  ImportStatus,
  Refusal,
} from '../../domain/imports/importRecord.ts';
import type { JudgedRow } from '../../domain/imports/judgeRow.ts';
import type { Instant } from '../../domain/time.ts';
import type { ImportInput } from '../../workflows/messages.ts';

/** An import under its lock. */
export type LockedImport = {
  operationId: string;
  /** YYYY-MM-DD, the day on which ages are reckoned */
  referenceDate: string;
  status: ImportStatus;
  /** which check of the list this is */
  round: number;
  /** the last row that the commit has passed */
  cursor: number;
  bytes: number;
  refusal: Refusal | null;
  /** the list whose rejected rows this file corrects */
  continues: string | null;
  /** a correction file that has become a part of its list */
  joined: boolean;
};

/** A row as a correction file needs it. `rejected`: it may still be replaced. */
export type ListedRow = { row: number; rejected: boolean; personRef: string };

/** The run of one step, as it is ordered. */
export type Start = { workflowId: string; taskQueue: string };

/** What the use cases do with an import in one transaction. */
export type ImportTransaction = {
  /** Several are locked in the order of their ids. Unknown ones are left out. */
  lock(...importIds: string[]): Promise<Map<string, LockedImport>>;
  /** Orders a run, once. */
  order(importId: string, step: ImportInput['step'], start: Start): Promise<void>;
  /** What an interrupted upload has left. */
  dropUpload(importId: string): Promise<void>;
  uploaded(importId: string, bytes: number): Promise<void>;
  /** Of a refused list only the refusal is stored. */
  refuse(importId: string, refusal: Refusal): Promise<void>;
  /** Whether the raw list is still stored. */
  isStored(importId: string): Promise<boolean>;
  hasRegistered(importId: string): Promise<boolean>;
  overrides(importId: string): Promise<Override>;
  writeOverride(importId: string, override: { round: number; given: Override; overriddenBy: string }): Promise<void>;
  /** For the next lists of the source: a partner, or the operation's own teams. */
  rememberHeadings(importId: string, rules: readonly HeadingRule[], overriddenBy: string): Promise<void>;
  /** Rows of registered people stay, all others are judged again. @returns which check of the list follows */
  restart(importId: string): Promise<number>;
  registrationOpen(operationId: string): Promise<boolean>;
  /** accepted rows of people who are not registered */
  acceptable(importId: string): Promise<number>;
  committing(importId: string, total: number): Promise<void>;
  /** The rows of a list in order. */
  rows(importId: string): AsyncIterable<ListedRow>;
  /** The correction file becomes a part of its list. `target`: the row of the list that a row replaces or becomes. */
  join(
    importId: string,
    targets: ReadonlyArray<{ row: number; target: number }>,
    counts: CorrectionCounts,
  ): Promise<void>;
};

export type Transactions = { transaction<T>(work: (tx: ImportTransaction) => Promise<T>): Promise<T> };

export type ImportSummary = {
  id: string;
  operationId: string;
  fileName: string | null;
  status: ImportStatus;
  refusal: Refusal | null;
  referenceDate: string;
  partnerId: string | null;
  continues: string | null;
  bytes: number;
  counts: ImportCounts | null;
  /** null until the checked rows have been compared */
  met: DuplicateCandidates | null;
  /** of a correction file */
  correcting: CorrectionCounts | null;
  /** rows while it is checked, acceptable people once it is committed; unknown before the file is read */
  total: number | null;
  done: number;
  /** rows that were rejected */
  failed: number;
  createdBy: string;
  createdAt: Instant;
  startedAt: Instant | null;
  finishedAt: Instant | null;
  /** somebody of it is registered, or is about to be */
  committed: boolean;
};

export type ImportProgress = ImportSummary & {
  /** null until the file has been read, if nothing was detected, and once the raw list is removed */
  found: { found: FoundList; dateOrders: DateOrders } | null;
  /** who set which overrides; `round` is the first check that used them */
  readings: Array<{
    round: number;
    overriddenBy: string;
    overriddenAt: Instant;
    dateOrder: NonNullable<Override['dateOrder']>;
  }>;
};

export type ImportRow = Omit<JudgedRow, 'meaning'> & {
  line: number;
  household: string | null;
  personId: string | null;
  /** the cells as they arrived, in the order of the file; null once the raw list is removed */
  raw: string[] | null;
  /** how they were read */
  meaning: JudgedRow['meaning'] | null;
};

export type RowFilter = {
  verdict?: JudgedRow['verdict'] | undefined;
  code?: string | undefined;
  /** the columns in which `code` is looked for */
  columns: readonly Column[];
  after?: number | undefined;
};

/** A row to correct: its number, its cells as they arrived, and what was found. */
export type RowToCorrect = { row: number; raw: readonly string[]; codes: readonly Finding[] };

/** The access log of an import: who read or downloaded which rows. */
export type ListAccess = {
  id: string;
  importId: string;
  principal: string;
  kind: 'rows' | 'correction_file';
  filter: object;
  /** columns whose cells were disclosed */
  fields: readonly string[];
  rowCount: number;
};

export type ImportReads = {
  read(importId: string): Promise<ImportProgress | undefined>;
  /** The lists of an operation, the newest first. @param after the end of the page before */
  list(operationId: string, limit: number, after?: { createdAt: Instant; id: string }): Promise<ImportSummary[]>;
  /** Rows of a list with their findings, in order, with cells and meaning. */
  rows(importId: string, filter: RowFilter, limit: number): Promise<ImportRow[]>;
  /** The first rejected rows, to show at once what is wrong with the list. */
  firstFaults(importId: string, limit: number): Promise<Array<Pick<ImportRow, 'row' | 'line' | 'codes'>>>;
  /** The first rejected rows. @returns undefined if the raw list is removed, or nothing was detected */
  toCorrect(importId: string, limit: number): Promise<{ found: FoundList; rows: RowToCorrect[] } | undefined>;
  /** Written before the rows are disclosed. */
  log(access: ListAccess): Promise<void>;
};

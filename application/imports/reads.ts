import type { Finding } from '../../domain/imports/codes.ts';
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

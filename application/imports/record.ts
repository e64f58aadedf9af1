import type { HeadingRule } from '../../domain/imports/columns.ts';
import type { Override } from '../../domain/imports/file.ts';
import type { CorrectionCounts, ImportStatus, Refusal } from '../../domain/imports/importRecord.ts';
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

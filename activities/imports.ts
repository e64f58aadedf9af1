import { heartbeat } from '@temporalio/activity';

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

type Progress = (at: object) => void;

export type ImportUseCases = {
  checkList(importId: string, progress: Progress): Promise<void>;
  commitList(importId: string, progress: Progress): Promise<boolean>;
  countStartsLeft(importId: string): Promise<number>;
  finish(importId: string): Promise<void>;
};

export const importActivities = (imports: ImportUseCases): ImportActivities => ({
  checkList: ({ importId }) => imports.checkList(importId, heartbeat),
  commitList: async ({ importId }) => ({ committed: await imports.commitList(importId, heartbeat) }),
  countStartsLeft: ({ importId }) => imports.countStartsLeft(importId),
  finishImport: ({ importId }) => imports.finish(importId),
});

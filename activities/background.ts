import { ApplicationFailure, Context, heartbeat } from '@temporalio/activity';
import type { Chore } from '../application/background.ts';
import { deliverFeed, type FeedPorts } from '../application/webhooks/feed.ts';
import type { ChoreInput } from '../domain/workflowInputs.ts';

/*
 * Activities of workflows that have no subject: imports, feeds, chores.
 */

/** Checking and committing a list, with heartbeats. A retry continues where the last attempt stopped. */
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

/** Activities of a partner's feed. */
export type FeedActivities = {
  /**
   * Sends the deliveries that are due at an endpoint. `next`: milliseconds of real time until the next one, 0 for at
   * once, null for none. `ended`: the endpoint was removed.
   */
  sendDue(input: { endpointId: string }): Promise<{ next: number | null; ended: boolean }>;
};

export function feedActivities(ports: FeedPorts): FeedActivities {
  return {
    sendDue({ endpointId }) {
      const context = Context.current();
      const run = { heartbeat: () => context.heartbeat(), leaving: () => context.cancellationSignal.aborted };
      return deliverFeed(ports, run, endpointId);
    },
  };
}

export type ChoreActivities = { runChore(input: ChoreInput): Promise<void> };

/** @param chores by their names */
export function choreActivities(chores: Readonly<Record<string, Chore>>): ChoreActivities {
  return {
    async runChore({ chore }) {
      const { cancellationSignal } = Context.current();
      const run = chores[chore];
      if (!run) throw ApplicationFailure.nonRetryable(`This build has no chore ${chore}`, 'UnknownChore');
      await run(() => cancellationSignal.aborted);
    },
  };
}

/** A workflow that keeps no subject of its own, and so has no waits: a feed, an import. */
export type CancelRequest = {
  /** id of the endpoint or the import */
  subject: string;
  operationId?: string;
  /** the run that was asked to end: one alarm for each */
  runId: string;
};

export type CancelRequestActivities = {
  /** Somebody asked Temporal to cancel the workflow. It goes on, and an alarm asks people to decide. */
  reportCancelRequest(request: CancelRequest): Promise<void>;
};

/** @param raise raises an alarm once for each run */
export function cancelRequestActivities(raise: (request: CancelRequest) => Promise<void>): CancelRequestActivities {
  return { reportCancelRequest: raise };
}

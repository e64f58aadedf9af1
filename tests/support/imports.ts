import { createReadStream } from 'node:fs';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { Pool } from 'pg';
import { createImportActivities, type ImportPorts } from '../../activities/imports.ts';
import type { Keyring } from '../../adapters/crypto/envelope.ts';
import { readImportedList } from '../../adapters/files/importReader.ts';
import { type ImportsOptions, importStore } from '../../adapters/postgres/imports/imports.ts';
import type { StartOf } from '../../adapters/postgres/imports/starts.ts';
import {
  type CommitOutcome,
  createImport,
  receiveUpload,
  startCommit,
  type Upload,
  type UploadOutcome,
} from '../../adapters/postgres/imports/uploads.ts';
import { newId } from '../../application/ids.ts';
import { TASK_QUEUE, workflowId } from '../../workflows/messages.ts';

/** Workflow names as the processes make them. */
export const JOURNEYS = { taskQueue: TASK_QUEUE, workflowId: workflowId.journey };

/** How the processes name the runs of an import. */
const runOf =
  (step: 'check' | 'commit'): StartOf =>
  (importId, round) => ({ workflowId: workflowId.import(importId, step, round), taskQueue: TASK_QUEUE });

export function storeOf(pool: Pool, keyring: Keyring, over: Partial<ImportsOptions> = {}) {
  return importStore(pool, {
    keyring,
    journeys: JOURNEYS,
    checks: runOf('check'),
    startNow: async () => undefined,
    ...over,
  });
}

/** The activities of an import as the worker makes them; `checkList` and `commitList` run as Temporal would run them. */
export function importActivities(ports: Pick<ImportPorts, 'store'> & Partial<ImportPorts>) {
  const activities = createImportActivities({ openList: readImportedList, ...ports });
  const environment = new MockActivityEnvironment();
  return {
    check: (importId: string) => environment.run(activities.checkList, { importId }),
    commit: (importId: string) => environment.run(activities.commitList, { importId }),
    startsLeft: (importId: string) => environment.run(activities.countStartsLeft, { importId }),
    finish: (importId: string) => environment.run(activities.finishImport, { importId }),
  };
}

type ListOf = { operationId: string; referenceDate: string; source: Upload['source'] } & Partial<Upload> & {
    continues?: string;
  };

/** Uploads a list; the dry run has not begun. */
export async function upload(
  pool: Pool,
  keyring: Keyring,
  list: ListOf,
): Promise<{ importId: string; outcome: UploadOutcome }> {
  const { operationId, referenceDate, source, continues, ...over } = list;
  const importId = newId('import');
  await createImport(pool, keyring, {
    id: importId,
    operationId,
    fileName: 'list.csv',
    referenceDate,
    createdBy: 'coordinator',
    ...(continues ? { continues } : {}),
  });
  const check = runOf('check')(importId, 1);
  return { importId, outcome: await receiveUpload(pool, keyring, { importId, source, check, ...over }) };
}

export async function orderCommit(pool: Pool, importId: string): Promise<CommitOutcome['outcome']> {
  return (await startCommit(pool, importId, runOf('commit'))).outcome;
}

export function fileSource(url: URL): AsyncIterable<Uint8Array> {
  return createReadStream(url);
}

export async function* textSource(...pieces: string[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield Buffer.from(piece);
}

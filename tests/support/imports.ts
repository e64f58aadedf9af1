import { createReadStream } from 'node:fs';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { Pool } from 'pg';
import { importActivities as activitiesOf } from '../../activities/background.ts';
import type { Keyring } from '../../adapters/crypto/envelope.ts';
import { readImportedList } from '../../adapters/files/openList.ts';
import { databaseOn } from '../../adapters/postgres/database.ts';
import { commitsOn } from '../../adapters/postgres/imports/commit.ts';
import { importsOn } from '../../adapters/postgres/imports/imports.ts';
import { importReadsOn } from '../../adapters/postgres/imports/reads.ts';
import { newId } from '../../application/ids.ts';
import { checkList } from '../../application/imports/check.ts';
import {
  type CommitOutcome,
  commitList,
  commitPage,
  countStartsLeft,
  startCommit,
} from '../../application/imports/commit.ts';
import { type Body, type UploadOutcome, uploadList } from '../../application/imports/upload.ts';

/** What the use cases of an import are made of; a test replaces parts of it. @param page rows of a commit at a time */
export function storeOf(pool: Pool, keyring: Keyring, { page }: { page?: number } = {}) {
  const db = databaseOn(pool);
  const commits = commitsOn(db, keyring);
  return {
    ...importsOn(db, keyring),
    commitNext: commitPage({ ...commits, now: Date.now, page }),
  };
}

export type TestStore = ReturnType<typeof storeOf>;

/** The activities of an import as the worker makes them; `checkList` and `commitList` run as Temporal would run them. */
export function importActivities({ store, batch }: { store: TestStore; batch?: number }) {
  const activities = activitiesOf({
    checkList: checkList({
      store,
      openList: readImportedList,
      startNow: async () => undefined,
      batch,
    }),
    commitList: commitList(store.commitNext),
    countStartsLeft: countStartsLeft(store),
    finish: store.finish,
  });
  const environment = new MockActivityEnvironment();
  return {
    check: (importId: string) => environment.run(activities.checkList, { importId }),
    commit: (importId: string) => environment.run(activities.commitList, { importId }),
    startsLeft: (importId: string) => environment.run(activities.countStartsLeft, { importId }),
    finish: (importId: string) => environment.run(activities.finishImport, { importId }),
  };
}

/** The use case that takes a list in. */
export function uploads(pool: Pool, keyring: Keyring) {
  const db = databaseOn(pool);
  return uploadList({
    ...importsOn(db, keyring),
    listOf: importReadsOn(db, keyring).read,
    partnerExists: async () => true,
    now: async () => Date.now(),
  });
}

type ListOf = { operationId: string; referenceDate: string; continues?: string } & Body;

/** Uploads a list; the dry run has not begun. */
export async function upload(
  pool: Pool,
  keyring: Keyring,
  { operationId, referenceDate, continues, ...body }: ListOf,
): Promise<{ importId: string; outcome: UploadOutcome }> {
  const id = newId('import');
  const list = { id, operationId, fileName: 'list.csv', referenceDate, createdBy: 'coordinator', continues };
  return { importId: id, outcome: await uploads(pool, keyring)(list, body) };
}

export async function orderCommit(pool: Pool, keyring: Keyring, importId: string): Promise<CommitOutcome['outcome']> {
  return (await startCommit(importsOn(databaseOn(pool), keyring))(importId)).outcome;
}

export function fileSource(url: URL): AsyncIterable<Uint8Array> {
  return createReadStream(url);
}

export async function* textSource(...pieces: string[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield Buffer.from(piece);
}

import type { Pool } from 'pg';
import type { Refusal } from '../../activities/imports.ts';
import type { ImportInput } from '../../workflows/messages.ts';
import { type Keyring, sealBytes } from '../secrets/envelope.ts';
import { type Queryable, transaction } from './database.ts';
import { importKey, makeImportKey } from './importKeys.ts';
import { refuseImport } from './imports.ts';

/** Above this a list is refused whole: it may have been cut, and nobody is taken in from half a list. */
export const UPLOAD_LIMIT = 50 * 1024 * 1024;

/** Bytes sealed and written at a time. */
const CHUNK = 256 * 1024;

/** Which workflow run to start; built from workflows/messages.ts by whoever puts things together. */
export type Start = { workflowId: string; taskQueue: string };

export type NewImport = {
  id: string;
  operationId: string;
  /** as the team calls the file; it must not name anybody */
  fileName: string | null;
  /** YYYY-MM-DD */
  referenceDate: string;
  /** what a person says of the file instead of what would be found out */
  overrule?: object;
  mapping?: object;
  /** the import whose rejected rows this list mends */
  continues?: string;
  createdBy: string;
};

/** Opens an import; twice under one id is once. */
export async function createImport(pool: Pool, keyring: Keyring, made: NewImport): Promise<void> {
  await transaction(pool, async (client) => {
    await client.query(
      `insert into imports (id, operation_id, file_name, reference_date, overrule, mapping, continues, created_by)
       values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (id) do nothing`,
      [
        made.id,
        made.operationId,
        made.fileName,
        made.referenceDate,
        made.overrule === undefined ? null : JSON.stringify(made.overrule),
        made.mapping === undefined ? null : JSON.stringify(made.mapping),
        made.continues ?? null,
        made.createdBy,
      ],
    );
    await makeImportKey(client, keyring, made.id);
  });
}

export type Upload = {
  importId: string;
  source: AsyncIterable<Uint8Array>;
  /** bytes; above it the whole list is refused */
  limit?: number;
  /** what the sender announced (Content-Length), to know a list that was cut on its way */
  expectedBytes?: number;
  check: Start;
};

export type UploadOutcome = { outcome: 'uploaded'; bytes: number } | { outcome: 'refused'; refusal: Refusal };

/**
 * Takes a list in as it streams, chunk by chunk, and orders its check. A list that is empty, above the limit, or cut on
 * its way is refused whole and nothing of it is kept. Twice under one id is once; one attempt at a time.
 */
export async function receiveUpload(pool: Pool, keyring: Keyring, upload: Upload): Promise<UploadOutcome> {
  const { importId, limit = UPLOAD_LIMIT } = upload;
  const before = await earlierUpload(pool, importId);
  if (before !== undefined) return before;
  const { key, kekId } = await importKey(pool, keyring, importId);
  let bytes = 0;
  let number = 0;
  const refused = async (refusal: Refusal): Promise<UploadOutcome> => {
    await transaction(pool, (client) => refuseImport(client, importId, refusal));
    return { outcome: 'refused', refusal };
  };
  if (upload.expectedBytes !== undefined && upload.expectedBytes > limit) return refused(tooLarge(limit));
  try {
    for await (const chunk of inChunks(upload.source)) {
      bytes += chunk.byteLength;
      if (bytes > limit) return await refused(tooLarge(limit));
      await pool.query('insert into import_chunks (import_id, number, sealed) values ($1, $2, $3)', [
        importId,
        number,
        sealBytes(key, { subject: importId, fieldSet: `chunk ${number}`, keyId: kekId }, chunk),
      ]);
      number += 1;
    }
  } catch (error) {
    if (!brokeOff(error)) throw error;
    return refused(CUT);
  }
  if (upload.expectedBytes !== undefined && bytes !== upload.expectedBytes) return refused(CUT);
  if (bytes === 0) return refused({ code: 'empty', detail: 'The file is empty.', hint: 'Choose the file again.' });
  await transaction(pool, async (client) => {
    await client.query(`update imports set status = 'uploaded', bytes = $2 where id = $1 and status = 'uploading'`, [
      importId,
      bytes,
    ]);
    await order(client, importId, 'check', upload.check);
  });
  return { outcome: 'uploaded', bytes };
}

/**
 * What became of an earlier attempt under this id: its outcome, if it had one. What an attempt that broke off left behind
 * is removed, so that this one begins anew.
 */
async function earlierUpload(pool: Pool, importId: string): Promise<UploadOutcome | undefined> {
  return transaction(pool, async (client) => {
    const { rows } = await client.query<{ status: string; bytes: number; refusal: Refusal | null }>(
      'select status, bytes, refusal from imports where id = $1 for update',
      [importId],
    );
    const found = rows[0];
    if (found === undefined) throw new Error(`There is no import ${importId}`);
    if (found.status === 'uploading') {
      await client.query('delete from import_chunks where import_id = $1', [importId]);
      return undefined;
    }
    return found.status === 'refused' && found.refusal !== null
      ? { outcome: 'refused', refusal: found.refusal }
      : { outcome: 'uploaded', bytes: found.bytes };
  });
}

const CUT: Refusal = {
  code: 'cut_off',
  detail: 'The file did not arrive whole.',
  hint: 'Send the whole file again; nothing of it was taken in.',
};

function tooLarge(limit: number): Refusal {
  return {
    code: 'too_large',
    detail: `The file is larger than ${limit} bytes, so it may not be whole.`,
    hint: 'Split it, whole households together; nothing of it was taken in.',
  };
}

/** Whether the sender went away, rather than the database or this program failing. */
function brokeOff(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return ['ECONNRESET', 'ABORT_ERR', 'ERR_STREAM_PREMATURE_CLOSE', 'UND_ERR_ABORTED', 'EPIPE'].includes(code);
}

async function* inChunks(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let held: Uint8Array[] = [];
  let size = 0;
  for await (const piece of source) {
    held.push(piece);
    size += piece.byteLength;
    if (size < CHUNK) continue;
    yield Buffer.concat(held);
    held = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(held);
}

async function order(client: Queryable, importId: string, step: ImportInput['step'], start: Start): Promise<void> {
  const { rows } = await client.query<{ operation_id: string }>('select operation_id from imports where id = $1', [
    importId,
  ]);
  const input: ImportInput = { version: 1, importId, operationId: rows[0]?.operation_id ?? '', step };
  await client.query(
    `insert into pending_starts (workflow_id, workflow, task_queue, input) values ($1, 'importList', $2, $3)
     on conflict (workflow_id) do nothing`,
    [start.workflowId, start.taskQueue, JSON.stringify(input)],
  );
}

export type CommitOutcome = 'started' | 'not_checked' | 'nobody_acceptable' | 'registration_closed' | 'unknown';

/** A person has seen the dry run and says: take them in. Said twice it is done once. */
export async function startCommit(pool: Pool, importId: string, start: Start): Promise<CommitOutcome> {
  return transaction(pool, async (client) => {
    const { rows } = await client.query<{ status: string; open: boolean; acceptable: number }>(
      `select i.status, o.registration_open as open, coalesce(i.total - i.failed, 0) as acceptable
         from imports i join operations o on o.id = i.operation_id where i.id = $1 for update of i`,
      [importId],
    );
    const found = rows[0];
    if (found === undefined) return 'unknown';
    if (['committing', 'starting', 'done'].includes(found.status)) return 'started';
    if (found.status !== 'checked') return 'not_checked';
    if (!found.open) return 'registration_closed';
    if (found.acceptable === 0) return 'nobody_acceptable';
    await client.query(
      `update imports set status = 'committing', started_at = now(), finished_at = null, total = $2, done = 0, cursor = 0 where id = $1`,
      [importId, found.acceptable],
    );
    await order(client, importId, 'commit', start);
    return 'started';
  });
}

import type { Pool } from 'pg';
import { type Refusal, STORED_REFUSAL } from '../../../domain/imports/importRecord.ts';
import { encryptBytes, type Keyring } from '../../crypto/envelope.ts';
import type { Override } from '../../files/openList.ts';
import { transaction } from '../database.ts';
import { encryptedIn, importKey, makeImportKey } from './keys.ts';
import { latestReading, mergedOverride, rememberHeadings, writeReading } from './readings.ts';
import { refuseImport } from './refusals.ts';
import { checkAgain, orderRun, type Start, type StartOf } from './starts.ts';

/** A larger list is refused as a whole: it may be truncated, and half a list is never imported. */
export const UPLOAD_LIMIT = 50 * 1024 * 1024;

/** Bytes encrypted and written at a time. */
const CHUNK = 256 * 1024;

export type NewImport = {
  id: string;
  operationId: string;
  /** the team's name of the file; it must not name anybody */
  fileName: string | null;
  /** YYYY-MM-DD */
  referenceDate: string;
  /** the overrides of a person for the file */
  given?: Override;
  /** the partner of the list: the meaning of its headings is remembered for it */
  partnerId?: string;
  /** the import whose rejected rows this file corrects */
  continues?: string;
  createdBy: string;
};

/** Opens an import; idempotent by id. */
export async function createImport(pool: Pool, keyring: Keyring, made: NewImport): Promise<void> {
  await transaction(pool, async (client) => {
    await client.query(
      `insert into imports (id, operation_id, file_name, reference_date, partner_id, continues, created_by)
       values ($1, $2, $3, $4, $5, $6, $7) on conflict (id) do nothing`,
      [
        made.id,
        made.operationId,
        made.fileName,
        made.referenceDate,
        made.partnerId ?? null,
        made.continues ?? null,
        made.createdBy,
      ],
    );
    await makeImportKey(client, keyring, made.id);
    await writeReading(client, keyring, {
      importId: made.id,
      round: 1,
      given: made.given ?? {},
      overriddenBy: made.createdBy,
    });
  });
}

export type Upload = {
  importId: string;
  source: AsyncIterable<Uint8Array>;
  /** bytes; a larger list is refused as a whole */
  limit?: number;
  /** the announced size (Content-Length), to detect a truncated upload */
  expectedBytes?: number;
  check: Start;
};

export type UploadOutcome = { outcome: 'uploaded'; bytes: number } | { outcome: 'refused'; refusal: Refusal };

/**
 * Stores a list as it streams, chunk by chunk, and orders its check. A list that is empty, above the limit, or truncated
 * is refused, and nothing of it is stored. Idempotent by id; one attempt at a time.
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
      await pool.query('insert into import_chunks (import_id, number, encrypted) values ($1, $2, $3)', [
        importId,
        number,
        encryptBytes(key, encryptedIn(importId, `chunk ${number}`, kekId), chunk),
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
    await orderRun(client, importId, 'check', upload.check);
  });
  return { outcome: 'uploaded', bytes };
}

/**
 * The outcome of an earlier attempt under this id, if it has one. The chunks of an interrupted attempt are removed, so
 * that this one starts again.
 */
async function earlierUpload(pool: Pool, importId: string): Promise<UploadOutcome | undefined> {
  return transaction(pool, async (client) => {
    const { rows } = await client.query<{ status: string; bytes: number; refusal: unknown }>(
      'select status, bytes, refusal from imports where id = $1 for update',
      [importId],
    );
    const found = rows[0];
    if (found === undefined) throw new Error(`There is no import ${importId}`);
    if (found.status === 'uploading') {
      await client.query('delete from import_chunks where import_id = $1', [importId]);
      return undefined;
    }
    const refusal = STORED_REFUSAL.read(found.refusal);
    return found.status === 'refused' && refusal !== null
      ? { outcome: 'refused', refusal }
      : { outcome: 'uploaded', bytes: found.bytes };
  });
}

const CUT: Refusal = {
  code: 'cut_off',
  detail: 'The file did not arrive completely.',
  hint: 'Send the whole file again; nobody in it was registered.',
};

function tooLarge(limit: number): Refusal {
  return {
    code: 'too_large',
    detail: `The file is larger than ${limit} bytes, so it may not be whole.`,
    hint: 'Split it, with whole households together; nobody in it was registered.',
  };
}

/** Whether the sender went away; otherwise the database or this program failed. */
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

export type ReprocessOutcome =
  | { outcome: 'ordered'; start: Start }
  | { outcome: 'unknown' | 'busy' | 'registered' | 'joined' | 'not_kept' };

/**
 * A person overrides how the list is read, on top of earlier overrides, and the list is checked again. The meaning of
 * headings is remembered for the next lists of its source. It is refused once anybody of the list is registered.
 */
export async function reprocess(
  pool: Pool,
  keyring: Keyring,
  reading: { importId: string; given: Override; overriddenBy: string; check: StartOf },
): Promise<ReprocessOutcome> {
  const { importId, given, overriddenBy } = reading;
  return transaction(pool, async (client) => {
    const { rows } = await client.query<{
      status: string;
      round: number;
      joined: boolean;
      kept: boolean;
      registered: boolean;
    }>(
      `select status, round, joined is not null as joined,
              exists (select from import_keys k where k.import_id = i.id) as kept,
              exists (select from import_rows r where r.import_id = i.id and r.person_id is not null) as registered
         from imports i where id = $1 for update of i`,
      [importId],
    );
    const found = rows[0];
    if (found === undefined) return { outcome: 'unknown' };
    if (found.joined) return { outcome: 'joined' };
    if (found.registered) return { outcome: 'registered' };
    if (!found.kept) return { outcome: 'not_kept' };
    if (found.status !== 'checked' && found.status !== 'refused') return { outcome: 'busy' };
    const all = mergedOverride(await latestReading(client, keyring, importId), given);
    await writeReading(client, keyring, { importId, round: found.round + 1, given: all, overriddenBy });
    await rememberHeadings(client, keyring, importId, given.columns ?? [], overriddenBy);
    return { outcome: 'ordered', start: await checkAgain(client, importId, reading.check) };
  });
}

export type CommitOutcome =
  | { outcome: 'started'; start: Start }
  | { outcome: 'not_checked' | 'nobody_acceptable' | 'registration_closed' | 'corrects_another' | 'unknown' };

/** A person commits the list after the dry run. Idempotent. */
export async function startCommit(pool: Pool, importId: string, startOf: StartOf): Promise<CommitOutcome> {
  return transaction(pool, async (client) => {
    const { rows } = await client.query<{
      status: string;
      round: number;
      continues: string | null;
      open: boolean;
      acceptable: number;
    }>(
      `select i.status, i.round, i.continues, o.registration_open as open,
              (select count(*)::int from import_rows r
                where r.import_id = i.id and r.verdict <> 'reject' and r.person_id is null) as acceptable
         from imports i join operations o on o.id = i.operation_id where i.id = $1 for update of i`,
      [importId],
    );
    const found = rows[0];
    if (found === undefined) return { outcome: 'unknown' };
    if (found.continues !== null) return { outcome: 'corrects_another' };
    const start = startOf(importId, found.round);
    if (['committing', 'starting', 'done'].includes(found.status)) return { outcome: 'started', start };
    if (found.status !== 'checked') return { outcome: 'not_checked' };
    if (!found.open) return { outcome: 'registration_closed' };
    if (found.acceptable === 0) return { outcome: 'nobody_acceptable' };
    await client.query(
      `update imports set status = 'committing', started_at = now(), finished_at = null, total = $2, done = 0, cursor = 0 where id = $1`,
      [importId, found.acceptable],
    );
    await orderRun(client, importId, 'commit', start);
    return { outcome: 'started', start };
  });
}

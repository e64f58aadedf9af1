import { mergedOverride, type Override } from '../../domain/imports/file.ts';
import type { Refusal } from '../../domain/imports/importRecord.ts';
import { referenceDateOf } from '../../domain/registration.ts';
import type { Instant } from '../../domain/time.ts';
import { importRun } from '../../workflows/messages.ts';
import type { ImportTransaction, Start, Transactions } from './record.ts';

/** A larger list is refused as a whole: it may be truncated, and half a list is never imported. */
export const UPLOAD_LIMIT = 50 * 1024 * 1024;

/** Bytes encrypted and written at a time. */
const CHUNK = 256 * 1024;

export type NewList = {
  id: string;
  operationId: string;
  /** the team's name of the file; it must not name anybody */
  fileName: string | null;
  /** YYYY-MM-DD, the day on which ages are reckoned; by default the operation's own day */
  referenceDate?: string | undefined;
  /** the overrides of a person for the file */
  given?: Override;
  /** the partner of the list: the meaning of its headings is remembered for it */
  partnerId?: string | undefined;
  /** the import whose rejected rows this file corrects */
  continues?: string | undefined;
  createdBy: string;
};

export type UploadPorts = Transactions & {
  /** Idempotent by id. */
  create(list: NewList & { referenceDate: string }): Promise<void>;
  /** Writes the chunks of the file, encrypted, numbered from 0. */
  chunkWriter(importId: string): Promise<(number: number, bytes: Uint8Array) => Promise<void>>;
  /** operation time */
  now(operationId: string): Promise<Instant>;
  partnerExists(partnerId: string): Promise<boolean>;
  /** undefined for an unknown import */
  listOf(importId: string): Promise<{ operationId: string; continues: string | null } | undefined>;
};

export type Body = {
  source: AsyncIterable<Uint8Array>;
  /** the announced size (Content-Length), to detect a truncated upload */
  expectedBytes?: number | undefined;
  /** bytes; a larger list is refused as a whole */
  limit?: number;
};

export type UploadOutcome =
  | { outcome: 'uploaded'; bytes: number; check: Start }
  | { outcome: 'refused'; refusal: Refusal }
  | { outcome: 'unknown'; faults: Array<'partner_unknown' | 'list_unknown' | 'corrects_another'> };

/**
 * Stores a list as it streams, chunk by chunk, and orders its check. A list that is empty, above the limit, or truncated
 * is refused, and nothing of it is stored. Idempotent by id; one attempt at a time.
 */
export const uploadList =
  (ports: UploadPorts) =>
  async (list: NewList, { source, expectedBytes, limit = UPLOAD_LIMIT }: Body): Promise<UploadOutcome> => {
    const faults = await faultsOf(ports, list);
    if (faults.length > 0) return { outcome: 'unknown', faults };
    const referenceDate = list.referenceDate ?? referenceDateOf(await ports.now(list.operationId));
    await ports.create({ ...list, referenceDate });
    const check = importRun(list.id, 'check');
    const before = await earlierUpload(ports, list.id, check);
    if (before !== undefined) return before;
    const refused = async (refusal: Refusal): Promise<UploadOutcome> => {
      await ports.transaction((tx) => tx.refuse(list.id, refusal));
      return { outcome: 'refused', refusal };
    };
    if (expectedBytes !== undefined && expectedBytes > limit) return refused(tooLarge(limit));
    const write = await ports.chunkWriter(list.id);
    let bytes = 0;
    let number = 0;
    try {
      for await (const chunk of inChunks(source)) {
        bytes += chunk.byteLength;
        if (bytes > limit) return await refused(tooLarge(limit));
        await write(number++, chunk);
      }
    } catch (error) {
      if (!brokeOff(error)) throw error;
      return refused(CUT);
    }
    if (expectedBytes !== undefined && bytes !== expectedBytes) return refused(CUT);
    if (bytes === 0) return refused({ code: 'empty', detail: 'The file is empty.', hint: 'Choose the file again.' });
    await ports.transaction(async (tx) => {
      await tx.uploaded(list.id, bytes);
      await tx.order(list.id, 'check', check);
    });
    return { outcome: 'uploaded', bytes, check };
  };

/** The partner must be registered, and the list that is continued be one of this operation. */
async function faultsOf(ports: UploadPorts, { operationId, partnerId, continues }: NewList) {
  const faults: Extract<UploadOutcome, { outcome: 'unknown' }>['faults'] = [];
  if (partnerId !== undefined && !(await ports.partnerExists(partnerId))) faults.push('partner_unknown');
  const list = continues === undefined ? undefined : await ports.listOf(continues);
  if (continues !== undefined && list?.operationId !== operationId) faults.push('list_unknown');
  else if (list !== undefined && list.continues !== null) faults.push('corrects_another');
  return faults;
}

/**
 * The outcome of an earlier attempt under this id, if it has one. The chunks of an interrupted attempt are removed, so
 * that this one starts again.
 */
function earlierUpload(ports: UploadPorts, importId: string, check: Start): Promise<UploadOutcome | undefined> {
  return ports.transaction(async (tx) => {
    const found = (await tx.lock(importId)).get(importId);
    if (found === undefined) throw new Error(`There is no import ${importId}`);
    const { status, refusal, bytes } = found;
    if (status === 'uploading') {
      await tx.dropUpload(importId);
      return undefined;
    }
    return status === 'refused' && refusal !== null
      ? { outcome: 'refused', refusal }
      : { outcome: 'uploaded', bytes, check };
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
export const reprocess =
  ({ transaction }: Transactions) =>
  (importId: string, given: Override, overriddenBy: string): Promise<ReprocessOutcome> =>
    transaction(async (tx) => {
      const found = (await tx.lock(importId)).get(importId);
      if (found === undefined) return { outcome: 'unknown' };
      if (found.joined) return { outcome: 'joined' };
      if (await tx.hasRegistered(importId)) return { outcome: 'registered' };
      if (!(await tx.isStored(importId))) return { outcome: 'not_kept' };
      if (found.status !== 'checked' && found.status !== 'refused') return { outcome: 'busy' };
      const all = mergedOverride(await tx.overrides(importId), given);
      await tx.writeOverride(importId, { round: found.round + 1, given: all, overriddenBy });
      await tx.rememberHeadings(importId, given.columns ?? [], overriddenBy);
      return { outcome: 'ordered', start: await checkAgain(tx, importId) };
    });

/** Orders another check of a list from the beginning. @returns the run that does it */
export async function checkAgain(tx: ImportTransaction, importId: string): Promise<Start> {
  const start = importRun(importId, 'check', await tx.restart(importId));
  await tx.order(importId, 'check', start);
  return start;
}

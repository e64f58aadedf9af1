import type { Refusal } from '../../../domain/imports/importRecord.ts';
import { encryptFields, type Keyring } from '../../crypto/envelope.ts';
import type { Queryable } from '../database.ts';
import { encryptedIn, importKey } from './keys.ts';

/** What was detected about a file may quote it, so it is encrypted with it. */
export async function encryptFound(
  client: Queryable,
  keyring: Keyring,
  importId: string,
  found: object,
): Promise<Buffer> {
  const { key, kekId } = await importKey(client, keyring, importId);
  return encryptFields(key, encryptedIn(importId, 'found', kekId), found);
}

/** Of a refused list only the refusal is stored. */
export async function refuseImport(client: Queryable, importId: string, refusal: Refusal): Promise<void> {
  await client.query(
    `update imports set status = 'refused', refusal = $2, finished_at = now() where id = $1 and status in ('uploading', 'uploaded', 'checking')`,
    [importId, JSON.stringify(refusal)],
  );
  await removeRows(client, importId);
  await client.query('delete from import_chunks where import_id = $1', [importId]);
  await client.query('delete from import_keys where import_id = $1', [importId]);
}

async function removeRows(client: Queryable, importId: string): Promise<void> {
  await client.query('delete from import_rows where import_id = $1 and person_id is null', [importId]);
  await client.query('delete from import_cells where import_id = $1', [importId]);
}

/** The file stays, with what was detected, until somebody overrides how it is read. */
export async function refuseForNow(
  client: Queryable,
  keyring: Keyring,
  importId: string,
  refusal: Refusal,
  found: unknown,
): Promise<void> {
  await removeRows(client, importId);
  await client.query(
    `update imports set status = 'refused', refusal = $2, finished_at = now(), encrypted_found = $3 where id = $1 and status = 'checking'`,
    [
      importId,
      JSON.stringify(refusal),
      found === undefined ? null : await encryptFound(client, keyring, importId, { found, dateOrders: {} }),
    ],
  );
}

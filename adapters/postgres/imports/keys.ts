import { type EncryptionContext, type Keyring, newDataKey, unwrapKey, wrapKey } from '../../crypto/envelope.ts';
import type { Queryable } from '../database.ts';

/** An import's own key, unwrapped. Without its row, the file and the rows of the list are unreadable. */
export type ImportKey = { key: Buffer; kekId: string };

export async function makeImportKey(client: Queryable, keyring: Keyring, importId: string): Promise<void> {
  const { kekId, wrapped } = wrapKey(keyring, importId, newDataKey());
  await client.query(
    'insert into import_keys (import_id, kek_id, wrapped_key) values ($1, $2, $3) on conflict (import_id) do nothing',
    [importId, kekId, wrapped],
  );
}

/** @throws Error if the key is deleted: the raw list is removed after 30 days */
export async function importKey(db: Queryable, keyring: Keyring, importId: string): Promise<ImportKey> {
  const { rows } = await db.query<{ kek_id: string; wrapped_key: Buffer }>(
    'select kek_id, wrapped_key from import_keys where import_id = $1',
    [importId],
  );
  const row = rows[0];
  if (row === undefined) throw new Error(`The raw list of ${importId} has been removed`);
  return { key: unwrapKey(keyring, importId, { kekId: row.kek_id, wrapped: row.wrapped_key }), kekId: row.kek_id };
}

/** The context that the encrypted bytes of an import are bound to. */
export function encryptedIn(importId: string, fieldSet: string, keyId: string): EncryptionContext {
  return { subject: importId, fieldSet, keyId };
}

import {
  encryptBytes,
  encryptFields,
  type Keyring,
  newDataKey,
  openBytes,
  openFields,
  unwrapKey,
  wrapKey,
} from '../../crypto/envelope.ts';
import type { Db } from '../database.ts';

/** An import's own key, unwrapped. Without its row, the file and the rows of the list are unreadable. */
export type ImportKey = {
  /** `fieldSet` names what is encrypted, and is needed to open it */
  encrypt(fieldSet: string, value: object): Buffer;
  open(fieldSet: string, encrypted: Buffer): unknown;
  encryptBytes(fieldSet: string, bytes: Uint8Array): Buffer;
  openBytes(fieldSet: string, encrypted: Buffer): Buffer;
};

export async function makeImportKey(db: Db, keyring: Keyring, importId: string): Promise<void> {
  const { kekId, wrapped: wrappedKey } = wrapKey(keyring, importId, newDataKey());
  await db
    .insertInto('importKeys')
    .values({ importId, kekId, wrappedKey })
    .onConflict((oc) => oc.column('importId').doNothing())
    .execute();
}

/** undefined once the raw list is removed: after 30 days, and at once if it is refused for good */
export async function storedKey(db: Db, keyring: Keyring, importId: string): Promise<ImportKey | undefined> {
  const row = await db
    .selectFrom('importKeys')
    .select(['kekId', 'wrappedKey as wrapped'])
    .where('importId', '=', importId)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const key = unwrapKey(keyring, importId, row);
  // the encrypted bytes are bound to it
  const within = (fieldSet: string) => ({ subject: importId, fieldSet, keyId: row.kekId });
  return {
    encrypt: (fieldSet, value) => encryptFields(key, within(fieldSet), value),
    open: (fieldSet, encrypted) => openFields(key, within(fieldSet), encrypted),
    encryptBytes: (fieldSet, bytes) => encryptBytes(key, within(fieldSet), bytes),
    openBytes: (fieldSet, encrypted) => openBytes(key, within(fieldSet), encrypted),
  };
}

/** @throws Error if the raw list is removed */
export async function importKey(db: Db, keyring: Keyring, importId: string): Promise<ImportKey> {
  const key = await storedKey(db, keyring, importId);
  if (key === undefined) throw new Error(`The raw list of ${importId} has been removed`);
  return key;
}

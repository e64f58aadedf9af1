import type { Pool } from 'pg';
import { STORED_NOTE, storedNote } from '../../../domain/personData.ts';
import { encryptFields, type Keyring, openFields, systemEncrypter, unwrapKey } from '../../crypto/envelope.ts';

export type NewNote = {
  id: string;
  /** the journey, movement or operation of the note */
  subject: string;
  /** whose key encrypts it: erasing the person erases it */
  personId?: string;
  author: string;
  /** for protection roles alone */
  restricted: boolean;
  text: string;
};

const FIELD_SET = 'note';

/** Free text, encrypted at once; only its id is passed on. */
export function createNotes(pool: Pool, keyring: Keyring) {
  const encrypter = systemEncrypter(keyring);

  return {
    /** Idempotent by id. @throws Error if the person was erased */
    async write(note: NewNote): Promise<void> {
      const { keyId, encrypted } =
        note.personId === undefined
          ? encrypter.encrypt(`note ${note.id}`, note.text)
          : await encryptForPerson(note.id, note.personId, note.text);
      await pool.query(
        'insert into notes (id, subject, person_id, author, restricted, encrypted, key_id) values ($1, $2, $3, $4, $5, $6, $7) on conflict (id) do nothing',
        [note.id, note.subject, note.personId ?? null, note.author, note.restricted, encrypted, keyId],
      );
    },

    /**
     * Texts by id, without those that the caller may not read and those of erased people. The caller writes the access
     * log first.
     */
    async read(ids: readonly string[], { restricted }: { restricted: boolean }): Promise<Map<string, string>> {
      if (ids.length === 0) return new Map();
      const { rows } = await pool.query<{
        id: string;
        person_id: string | null;
        encrypted: Buffer;
        key_id: string;
        kek_id: string | null;
        wrapped_key: Buffer | null;
      }>(
        `select n.id, n.person_id, n.encrypted, n.key_id, k.kek_id, k.wrapped_key
           from notes n left join person_keys k on k.person_id = n.person_id where n.id = any($1) and (not n.restricted or $2)`,
        [ids, restricted],
      );
      const texts = new Map<string, string>();
      for (const row of rows) {
        if (row.person_id === null) texts.set(row.id, encrypter.open(`note ${row.id}`, row.key_id, row.encrypted));
        else if (row.kek_id !== null && row.wrapped_key !== null) {
          const key = unwrapKey(keyring, row.person_id, { kekId: row.kek_id, wrapped: row.wrapped_key });
          const place = { subject: row.person_id, fieldSet: `${FIELD_SET} ${row.id}`, keyId: row.key_id };
          texts.set(row.id, STORED_NOTE.read(openFields(key, place, row.encrypted)).text);
        }
      }
      return texts;
    },
  };

  async function encryptForPerson(
    noteId: string,
    personId: string,
    text: string,
  ): Promise<{ keyId: string; encrypted: Buffer }> {
    const { rows } = await pool.query<{ kek_id: string; wrapped_key: Buffer }>(
      'select kek_id, wrapped_key from person_keys where person_id = $1',
      [personId],
    );
    const row = rows[0];
    if (!row) throw new Error(`${personId} has no key: the person was erased`);
    const key = unwrapKey(keyring, personId, { kekId: row.kek_id, wrapped: row.wrapped_key });
    return {
      keyId: row.kek_id,
      encrypted: encryptFields(
        key,
        { subject: personId, fieldSet: `${FIELD_SET} ${noteId}`, keyId: row.kek_id },
        storedNote(text),
      ),
    };
  }
}

export type Notes = ReturnType<typeof createNotes>;

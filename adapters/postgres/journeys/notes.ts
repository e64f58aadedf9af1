import { sql } from 'kysely';
import type { NewNote, Notes } from '../../../application/journeys/reads.ts';
import { STORED_NOTE, storedNote } from '../../../domain/personData.ts';
import { type Keyring, systemEncrypter } from '../../crypto/envelope.ts';
import { encryptFieldSet, openFieldSet } from '../../crypto/people.ts';
import { anyOf, type Db } from '../database.ts';
import { keyOfPerson } from '../people/personData.ts';

const fieldSet = (noteId: string) => `note ${noteId}`;

export function notesOn(db: Db, keyring: Keyring): Notes {
  const system = systemEncrypter(keyring);

  async function encrypt({ id, personId, text }: NewNote): Promise<{ keyId: string; encrypted: Buffer }> {
    if (personId === undefined) return system.encrypt(fieldSet(id), text);
    const key = await keyOfPerson(db, personId);
    if (!key) throw new Error(`${personId} has no key: the person was erased`);
    return { keyId: key.kekId, encrypted: encryptFieldSet(keyring, key, fieldSet(id), storedNote(text)) };
  }

  return {
    async write(note) {
      const { id, subject, personId = null, author, restricted } = note;
      await db
        .insertInto('notes')
        .values({ id, subject, personId, author, restricted, ...(await encrypt(note)) })
        .onConflict((conflict) => conflict.column('id').doNothing())
        .execute();
    },

    async read(ids, { restricted }) {
      if (ids.length === 0) return new Map();
      const rows = await db
        .selectFrom('notes as n')
        .leftJoin('personKeys as k', 'k.personId', 'n.personId')
        .select(['n.id', 'n.personId', 'n.encrypted', 'n.keyId', 'k.kekId', 'k.wrappedKey'])
        .where('n.id', '=', anyOf(ids))
        .where((eb) => eb.or([eb('n.restricted', '=', false), sql<boolean>`${restricted}::boolean`]))
        .execute();
      const texts = new Map<string, string>();
      for (const { id, personId, kekId, wrappedKey, ...note } of rows) {
        if (personId === null) texts.set(id, system.open(fieldSet(id), note.keyId, note.encrypted));
        else if (kekId !== null && wrappedKey !== null)
          texts.set(
            id,
            openFieldSet(keyring, { personId, kekId, wrappedKey, ...note }, fieldSet(id), STORED_NOTE).text,
          );
      }
      return texts;
    },
  };
}

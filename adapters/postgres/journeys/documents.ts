import { type Instant, iso } from '../../../domain/time.ts';
import type { Db } from '../database.ts';
import type { NewDocument } from '../generated/kysely/tables.ts';

/** A document that a person showed, or that a partner has issued. */
type KeptDocument = Omit<NewDocument, 'validUntil' | 'at' | 'status'> & {
  status: 'held' | 'issued';
  validUntil: Instant;
  at: Instant;
};

/** Its number, if we have it, is stored with the person, encrypted. Idempotent. */
export async function writeDocument(db: Db, document: KeptDocument): Promise<void> {
  await db
    .insertInto('documents')
    .values({ ...document, validUntil: iso(document.validUntil), at: iso(document.at) })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
}

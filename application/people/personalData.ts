import { type AccessPurpose, type FieldGroup, fieldsFor } from '../../domain/access.ts';
import type { Role } from '../../domain/actor.ts';
import type { PersonCore } from '../../domain/personData.ts';
import type { Instant } from '../../domain/time.ts';
import { newId } from '../ids.ts';

/**
 * The keys to find people. Every key is an HMAC under a key from outside the database, so that the table discloses no
 * name; equal tokens have equal keys.
 * `name`, `document`, `phone` and `person_ref` serve searches. `born`, `whole` and `tel` (with `document`) are stored
 * when the person is compared, and find possible duplicates.
 */
export type SearchKey = {
  kind: 'name' | 'document' | 'phone' | 'person_ref' | 'born' | 'whole' | 'tel';
  key: string;
  /** the exact spelling of a name token; `SEVERAL` if tokens share the key */
  seen?: number;
};

/** Matches every spelling of the phonetic key. */
export const SEVERAL = 0;

/** An entry of the access log: data of a person that was disclosed to a member of staff. */
export type Access = {
  id: string;
  personId: string;
  journeyId: string | null;
  principal: string;
  purpose: AccessPurpose;
  fields: readonly string[];
  at: Instant;
};

/** Identifying data: decrypted for those who may read it, found by keyed hashes. */
export type PersonalData = {
  /** Without erased people. Whoever discloses the data writes the access log first. */
  cores(personIds: readonly string[]): Promise<Map<string, PersonCore>>;
  searchKeys(text: string): SearchKey[];
  /** Writes the access log. */
  shown(entries: readonly Access[]): Promise<void>;
};

/** Who reads, under which roles, why, and when in operation time. */
export type Reader = { principal: string; roles: readonly Role[]; purpose: AccessPurpose; at: Instant };

/**
 * Decrypts identifying data for a reader; the access log is written first. A reader whose roles read none of the wanted
 * groups gets nothing and leaves no entry.
 * @param seen each person, and the journey by which the reader came to them
 */
export async function disclose(
  personal: Pick<PersonalData, 'cores' | 'shown'>,
  seen: ReadonlyArray<{ personId: string; journeyId: string }>,
  wanted: readonly FieldGroup[],
  { roles, ...reader }: Reader,
): Promise<{ groups: FieldGroup[]; cores: Map<string, PersonCore> }> {
  const groups = fieldsFor(roles).filter((group) => wanted.includes(group));
  if (groups.length === 0 || seen.length === 0) return { groups, cores: new Map() };
  await personal.shown(
    seen.map(({ personId, journeyId }) => ({
      id: newId('disclosure'),
      personId,
      journeyId,
      fields: groups,
      ...reader,
    })),
  );
  return { groups, cores: await personal.cores(seen.map(({ personId }) => personId)) };
}

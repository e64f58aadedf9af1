import type { FastifyRequest } from 'fastify';
import type { LinkedPerson } from '../application/duplicates/pairs.ts';
import { disclose } from '../application/people/personalData.ts';
import type { PersonJourney } from '../application/people/reads.ts';
import { type AccessPurpose, CARE_FLAGS, decide, type FieldGroup } from '../domain/access.ts';
import type { Role } from '../domain/actor.ts';
import { disclosedFields, type PersonCore } from '../domain/personData.ts';
import { type Instant, iso } from '../domain/time.ts';
import { principalOfRequest } from './plugins/authentication.ts';
import type { ApiPorts } from './ports.ts';

/** Who is read: a person and the journey by which the caller came to them. */
export type Seen = { personId: string; journeyId: string };

/** Identifying data for the caller; the access log is written first. */
export const show = (
  { personal }: Pick<ApiPorts, 'personal'>,
  request: FastifyRequest,
  seen: readonly Seen[],
  { groups, ...reader }: { roles: readonly Role[]; groups: readonly FieldGroup[]; purpose: AccessPurpose; at: Instant },
) => disclose(personal, seen, groups, { ...reader, principal: principalOfRequest(request).sub });

/** A person in an operation, with the status of the journey. Nothing here is encrypted. */
export function journeyOut(journey: PersonJourney) {
  return {
    id: journey.personId,
    operation_id: journey.operationId,
    journey_id: journey.journeyId,
    household_id: journey.householdId,
    household_reference: journey.reference,
    relationship: journey.relationship,
    is_head: journey.isHead,
    nationality: journey.nationality,
    sex: journey.sex,
    traveller: journey.traveller,
    registered_at: iso(journey.registeredAt),
    status: journey.status,
  };
}

/** The decrypted data in the form of the API, no more than these groups; empty for an erased person. */
export const coreOut = (core: PersonCore | undefined, groups: readonly FieldGroup[]) =>
  core ? disclosedFields(core, groups) : {};

/** Flags of registration: needs for care to those who serve them, everything else to protection alone. */
export function flagsOut(flags: readonly string[], groups: readonly FieldGroup[]) {
  return {
    ...(groups.includes('care') ? { care: flags.filter((flag) => CARE_FLAGS.includes(flag)) } : {}),
    ...(groups.includes('protection') ? { protection: flags.filter((flag) => !CARE_FLAGS.includes(flag)) } : {}),
  };
}

/** Whom a person was found to be the same as; of people in operations that the caller does not read, only that they exist. */
export function linksShown(request: FastifyRequest, links: readonly LinkedPerson[] = []) {
  const principal = principalOfRequest(request);
  return links.map(({ personId, operationId, goesOn }) =>
    decide(principal, 'person.read', operationId) === 'allowed'
      ? { known_elsewhere: false as const, id: personId, goes_on: goesOn }
      : { known_elsewhere: true as const },
  );
}

import type { FastifyRequest } from 'fastify';
import type { PersonJourney } from '../adapters/postgres/reads/people.ts';
import { type AccessPurpose, CARE_FLAGS, type FieldGroup, fieldsFor } from '../domain/access.ts';
import type { Role } from '../domain/actor.ts';
import type { PersonCore } from '../domain/personData.ts';
import { type Instant, iso } from '../domain/time.ts';
import { principalOfRequest } from './plugins/authentication.ts';
import type { ApiPorts } from './ports.ts';

/** Who is looked at: a person and the journey by which the caller came to them. */
export type Seen = { personId: string; journeyId: string };

/**
 * Opens identifying data for the caller: the ledger is written first, then the encrypt is broken. Whose roles show
 * nothing of it gets nothing and leaves no row.
 * @param groups which of the groups are wanted; those the roles may not see are left out
 */
export async function show(
  ports: ApiPorts,
  request: FastifyRequest,
  seen: readonly Seen[],
  {
    roles,
    groups,
    purpose,
    at,
  }: { roles: readonly Role[]; groups: readonly FieldGroup[]; purpose: AccessPurpose; at: Instant },
): Promise<{ groups: FieldGroup[]; cores: Map<string, PersonCore> }> {
  const granted = fieldsFor(roles).filter((group) => groups.includes(group));
  if (granted.length === 0 || seen.length === 0) return { groups: granted, cores: new Map() };
  const { sub } = principalOfRequest(request);
  await ports.personal.shown(
    seen.map(({ personId, journeyId }) => ({
      id: ports.ids.fresh('disclosure'),
      personId,
      journeyId,
      principal: sub,
      purpose,
      fields: granted,
      at,
    })),
  );
  return { groups: granted, cores: await ports.personal.cores(seen.map(({ personId }) => personId)) };
}

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

/** The opened data in the words of the API, no more than was granted. */
export function coreOut(core: PersonCore | undefined, groups: readonly FieldGroup[]) {
  if (!core) return {};
  return {
    ...(groups.includes('names')
      ? { names: { given: core.givenNames, family: core.familyName }, reference: core.personRef }
      : {}),
    ...(groups.includes('birth') ? { birth_date: core.birthDate } : {}),
    ...(groups.includes('phone') ? { phone: core.phone, destination: core.destination } : {}),
    ...(groups.includes('language') ? { language: core.preferredLanguage } : {}),
    ...(groups.includes('document')
      ? { identity_document: { type: core.documentType, number: core.documentNumber } }
      : {}),
  };
}

/** Flags of registration: needs for care to those who serve them, everything else to protection alone. */
export function flagsOut(flags: readonly string[], groups: readonly FieldGroup[]) {
  return {
    ...(groups.includes('care') ? { care: flags.filter((flag) => CARE_FLAGS.includes(flag)) } : {}),
    ...(groups.includes('protection') ? { protection: flags.filter((flag) => !CARE_FLAGS.includes(flag)) } : {}),
  };
}

import type { FastifyRequest } from 'fastify';
import type { Pair } from '../application/duplicates/pairs.ts';
import type { PersonJourney } from '../application/people/reads.ts';
import { decide, FIELD_GROUPS, type FieldGroup, rolesIn } from '../domain/access.ts';
import type { PersonCore } from '../domain/personData.ts';
import { coreOut, flagsOut, journeyOut, show } from './disclosed.ts';
import { principalOfRequest } from './plugins/authentication.ts';
import type { ApiPorts } from './ports.ts';
import { COMPARED_FIELDS, type ComparedField, type PersonHere } from './schemas/duplicates.ts';

export type Side = PersonHere | { known_elsewhere: true };

/** Whether the caller may see the people of this operation as duplicate candidates. */
export function seesPairsOf(request: FastifyRequest, operationId: string): boolean {
  return decide(principalOfRequest(request), 'pair.read', operationId) === 'allowed';
}

/** Whether the caller may decide about both people: whoever sees one side alone has nothing to decide by. */
export function decidesBoth(request: FastifyRequest, pair: Pair): boolean {
  return pair.people.every(
    ({ operationId }) => decide(principalOfRequest(request), 'pair.decide', operationId) === 'allowed',
  );
}

/**
 * The two side by side, each with what the caller's roles in their operation may see; the looks are in the ledger. Who
 * is known in another operation alone is not opened at all.
 */
export async function sidesOf(
  ports: ApiPorts,
  request: FastifyRequest,
  pair: Pair,
): Promise<{ sides: Side[]; mayReadNotes: boolean }> {
  const sides: Side[] = [];
  // what was noted may tell of both
  let mayReadNotes = true;
  for (const { personId, journeyId, operationId } of pair.people) {
    const journey = seesPairsOf(request, operationId) ? await ports.people.journey(journeyId) : undefined;
    if (journey === undefined) {
      sides.push({ known_elsewhere: true });
      mayReadNotes = false;
      continue;
    }
    const { groups, cores } = await show(ports, request, [{ personId, journeyId }], {
      roles: rolesIn(principalOfRequest(request), operationId),
      groups: FIELD_GROUPS,
      purpose: 'duplicate',
      at: await ports.operations.now(operationId, ports.clock()),
    });
    mayReadNotes &&= groups.includes('notes');
    sides.push(sideOf(journey, cores.get(personId), groups));
  }
  return { sides, mayReadNotes };
}

function sideOf(journey: PersonJourney, core: PersonCore | undefined, groups: readonly FieldGroup[]): PersonHere {
  return {
    known_elsewhere: false,
    ...journeyOut(journey),
    ending: journey.ending,
    on_hold: journey.openHolds > 0,
    ...coreOut(core, groups),
    ...flagsOut(journey.protection, groups),
  };
}

/** Fields that help to decide whether two sides are one person. The status of a journey does not. */
const COMPARED = {
  given_names: (side) => side.names?.given,
  family_name: (side) => side.names?.family,
  sex: (side) => side.sex,
  birth_date: (side) => side.birth_date,
  nationality: (side) => side.nationality,
  identity_document: (side) => side.identity_document && [side.identity_document.type, side.identity_document.number],
  phone: (side) => side.phone,
  language: (side) => side.language,
  destination: (side) => side.destination,
  relationship: (side) => side.relationship,
  household_id: (side) => side.household_id,
  operation_id: (side) => side.operation_id,
} satisfies Record<ComparedField, (side: PersonHere) => unknown>;

/** The fields, of those shown of both, in which the two differ. */
export function differences([one, other]: readonly Side[]): ComparedField[] {
  if (one === undefined || other === undefined || one.known_elsewhere || other.known_elsewhere) return [];
  return COMPARED_FIELDS.filter((field) => {
    const [a, b] = [COMPARED[field](one), COMPARED[field](other)];
    return a !== undefined && b !== undefined && JSON.stringify(a) !== JSON.stringify(b);
  });
}

import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { SearchHit } from '../adapters/postgres/reads/people.ts';
import type { LinkedPerson } from '../application/duplicates/pairs.ts';
import { decide, rolesIn } from '../domain/access.ts';
import { rankByName } from '../domain/duplicates/rankByName.ts';
import { nameIn } from '../domain/duplicates/searchKeys.ts';
import { show } from './disclosed.ts';
import { principalOfRequest } from './plugins/authentication.ts';
import type { ApiPorts } from './ports.ts';
import type { Found } from './schemas/people.ts';

/** Opened to be put in order; only those who are shown are a look. */
const CANDIDATES = 300;
const SHOWN_AT_MOST = 50;
/** Below this too little of the name answers to show a person to somebody who looks for another. */
const ANSWERS_FROM = 0.5;

/**
 * People whose name sounds like the text, in any script, or whose number it is, the best first. Names that answer
 * equally well stay in the order of the index.
 */
export async function searchPeople(
  ports: ApiPorts,
  request: FastifyRequest,
  text: string,
  operations: 'all' | readonly string[],
): Promise<z.output<typeof Found>> {
  const principal = principalOfRequest(request);
  const candidates = await ports.people.search(ports.personal.searchKeys(text), operations, CANDIDATES);
  const ranked = await inOrder(ports, text, candidates);
  const hits = ranked.slice(0, SHOWN_AT_MOST);
  const links = await ports.duplicates.linksOf(hits.map(({ personId }) => personId));
  const names = new Map<string, { given: string; family: string }>();
  for (const [operationId, here] of Map.groupBy(hits, (hit) => hit.operationId)) {
    const { cores } = await show(ports, request, here, {
      roles: rolesIn(principal, operationId),
      groups: ['names'],
      purpose: 'search',
      at: await ports.operations.now(operationId, ports.clock()),
    });
    for (const [personId, core] of cores) names.set(personId, { given: core.givenNames, family: core.familyName });
  }
  return {
    data: hits.map((hit) => {
      const shown = names.get(hit.personId);
      return {
        id: hit.personId,
        operation_id: hit.operationId,
        household_reference: hit.reference,
        status: hit.status,
        match: hit.match,
        same_person_as: linksShown(request, links.get(hit.personId)),
        ...(shown ? { names: shown } : {}),
      };
    }),
    more: candidates.length === CANDIDATES || ranked.length > hits.length,
  };
}

/** Whoever was found by a number first, then by how well the name answers. */
async function inOrder(
  ports: ApiPorts,
  text: string,
  candidates: readonly SearchHit[],
): Promise<Array<SearchHit & { match: number }>> {
  const exact = candidates.filter((hit) => hit.exact).map((hit) => ({ ...hit, match: 1 }));
  const cores = await ports.personal.cores(candidates.map(({ personId }) => personId));
  const named = candidates.flatMap((hit) => {
    const core = cores.get(hit.personId);
    return hit.exact || core === undefined ? [] : [{ hit, ...core }];
  });
  const ranked = rankByName(nameIn(text), named).map(({ person, match }) => ({ ...person.hit, match }));
  return [...exact, ...ranked.filter(({ match }) => match >= ANSWERS_FROM)];
}

/** Whom a person was found to be the same as; of those in operations where the caller may not read people, only that they are. */
export function linksShown(request: FastifyRequest, links: readonly LinkedPerson[] = []) {
  const principal = principalOfRequest(request);
  return links.map(({ personId, operationId, goesOn }) =>
    decide(principal, 'person.read', operationId) === 'allowed'
      ? { known_elsewhere: false as const, id: personId, goes_on: goesOn }
      : { known_elsewhere: true as const },
  );
}

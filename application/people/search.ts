import { type Principal, rolesIn } from '../../domain/access.ts';
import { rankByName } from '../../domain/duplicates/rankByName.ts';
import { nameIn } from '../../domain/duplicates/searchKeys.ts';
import type { PersonCore } from '../../domain/personData.ts';
import type { Instant } from '../../domain/time.ts';
import { disclose, type PersonalData } from './personalData.ts';
import type { People, SearchHit } from './reads.ts';

/** Decrypted to be put in order; only those who are disclosed are in the access log. */
const CANDIDATES = 300;
const SHOWN_AT_MOST = 50;
/** Below this likeness a person is not shown to somebody who searches for another. */
const LEAST_MATCH = 0.5;

export type SearchPorts = {
  people: Pick<People, 'search'>;
  personal: PersonalData;
  /** operation time */
  now(operationId: string): Promise<Instant>;
};

/** `match`: 0 to 1, how well the name answers; 1 for a number. `core`: where the searcher reads names. */
type Found = SearchHit & { match: number; core: PersonCore | undefined };

/**
 * People whose name sounds like the text, in any script, or whose number it is: those found by a number first, then by
 * how well the name answers. Names that answer equally well stay in the order of the index.
 */
export const searchPeople =
  (ports: SearchPorts) =>
  async (
    text: string,
    principal: Principal,
    operations: 'all' | readonly string[],
  ): Promise<{ found: Found[]; more: boolean }> => {
    const { people, personal } = ports;
    const candidates = await people.search(personal.searchKeys(text), operations, CANDIDATES);
    const ranked = inOrder(text, candidates, await personal.cores(candidates.map(({ personId }) => personId)));
    const hits = ranked.slice(0, SHOWN_AT_MOST);
    const disclosed = new Map<string, PersonCore>();
    for (const [operationId, here] of Map.groupBy(hits, (hit) => hit.operationId)) {
      const { cores } = await disclose(personal, here, ['names'], {
        principal: principal.sub,
        roles: rolesIn(principal, operationId),
        purpose: 'search',
        at: await ports.now(operationId),
      });
      for (const [personId, core] of cores) disclosed.set(personId, core);
    }
    return {
      found: hits.map((hit) => ({ ...hit, core: disclosed.get(hit.personId) })),
      more: candidates.length === CANDIDATES || ranked.length > hits.length,
    };
  };

function inOrder(text: string, candidates: readonly SearchHit[], cores: ReadonlyMap<string, PersonCore>) {
  const exact = candidates.filter((hit) => hit.exact).map((hit) => ({ ...hit, match: 1 }));
  const named = candidates.flatMap((hit) => {
    const core = cores.get(hit.personId);
    return hit.exact || core === undefined ? [] : [{ hit, ...core }];
  });
  const ranked = rankByName(nameIn(text), named).map(({ person, match }) => ({ ...person.hit, match }));
  return [...exact, ...ranked.filter(({ match }) => match >= LEAST_MATCH)];
}

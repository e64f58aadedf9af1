import { type FieldGroup, operationsReading, type Principal } from '../../domain/access.ts';
import type { SearchKey } from './personalData.ts';
import type { People, SearchHit } from './reads.ts';

/** Decrypted to be put in order; only those who are disclosed are in the access log. */
const CANDIDATES = 300;

/** The group whose readers find people by a kind of key. Nobody finds anybody by a kind that is not named here. */
const GROUP_OF_KEY: Partial<Record<SearchKey['kind'], FieldGroup>> = {
  name: 'names',
  document: 'document',
  phone: 'phone',
};

/** Each key is looked for only in the operations in which the searcher reads the field; numbers come before names. */
export async function findCandidates(
  people: Pick<People, 'search'>,
  keys: readonly SearchKey[],
  principal: Principal,
  among: 'all' | readonly string[],
): Promise<{ candidates: SearchHit[]; cut: boolean }> {
  const byGroup = Map.groupBy(keys, ({ kind }) => GROUP_OF_KEY[kind]);
  const found = await Promise.all(
    [...byGroup].map(async ([group, some]) => {
      const operations = group === undefined ? [] : inBoth(among, operationsReading(principal, group));
      return operations.length === 0 ? [] : people.search(some, operations, CANDIDATES);
    }),
  );
  const hits = found.flat();
  const exact = new Map(hits.filter((hit) => hit.exact).map((hit) => [hit.personId, hit]));
  const named = hits.filter((hit) => !hit.exact && !exact.has(hit.personId));
  return { candidates: [...exact.values(), ...named], cut: found.some(({ length }) => length === CANDIDATES) };
}

function inBoth(some: 'all' | readonly string[], others: 'all' | readonly string[]): 'all' | readonly string[] {
  if (some === 'all') return others;
  return others === 'all' ? some : some.filter((id) => others.includes(id));
}

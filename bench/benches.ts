import type { Bench } from './bench.ts';

/** Each bench is loaded when it runs: what one needs costs the others nothing. */
const BENCHES: Record<string, () => Promise<Bench>> = {
  B1: async () => (await import('./registration.ts')).registration,
  'B1.accept': async () => (await import('./accept.ts')).accept,
  B2: async () => (await import('./journeys.ts')).journeys,
  B3: async () => (await import('./memory.ts')).memory,
  B7: async () => (await import('./replay.ts')).replay,
  B9: async () => (await import('./coldStart.ts')).coldStart,
  B10: async () => (await import('./lists.ts')).lists,
  B12: async () => (await import('./events.ts')).events,
  B13: async () => (await import('./search.ts')).search,
};

/** The benches of these ids (`B1` with `B1.accept`), all where none is named, in their own order. @throws Error that names what there is */
export async function chosen(ids: readonly string[]): Promise<Bench[]> {
  const strange = ids.filter((id) => !(id in BENCHES));
  if (strange.length > 0)
    throw new Error(`There is no bench ${strange.join(', ')}; there are ${Object.keys(BENCHES).join(', ')}.`);
  return Promise.all(
    Object.entries(BENCHES)
      .filter(([id]) => ids.length === 0 || ids.some((asked) => id === asked || id.startsWith(`${asked}.`)))
      .map(([, load]) => load()),
  );
}

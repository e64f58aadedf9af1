/** A local time, to the minute or finer, and the UTC offset that was written with it. */
export type LocalTime = { local: string; offset?: string };

/** Reads `2027-02-20T10:00+01:00`; `Z` is the offset `+00:00`. The caller has checked the form. */
export function readLocal(text: string): LocalTime {
  const offset = /(?:Z|[+-]\d\d:\d\d)$/.exec(text)?.[0];
  if (offset === undefined) return { local: text };
  return { local: text.slice(0, -offset.length), offset: offset === 'Z' ? '+00:00' : offset };
}

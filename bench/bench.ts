/**
 * The frame of every benchmark: ours and its peer in the same run, one after the other and in turns, as ratios, because
 * machines differ and are noisy. What is compared, and why it is fair, stands at the head of each bench's own file.
 */

/** What a figure must reach: the ratio ours / peer, or our own value in its unit. */
export type Limit = { of: 'ratio' | 'ours' } & ({ atLeast: number } | { atMost: number });

/** One figure of a bench. */
export type RowSpec = {
  id: string;
  /** what is measured, and what the peer is, in a few words */
  says: string;
  unit: string;
  /** left out where the figure has no limit */
  limit?: Limit | undefined;
};

/** Values by row; a row without a peer has none on the peer's side. */
export type Side = Record<string, number>;

export interface Prepared {
  ours(): Promise<Side>;
  /** left out where every row stands alone */
  peer?(): Promise<Side>;
  /** what of the servers was set, for the result */
  flags?: readonly string[];
  /** ends everything that was started; called once, also after a failure */
  close(): Promise<void>;
}

export interface Bench {
  id: string;
  title: string;
  rows: readonly RowSpec[];
  /** exact figures do not vary: one run is enough */
  exact?: true;
  /** @param say takes a line about progress */
  prepare(say: (line: string) => void): Promise<Prepared>;
}

export type Run = { ours: number; peer: number | null; ratio: number | null };

/** One figure, as it is printed and written as JSON. `ratio`, `ours`, `peer`: medians; null where there is no peer. */
export type Row = {
  id: string;
  ratio: number | null;
  ours: number;
  peer: number | null;
  unit: string;
  runs: Run[];
  limit: Limit | null;
  /** by the median; null where there is no limit */
  reached: boolean | null;
};

/** Runs a prepared bench `times` times; who goes first alternates, so that a warm cache or a full disk favours nobody. */
export async function measure(
  { rows }: Pick<Bench, 'rows'>,
  prepared: Pick<Prepared, 'ours' | 'peer'>,
  times: number,
): Promise<Row[]> {
  const runs: Array<{ ours: Side; peer: Side }> = [];
  for (let run = 0; run < times; run += 1) {
    const peerFirst = run % 2 === 0;
    const before = peerFirst ? await prepared.peer?.() : undefined;
    const ours = await prepared.ours();
    const peer = before ?? (await prepared.peer?.()) ?? {};
    runs.push({ ours, peer });
  }
  return rows.map((spec) => rowOf(spec, runs));
}

/** @throws Error where a side did not measure the row */
export function rowOf(spec: RowSpec, sides: ReadonlyArray<{ ours: Side; peer: Side }>): Row {
  const runs = sides.map(({ ours, peer }): Run => {
    const mine = ours[spec.id];
    if (mine === undefined || !Number.isFinite(mine)) throw new Error(`${spec.id}: our side was not measured`);
    const theirs = peer[spec.id] ?? null;
    if (theirs === null && spec.limit?.of === 'ratio') throw new Error(`${spec.id}: the peer was not measured`);
    return { ours: mine, peer: theirs, ratio: theirs === null ? null : mine / theirs };
  });
  const row = {
    id: spec.id,
    ratio: middle(runs.map(({ ratio }) => ratio)),
    ours: median(runs.map(({ ours }) => ours)),
    peer: middle(runs.map(({ peer }) => peer)),
    unit: spec.unit,
    runs,
    limit: spec.limit ?? null,
  };
  return { ...row, reached: spec.limit ? holds(spec.limit, row) : null };
}

function holds(limit: Limit, { ratio, ours }: Pick<Row, 'ratio' | 'ours'>): boolean {
  const value = limit.of === 'ratio' ? ratio : ours;
  if (value === null) return false;
  return 'atLeast' in limit ? value >= limit.atLeast : value <= limit.atMost;
}

function middle(values: ReadonlyArray<number | null>): number | null {
  const known = values.filter((value): value is number => value !== null);
  return known.length === 0 ? null : median(known);
}

/** @throws RangeError of nothing */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value that the share `q` of all lie at or below; between two neighbours in proportion. @throws RangeError of nothing */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  if (low === undefined || high === undefined) throw new RangeError('There is no quantile of nothing');
  return low + (high - low) * (at - Math.floor(at));
}

/** `B1   ours 158.2 starts/s   peer 190.3   ratio 0.831 [0.812–0.853]   ≥ 0.8: reached` */
export function lineOf({ id, ours, peer, unit, runs, ratio, limit, reached }: Row): string {
  const ratios = runs.map((run) => run.ratio).filter((value): value is number => value !== null);
  const own = runs.map((run) => run.ours);
  return [
    id.padEnd(12),
    `ours ${shown(ours)} ${unit}${ratio === null ? spread(own) : ''}`,
    ...(peer === null ? [] : [`peer ${shown(peer)}`]),
    ...(ratio === null ? [] : [`ratio ${shown(ratio)}${spread(ratios)}`]),
    ...(limit === null ? [] : [`${boundOf(limit)}: ${reached ? 'reached' : 'MISSED'}`]),
  ].join('   ');
}

const spread = (values: readonly number[]): string => ` [${shown(Math.min(...values))}–${shown(Math.max(...values))}]`;

function boundOf(limit: Limit): string {
  const bound = 'atLeast' in limit ? `≥ ${limit.atLeast}` : `≤ ${limit.atMost}`;
  return limit.of === 'ratio' ? `ratio ${bound}` : `ours ${bound}`;
}

function shown(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 1_000 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

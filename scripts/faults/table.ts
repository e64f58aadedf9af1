/** What came of one test of a fault. */
export type Broken = { fault: string; what: string; rounds: number; counted: string; passed: boolean };

/** The table as Markdown, readable in a terminal too: a row for each test, in the order of the faults. */
export function tableOf(broken: readonly Broken[], seed: number): string {
  const number = ({ fault }: Broken): number => Number(/\d+/.exec(fault)?.[0] ?? 0);
  const rows = broken
    .toSorted((one, other) => number(one) - number(other))
    .map(({ fault, what, rounds, counted, passed }) => [
      fault,
      String(rounds),
      String(seed),
      // A pipe would be a column; a failure's message may have many lines.
      (counted === '' ? what : counted).split('\n')[0]?.replaceAll('|', '/') ?? '',
      passed ? 'passed' : 'FAILED',
    ]);
  const all = [['fault', 'rounds', 'seed', 'what the oracle counted', ''], ...rows];
  const widths = (all[0] ?? []).map((_, column) => Math.max(3, ...all.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return `${[line(all[0] ?? []), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')}\n`;
}

/** `npm run bench`: measures this system against its peers, one bench after the other, and says what the machine was doing. */
import { writeFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { type Arguments, readArguments } from './arguments.ts';
import { type Bench, lineOf, measure, type Row } from './bench.ts';
import { chosen } from './benches.ts';
import { watchMachine } from './machine.ts';

const write = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

process.exit(await main(process.argv.slice(2)));

async function main(words: readonly string[]): Promise<number> {
  let given: Arguments;
  let benches: Bench[];
  try {
    given = readArguments(words);
    benches = await chosen(given.only);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 2;
  }
  const rows: Row[] = [];
  let failed = false;
  for (const bench of benches) {
    try {
      rows.push(...(await carryOut(bench, given.runs)));
    } catch (error) {
      failed = true;
      const cause = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : '';
      process.stderr.write(
        `${bench.id} could not be measured${cause}: ${error instanceof Error ? error.stack : String(error)}\n`,
      );
    }
    if (given.json !== undefined) writeFileSync(given.json, `${JSON.stringify(rows, null, 2)}\n`);
  }
  write(`\n${rows.map(lineOf).join('\n')}`);
  return failed ? 1 : 0;
}

/** A figure outside its limit is a result, and is reported; a bench that cannot be measured is a failure. */
async function carryOut(bench: Bench, runs: number): Promise<Row[]> {
  write(`\n${bench.id}  ${bench.title}`);
  const began = performance.now();
  const prepared = await bench.prepare((line) =>
    write(`  ${((performance.now() - began) / 1_000).toFixed(0).padStart(4)} s  ${line}`),
  );
  try {
    const describeMachine = watchMachine();
    const rows = await measure(bench, prepared, bench.exact ? 1 : runs);
    for (const flags of prepared.flags ?? []) write(`  server: ${flags}`);
    write(`  ${describeMachine()}`);
    for (const { id, says } of bench.rows) write(`  ${id}: ${says}`);
    for (const row of rows) write(`  ${lineOf(row)}`);
    return rows;
  } finally {
    await prepared.close();
  }
}

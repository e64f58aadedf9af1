import { Command, InvalidArgumentError } from 'commander';

export type Arguments = {
  /** ids of benches; empty: all */
  only: string[];
  /** file for the rows */
  json?: string | undefined;
  runs: number;
};

/** @throws CommanderError for anything that is not an argument of the bench */
export function readArguments(words: readonly string[]): Arguments {
  const { only, json, runs } = new Command('bench')
    .description('Measures this system against its peers. Each figure is a ratio of one run on this machine.')
    .option('--only <ids>', 'these benches alone, as in B1,B7', listOfIds, [])
    .option('--json <file>', 'writes the rows there: {id, ratio, ours, peer, unit, runs, limit, reached}')
    .option('--runs <n>', 'how often each is measured', aCount, 3)
    .allowExcessArguments(false)
    .exitOverride()
    .parse(words, { from: 'user' })
    .opts<Arguments>();
  return { only, runs, json };
}

function listOfIds(text: string): string[] {
  return text
    .split(',')
    .map((id) => id.trim())
    .filter((id) => id !== '');
}

function aCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 20)
    throw new InvalidArgumentError('a whole number from 1 to 20');
  return count;
}

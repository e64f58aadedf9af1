/** The measures as a page of Markdown. */
import { drawImports, type FolderImports } from './importGraph.ts';
import type { PlpgsqlFunction } from './lines.ts';
import { WAYS, type Way } from './ways.ts';

export type Measures = {
  commit: string;
  date: string;
  /** `files`: ran in every counted round; `sometimes`: ran in some of them, from what goes on in the background */
  ways: Record<Way, { files: string[]; sometimes: string[] }>;
  /** how many named types the same thing has on its way */
  shapes: Record<string, number>;
  code: {
    total: number;
    byFolder: Record<string, number> /** the script that measures */;
    measuring: number;
    over300: string[];
    over400: string[];
  };
  plpgsql: { lines: number; functions: PlpgsqlFunction[] };
  imports: FolderImports[];
};

export function pageOf({ commit, date, ways, shapes, code, plpgsql, imports }: Measures): string {
  const events = plpgsql.functions.flatMap((one) => one.events.map((event) => `${event} (${one.name})`));
  const figures: Array<[string, string | number]> = [
    ...entriesOf(ways).map(([way, { files }]): [string, number] => [`files crossed: ${WAYS[way]}`, files.length]),
    ...Object.entries(shapes).map(([thing, count]): [string, number] => [`shapes of the same ${thing}`, count]),
    ['lines of product code', code.total],
    ...Object.entries(code.byFolder).map(([folder, lines]): [string, number] => [`of them in \`${folder}/\``, lines]),
    ['of them this measuring, `scripts/measure/`', code.measuring],
    ['files over 300 lines', code.over300.length],
    ['files over 400 lines', code.over400.length],
    [`lines inside ${plpgsql.functions.length} plpgsql functions`, plpgsql.lines],
    ['strings in them that are names of events', events.length],
  ];
  return [
    `Measured on ${date} at commit ${commit}.`,
    ['| measure | figure |', '| --- | ---: |', ...figures.map(([what, figure]) => `| ${what} | ${figure} |`)].join(
      '\n',
    ),
    '### Files crossed',
    ...entriesOf(ways).flatMap(([way, { files, sometimes }]) => [
      `**${WAYS[way]}** (${files.length})`,
      listOf(files),
      ...(sometimes.length === 0 ? [] : [`In some rounds also: ${sometimes.map(asCode).join(', ')}.`]),
    ]),
    '### Long files',
    code.over300.map((line) => `- ${line}`).join('\n'),
    '### plpgsql',
    [
      '| function | lines | strings that are names of events |',
      '| --- | ---: | --- |',
      ...plpgsql.functions.map(({ name, lines, events: named }) => `| \`${name}\` | ${lines} | ${named.join(', ')} |`),
    ].join('\n'),
    '### Imports between folders',
    ['```mermaid', drawImports(imports), '```'].join('\n'),
    '',
  ].join('\n\n');
}

function entriesOf(ways: Measures['ways']): Array<[Way, Measures['ways'][Way]]> {
  return (Object.keys(WAYS) as Way[]).map((way) => [way, ways[way]]);
}

/** Files by their top-level folder, one line each. */
function listOf(files: readonly string[]): string {
  return [...Map.groupBy(files, (file) => file.split('/')[0] ?? '')]
    .map(
      ([folder, inside]) =>
        `- ${folder} (${inside.length}): ${inside.map((file) => asCode(file.slice(folder.length + 1))).join(', ')}`,
    )
    .join('\n');
}

const asCode = (text: string): string => `\`${text}\``;

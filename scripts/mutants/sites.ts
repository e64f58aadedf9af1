import ts from 'typescript';
import { KYSELY_RULES, sqlTextSites } from './sqlRules.ts';
import { TABLE_RULES } from './tableRules.ts';

/** One change of the text of a file. `what` says it in words. */
export type Change = { start: number; end: number; replacement: string; what: string };

/** One kind of change, made wherever its pattern stands. */
export type Rule = {
  name: string;
  appliesTo(path: string): boolean;
  /** the changes at this node, itself and not what stands in it */
  changes(node: ts.Node, source: ts.SourceFile): Change[];
};

/** A place and what is changed there. `id` stays the same while other lines of the file change. */
export type Site = Change & { id: string; file: string; rule: string; line: number };

/** Every mutant of one file, in the order of its text. */
export function sitesOf(file: string, text: string): Site[] {
  return file.endsWith('.sql') ? named(file, text, sqlTextSites(text)) : named(file, text, codeSites(file, text));
}

type Found = Change & { rule: string; place: string };

function codeSites(file: string, text: string): Found[] {
  const rules = [...TABLE_RULES, ...KYSELY_RULES].filter((rule) => rule.appliesTo(file));
  if (rules.length === 0) return [];
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, true);
  const found: Found[] = [];
  const visit = (node: ts.Node): void => {
    for (const { name, changes } of rules)
      for (const change of changes(node, source)) found.push({ ...change, rule: name, place: placeOf(node, source) });
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function named(file: string, text: string, found: readonly Found[]): Site[] {
  const lines = text.split('\n');
  const starts = lines.reduce<number[]>((all, line) => [...all, (all.at(-1) ?? 0) + line.length + 1], [0]);
  const uses = new Map<string, number>();
  return found
    .toSorted((a, b) => a.start - b.start || a.end - b.end)
    .map(({ place, ...site }) => {
      const base = `${file}#${[place, site.rule, site.what].filter((part) => part !== '').join(' ')}`;
      const use = (uses.get(base) ?? 0) + 1;
      uses.set(base, use);
      const line = starts.findLastIndex((start) => start <= site.start) + 1;
      return { ...site, id: use === 1 ? base : `${base} (${use})`, file, line };
    });
}

/** Names of the declarations and properties around a node, outermost first. */
function placeOf(node: ts.Node, source: ts.SourceFile): string {
  const names: string[] = [];
  for (let at: ts.Node | undefined = node; at !== undefined; at = at.parent) {
    const name =
      ts.isVariableDeclaration(at) || ts.isFunctionDeclaration(at) || ts.isMethodDeclaration(at) || isProperty(at)
        ? at.name?.getText(source)
        : undefined;
    if (name !== undefined && names[0] !== name) names.unshift(name);
  }
  return names.join('.');
}

const isProperty = (node: ts.Node): node is ts.PropertyAssignment | ts.ShorthandPropertyAssignment =>
  ts.isPropertyAssignment(node) || ts.isShorthandPropertyAssignment(node);

/** The text with one change made. */
export function mutated(text: string, { start, end, replacement }: Change): string {
  return text.slice(0, start) + replacement + text.slice(end);
}

/** Counts lines of code: neither blank lines nor comments. */
/** Reads the plpgsql functions that migrations leave behind, and the names of events in them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { GENERATED, NOT_PRODUCT } from './specifics.ts';

const SCRIPT = /\.(?:ts|tsx|mjs|cjs|js)$/;
const SQL = /\.sql$/;
const PRISMA = /\.prisma$/;

export type CountedFile = {
  /** relative to the project, with forward slashes */
  path: string;
  /** lines of code */
  code: number;
  /** all lines */
  lines: number;
};

/** Every file of product code below `root`. */
export function productFiles(root: string): CountedFile[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && isProduct(`${entry.name}/`))
    .flatMap(({ name }) =>
      readdirSync(join(root, name), { recursive: true, encoding: 'utf8' }).map((path) => `${name}/${path}`),
    )
    .filter((path) => isProduct(path) && [SCRIPT, SQL, PRISMA].some((kind) => kind.test(path)))
    .sort()
    .map((path) => {
      const text = readFileSync(join(root, path), 'utf8');
      return { path, code: codeLines(path, text), lines: text.trimEnd().split('\n').length };
    });
}

export function isProduct(path: string): boolean {
  const [folder = '', inside] = path.split('/');
  return (
    inside !== undefined &&
    !folder.startsWith('.') &&
    !NOT_PRODUCT.includes(folder) &&
    !GENERATED.some((start) => path.startsWith(start))
  );
}

/** Sums of lines of code by top-level folder. */
export function byFolder(files: readonly CountedFile[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { path, code } of files) {
    const [folder = ''] = path.split('/');
    sums[folder] = (sums[folder] ?? 0) + code;
  }
  return sums;
}

/** Lines of a file that hold something besides blanks and comments. */
export function codeLines(path: string, text: string): number {
  if (SCRIPT.test(path)) return scriptLines(path, text);
  return filledLines(SQL.test(path) ? withoutSqlComments(text) : text.replace(/\/\/.*$/gm, ''));
}

function filledLines(text: string): number {
  return text.split('\n').filter((line) => line.trim() !== '').length;
}

/** The SQL without comments; what stands in quotes is no comment. Line breaks stay. */
function withoutSqlComments(sql: string): string {
  return sql.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\//g, (piece) =>
    /^(?:--|\/\*)/.test(piece) ? piece.replace(/[^\n]/g, '') : piece,
  );
}

/** By the syntax and not by the text, so that a template with `//` in it is code. */
function scriptLines(path: string, text: string): number {
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
  const filled = text.split('\n').map((line) => line.trim() !== '');
  const code = new Set<number>();
  const lineAt = (position: number): number => tree.getLineAndCharacterOfPosition(position).line;
  const visit = (node: ts.Node): void => {
    if (ts.isJSDoc(node)) return;
    const children = node.getChildren(tree);
    if (children.length > 0) return children.forEach(visit);
    if (node.getWidth(tree) === 0) return;
    for (let line = lineAt(node.getStart(tree)); line <= lineAt(node.getEnd()); line += 1)
      if (filled[line] === true) code.add(line);
  };
  visit(tree);
  return code.size;
}

export type PlpgsqlFunction = { name: string; lines: number; events: string[] };

const STATEMENT =
  /create\s+(?:or\s+replace\s+)?function\s+([\w.]+)\s*\(((?:[^()]|\([^()]*\))*)\)(.*?)\bas\s+(\$\w*\$)(.*?)\4([^;]*);|drop\s+function\s+(?:if\s+exists\s+)?([\w.]+)/gis;

/** The functions after the last migration: a later definition takes the place of an earlier one. */
export function plpgsqlFunctions(migrations: readonly string[], events: readonly string[] = []): PlpgsqlFunction[] {
  const functions = new Map<string, PlpgsqlFunction>();
  for (const sql of migrations) {
    for (const match of withoutSqlComments(sql).matchAll(STATEMENT)) {
      const [, name = '', parameters = '', before = '', , body = '', after = '', dropped] = match;
      if (dropped !== undefined) {
        for (const [key, { name: known }] of functions) if (known === dropped) functions.delete(key);
        continue;
      }
      const key = `${name}(${parameters.replace(/\s+/g, ' ').trim()})`;
      if (!/\blanguage\s+plpgsql\b/i.test(`${before} ${after}`)) functions.delete(key);
      else {
        const strings = [...body.matchAll(/'((?:[^']|'')*)'/g)].map(([, text]) => text ?? '');
        const named = [...new Set(strings.filter((text) => events.includes(text)))].sort();
        functions.set(key, { name, lines: filledLines(body), events: named });
      }
    }
  }
  return [...functions.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The migrations of a folder in their order. */
export function readMigrations(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
    .map((name) => readFileSync(join(folder, name, 'migration.sql'), 'utf8'));
}

/** Reads the plpgsql functions that migrations leave behind, and the names of events in them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { filledLines, withoutSqlComments } from './lines.ts';

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

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { projectFolders, root } from '../../scripts/checks/project.ts';

const read = (page: string): string => readFileSync(join(root, page), 'utf8');

const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];
/** Records of what was: they name files as they were then. */
const RECORDS = /^docs\/(?:decisions\/|measures\.md)/;

const { scripts } = z.object({ scripts: z.record(z.string(), z.string()) }).parse(JSON.parse(read('package.json')));

/** What each match of the pattern has in its first group. */
const found = (page: string, pattern: RegExp): string[] =>
  [...read(page).matchAll(pattern)].flatMap(([, group]) => group ?? []);

describe('documentation', () => {
  it.each(PAGES)('%s links only to what a clone has', (page) => {
    const targets = found(page, /\]\((?!https?:)([^)#\s]+)/g);
    expect(targets.filter((target) => !existsSync(join(root, dirname(page), target)))).toEqual([]);
  });

  it.each(PAGES.filter((page) => !RECORDS.test(page)))('%s names only files that exist', (page) => {
    const named = found(page, new RegExp(`\`((?:${projectFolders().join('|')}|docs)/[\\w./-]+\\.\\w+)\``, 'g'));
    expect(named.filter((name) => !existsSync(join(root, name)))).toEqual([]);
  });

  it.each(PAGES)('%s names only commands of package.json', (page) => {
    const commands = found(page, /npm run (?:--silent )?([\w:-]+)/g);
    expect(commands.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });

  it.each(PAGES)('%s names no page that a clone does not have', (page) => {
    const pages = found(page, /(?<![\w/.-])((?:[\w-]+\/)*[\w-]+\.md)\b/g);
    const here = (name: string) => [root, join(root, dirname(page))].some((folder) => existsSync(join(folder, name)));
    expect(pages.filter((name) => !here(name) && !existsSync(join(root, 'docs', name)))).toEqual([]);
  });
});

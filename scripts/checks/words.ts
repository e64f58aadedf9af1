/**
 * The words that this project does not use, because the field or the platform has a better one. They are looked for in
 * names (`aRungOfIt`, `the_rung`), comments, documents and test titles, so the whole text of a file is read.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectFolders, root } from './project.ts';

interface Word {
  /** Lower case, with spaces between words: `taken in` is found as `takenIn`, `taken_in` and `taken in`. */
  forms: string[];
  instead: string;
}

const WORDS: Word[] = [
  { forms: ['house', 'houses'], instead: 'the system, the deployment, global or integration' },
  { forms: ['rung', 'rungs'], instead: 'escalation step' },
  { forms: ['ladder', 'ladders'], instead: 'escalation policy' },
  { forms: ['teller', 'tellers'], instead: 'notifier' },
  { forms: ['untold'], instead: 'pending notification' },
  { forms: ['hear', 'hears', 'heard', 'hearing'], instead: 'handle, receive; seen; name tokens' },
  { forms: ['keepsake', 'keepsakes'], instead: 'issuer state' },
  { forms: ['last words'], instead: 'fatal log' },
  { forms: ['standstill', 'stands still', 'stood still', 'stand still'], instead: 'suspension, suspended' },
  { forms: ['restate', 'restated', 'restates', 'retold'], instead: 'rebase; already recorded' },
  { forms: ['lean sound', 'lean sounds'], instead: 'reduced phonetic key' },
  { forms: ['chapter', 'chapters'], instead: 'phase' },
  { forms: ['dot', 'dots'], instead: 'milestone' },
  { forms: ['let go on', 'lets go on'], instead: 'resume' },
  { forms: ['sameness', 'met twice'], instead: 'duplicate candidates' },
  { forms: ['mend', 'mended', 'mends', 'mending'], instead: 'correct, correction' },
  { forms: ['overrule', 'overruled', 'overrules'], instead: 'override' },
  { forms: ['veil', 'veiled', 'veils'], instead: 'redact, redacted' },
  { forms: ['take in', 'takes in', 'taken in', 'took in', 'taking in'], instead: 'register, import' },
  { forms: ['caseload', 'caseloads'], instead: 'scenario data' },
  { forms: ['ruined'], instead: 'precision lost' },
  { forms: ['applier', 'appliers'], instead: 'inbox processor' },
  { forms: ['sealer', 'sealers', 'seal', 'seals', 'sealed', 'unseal', 'unsealed'], instead: 'encrypt, encrypted' },
  { forms: ['clock watcher'], instead: 'time-zone check' },
];

interface Allowed {
  path: RegExp;
  /** What stands in the text; every occurrence of it is left out. */
  text: RegExp;
  reason: string;
}

const ALLOWED: Allowed[] = [
  { path: /./, text: /\bcaseloads? (?:of|served)\b/gi, reason: 'the population served, as the field says it' },
  { path: /^docs\/glossary\.md$/, text: /^\| caseload /g, reason: 'the term is explained there' },
  { path: /^tests\//, text: /\bHouse \d+\b/g, reason: 'the address of a test person' },
  { path: /./, text: /\bNUMBER_RUINED\b/g, reason: 'a code of a finding; lists and their expected results carry it' },
  { path: /./, text: /\bdecisions? (?:is|are) taken in\b/gi, reason: 'to take a decision, and where' },
  {
    path: /^domain\/imports\/(?:columns|dates)\.ts$/,
    text: /\bdots\b/g,
    reason: 'the sign in dates and telephone numbers',
  },
  {
    path: /^adapters\/webhooks\/(?:guard|signature)\.ts$/,
    text: /\bdots?\b/g,
    reason: 'the sign in host names and ids',
  },
  { path: /^docs\/measures\.md$/, text: /`[^`]*`/g, reason: 'names as they were at the commit that was measured' },
  { path: /\/trials\/README\.md$/, text: /\bMoonLadderStudios\b/g, reason: 'the name of an organisation' },
];

const FILES = ['README.md', 'openapi.json', 'package.json', 'vitest.config.ts', '.dependency-cruiser.cjs', 'knip.json'];
const READ = /\.(?:ts|tsx|mjs|cjs|js|css|html|md|sql|prisma)$/;
/** Recorded data, generated code, and the two files that must name the words. */
const EXCLUDED = [
  /^adapters\/postgres\/generated\//,
  /^sandbox\/scenarioData\//,
  /^tests\/(?:replay\/histories|stored)\//,
  /^scripts\/checks\/words\.ts$/,
  /^tests\/scripts\/words\.test\.ts$/,
];

/** Every such word as `path:line: word: use …`, or nothing when there is none. */
export function checkWords(): string | undefined {
  const complaints = textPaths().flatMap((path) => wordsIn({ path, text: readFileSync(join(root, path), 'utf8') }));
  return complaints.length === 0 ? undefined : complaints.join('\n');
}

/** The complaints about one file. Its name is read too. */
export function wordsIn({ path, text }: { path: string; text: string }): string[] {
  const allowed = ALLOWED.filter((entry) => entry.path.test(path));
  const inName = found(path.slice(path.lastIndexOf('/') + 1)).map((complaint) => `${path}: ${complaint}`);
  const inText = text.split('\n').flatMap((line, index) => {
    const rest = allowed.reduce((left, entry) => left.replaceAll(entry.text, ' '), line);
    return found(rest).map((complaint) => `${path}:${index + 1}: ${complaint}`);
  });
  return [...inName, ...inText];
}

function textPaths(): string[] {
  const inFolders = [...projectFolders(), 'docs'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
      .filter((path) => READ.test(path)),
  );
  const single = FILES.filter((path) => existsSync(join(root, path)));
  return [...inFolders, ...single].filter((path) => !EXCLUDED.some((excluded) => excluded.test(path)));
}

function found(line: string): string[] {
  const words = ` ${splitWords(line).join(' ')} `;
  return WORDS.flatMap(({ forms, instead }) =>
    forms.filter((form) => words.includes(` ${form} `)).map((form) => `${form}: use ${instead}`),
  );
}

/** `theRungOf_it` is `the rung of it`; a full stop or another sign parts two phrases. */
function splitWords(line: string): string[] {
  return line
    .replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
    .replaceAll(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .replaceAll('_', ' ')
    .replaceAll(/[^A-Za-z\d\s-]+/g, ' | ')
    .toLowerCase()
    .split(/[\s-]+/)
    .filter((word) => word !== '');
}

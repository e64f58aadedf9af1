/**
 * The two rules that no ready-made tool knows, read from the syntax of every file and not from its text, so that a word
 * in a comment breaks nothing. The others are rules of oxlint: see .oxlintrc.json.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { root } from './project.ts';

interface Source {
  /** Relative to the project's folder, with forward slashes. */
  path: string;
  text: string;
  tree: ts.SourceFile;
}

interface Rule {
  /** What must hold, with the reason, in one sentence. */
  says: string;
  appliesTo(path: string): boolean;
  /** Positions in the text at which it is broken. */
  breaches(source: Source): number[];
}

const inFolder = (path: string, ...folders: string[]) => folders.some((folder) => path.startsWith(`${folder}/`));

const MAY_READ_SCENARIOS = ['sandbox', 'tests', 'bench', 'scripts'];

const RULES: Rule[] = [
  {
    says: 'Only sandbox/, tests/ and bench/ read a scenario: the system must not know the answers',
    appliesTo: (path) => !inFolder(path, ...MAY_READ_SCENARIOS),
    breaches: (source) => find(source, (node) => isText(node) && /scenarioData/.test(node.text)),
  },
  {
    says: 'domain/ and workflows/ keep nothing in a module: one `let` there is shared by every run',
    appliesTo: (path) => inFolder(path, 'domain', 'workflows'),
    breaches: moduleState,
  },
];

/** Every breach as `path:line: sentence`, or nothing when the rules hold in `folders`. */
export function checkSources(folders: string[]): string | undefined {
  const complaints = folders.flatMap((folder) => sourcesOf(folder)).flatMap(checkSource);
  return complaints.length === 0 ? undefined : complaints.join('\n');
}

/** The breaches of one file. */
export function checkSource({ path, text }: { path: string; text: string }): string[] {
  const rules = RULES.filter((rule) => rule.appliesTo(path));
  const source = { path, text, tree: ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true) };
  return rules.flatMap((rule) =>
    rule
      .breaches(source)
      .map((at) => `${path}:${source.tree.getLineAndCharacterOfPosition(at).line + 1}: ${rule.says}`),
  );
}

function sourcesOf(folder: string): { path: string; text: string }[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .filter((path) => /\.(?:ts|mjs|cjs)$/.test(path) && !path.startsWith('adapters/postgres/generated/'))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

function find(source: Source, matches: (node: ts.Node) => boolean): number[] {
  const at: number[] = [];
  const visit = (node: ts.Node): void => {
    if (matches(node)) at.push(node.getStart(source.tree));
    ts.forEachChild(node, visit);
  };
  visit(source.tree);
  return at;
}

function isText(node: ts.Node): node is ts.LiteralLikeNode {
  return (
    ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddle(node) || ts.isTemplateTail(node)
  );
}

/** `let` and `var` of a module, and maps and sets that are not typed as read-only. */
function moduleState({ tree }: Source): number[] {
  return tree.statements.filter(ts.isVariableStatement).flatMap((statement) => {
    const { declarationList } = statement;
    if ((declarationList.flags & ts.NodeFlags.Const) === 0) return [statement.getStart(tree)];
    return declarationList.declarations
      .filter(({ initializer, type }) => {
        if (initializer === undefined || !ts.isNewExpression(initializer)) return false;
        const made = initializer.expression.getText(tree);
        if (!['Map', 'Set', 'WeakMap', 'WeakSet', 'Array'].includes(made)) return false;
        return type === undefined || !type.getText(tree).startsWith('Readonly');
      })
      .map((declaration) => declaration.getStart(tree));
  });
}

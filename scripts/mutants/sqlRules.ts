import ts from 'typescript';
import type { Change, Rule } from './sites.ts';

const statements = (path: string): boolean =>
  path.startsWith('adapters/postgres/') && !path.startsWith('adapters/postgres/generated/');

const DROPPED = ['where', 'forUpdate', 'forShare', 'forNoKeyUpdate', 'skipLocked'];

/** Each `where` and each lock of a statement written with Kysely left out. */
const clause: Rule = {
  name: 'clause',
  appliesTo: statements,
  changes(node, source) {
    if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return [];
    const { name, expression } = node.expression;
    if (!DROPPED.includes(name.text)) return [];
    const start = expression.getEnd();
    const what = source.text.slice(start, node.getEnd()).replaceAll(/\s+/g, ' ').trim().slice(0, 70);
    return [{ start, end: node.getEnd(), replacement: '', what: `without ${what}` }];
  },
};

/** Each condition on a line of its own, and each lock, of a statement written as SQL. */
const text: Rule = {
  name: 'sql',
  appliesTo: statements,
  changes(node, source) {
    if (!ts.isTaggedTemplateExpression(node) || !node.tag.getText(source).startsWith('sql')) return [];
    return conditionsIn(node.template.getText(source), node.template.getStart(source));
  },
};

export const KYSELY_RULES: readonly Rule[] = [clause, text];

const LOCK = /\bfor (?:no key )?(?:update|share)(?: of \w+)?(?: skip locked)?\b/g;
const CONDITION = /(?<=^|\n)(?<before>\s*)(?<word>and|or|where)\s+/g;

/** @param at where the text stands in its file */
function conditionsIn(sql: string, at: number): Change[] {
  const locks = [...sql.matchAll(LOCK)].map((lock) => ({
    start: at + lock.index,
    end: at + lock.index + lock[0].length,
    replacement: '',
    what: `without ${lock[0]}`,
  }));
  const conditions = [...sql.matchAll(CONDITION)].flatMap(({ index, groups, ...match }) => {
    const { before = '', word = '' } = groups ?? {};
    const from = index + match[0].length;
    const condition = sql.slice(from, from + lengthOfCondition(sql.slice(from))).trimEnd();
    if (condition === '') return [];
    const what = `without ${word} ${condition.replaceAll(/\s+/g, ' ').slice(0, 70)}`;
    const start = at + index + before.length;
    return [{ start, end: at + from + condition.length, replacement: word === 'where' ? 'where true' : '', what }];
  });
  return [...locks, ...conditions];
}

/** What ends a condition in the same line. */
const NEXT_CLAUSE =
  /^\s(?:on conflict|order by|group by|limit|returning|for (?:no key )?(?:update|share)|union|loop|then)\b/;

/** How far a condition goes: to the end of its line, or over several lines while a bracket is open. */
function lengthOfCondition(text: string): number {
  let open = 0;
  for (let at = 0; at < text.length; at += 1) {
    const sign = text.charAt(at);
    if ('({['.includes(sign)) open += 1;
    if (')}]'.includes(sign)) open -= 1;
    if (open < 0 || (open === 0 && ('\n;`'.includes(sign) || NEXT_CLAUSE.test(text.slice(at, at + 20))))) return at;
  }
  return open === 0 ? text.length : 0;
}

const FUNCTION = /create (?:or replace )?function (?<name>\w+)[\s\S]*?\$\$(?<body>[\s\S]*?)\$\$/g;

/** The conditions and locks in the functions of a migration. */
export function sqlTextSites(migration: string): Array<Change & { rule: string; place: string }> {
  return [...migration.matchAll(FUNCTION)].flatMap((match) => {
    const { name = '', body = '' } = match.groups ?? {};
    const at = match.index + match[0].length - body.length - '$$'.length;
    const advisory = [...body.matchAll(/perform pg_advisory_xact_lock\(.*\);/g)].map((lock) => ({
      start: at + lock.index,
      end: at + lock.index + lock[0].length,
      replacement: '',
      what: 'without the advisory lock',
    }));
    return [...advisory, ...conditionsIn(body, at)].map((change) => ({ ...change, rule: 'sql', place: name }));
  });
}

import ts from 'typescript';
import { ROLES } from '../../domain/actor.ts';
import type { Change, Rule } from './sites.ts';

const UPPER = /^[A-Z][A-Z0-9_]*$/;
/** Read from lists and names, which have tests of their own against scenario data; their tables are words. */
const WORDS = /^domain\/(?:imports|duplicates|messages|casing|versioned|time)/;
const domain = (path: string): boolean => path.startsWith('domain/') && !WORDS.test(path);
const workflows = (path: string): boolean => path.startsWith('workflows/');
/** Waiting, recording, and what a run hands over to the next. */
const timers = (path: string): boolean => /^workflows\/(?:waiting|aggregate\/)/.test(path);
/** Rules that are functions and no table. */
const RULE_FUNCTIONS =
  /^(?:domain\/(?:rules|holds|preconditions|access|commands|record|journeys\/waits)\.ts$|application\/movements\/)/;

const swap = (node: ts.Node, source: ts.SourceFile, replacement: string, what: string): Change => ({
  start: node.getStart(source),
  end: node.getEnd(),
  replacement,
  what,
});

const short = (node: ts.Node, source: ts.SourceFile): string =>
  node.getText(source).replaceAll(/\s+/g, ' ').slice(0, 60).trim();

const parents = function* (node: ts.Node): Generator<ts.Node> {
  for (let at = node.parent; at !== undefined; at = at.parent) yield at;
};

/** Whether the node stands in a property of one of these names, or in a function whose name begins with `unless`. */
function inRefusal(node: ts.Node): boolean {
  for (const at of parents(node)) {
    if ((ts.isPropertyAssignment(at) || ts.isMethodDeclaration(at)) && ts.isIdentifier(at.name))
      if (at.name.text === 'refusal') return true;
    if (ts.isVariableDeclaration(at) && ts.isIdentifier(at.name))
      return at.name.text.startsWith('unless') || at.name.text === 'CHECKS';
    if (ts.isFunctionDeclaration(at)) return at.name?.text.startsWith('unless') ?? false;
  }
  return false;
}

const inGuards = (node: ts.Node, source: ts.SourceFile): boolean =>
  inRefusal(node) || RULE_FUNCTIONS.test(source.fileName) || workflows(source.fileName);

/** A table: a constant in capitals, or an object given to a function, such as the definition of a command. */
function inTable(node: ts.Node): boolean {
  for (const at of parents(node)) {
    if (ts.isArrowFunction(at) || ts.isFunctionDeclaration(at) || ts.isMethodDeclaration(at)) return false;
    if (ts.isVariableDeclaration(at)) {
      const made = at.initializer !== undefined && ts.isCallExpression(at.initializer);
      return made || (ts.isIdentifier(at.name) && UPPER.test(at.name.text));
    }
  }
  return false;
}

/** Each yes and no of a table turned round: which precondition applies to which step, whether a reason is due. */
const flag: Rule = {
  name: 'flag',
  appliesTo: domain,
  changes(node, source) {
    if (!ts.isPropertyAssignment(node) || !inTable(node)) return [];
    const { kind } = node.initializer;
    if (kind === ts.SyntaxKind.TrueKeyword) return [swap(node.initializer, source, 'false', 'true to false')];
    if (kind === ts.SyntaxKind.FalseKeyword) return [swap(node.initializer, source, 'true', 'false to true')];
    return [];
  },
};

const isRole = (text: string): boolean => text === 'partner' || ROLES.some((role) => role === text);
/** They read or administer and decide about nobody, so one more of them is a mistake wherever it is not meant. */
const OUTSIDERS = ['auditor', 'admin'];

/** The roles that an array names, with those of the constants of the same file that it spreads; undefined: it names none. */
function rolesIn(array: ts.ArrayLiteralExpression, source: ts.SourceFile): string[] | undefined {
  const roles: string[] = [];
  for (const element of array.elements) {
    if (ts.isStringLiteral(element) && isRole(element.text)) roles.push(element.text);
    else if (ts.isSpreadElement(element) && ts.isIdentifier(element.expression)) {
      const spread = constantIn(source, element.expression.text);
      roles.push(...((spread && ts.isArrayLiteralExpression(spread) && rolesIn(spread, source)) || []));
    } else return undefined;
  }
  return array.elements.some((element) => ts.isStringLiteral(element)) ? roles : undefined;
}

function constantIn(source: ts.SourceFile, name: string): ts.Expression | undefined {
  const declared = source.statements
    .filter(ts.isVariableStatement)
    .flatMap((at) => [...at.declarationList.declarations]);
  return declared.find((at) => ts.isIdentifier(at.name) && at.name.text === name)?.initializer;
}

/** Each role of a list of roles left out, and one more let in. */
const role: Rule = {
  name: 'role',
  appliesTo: (path) => domain(path) && path !== 'domain/actor.ts',
  changes(node, source) {
    const property = ts.isPropertyAssignment(node) && ts.isIdentifier(node.name) && node.name.text === 'roles';
    // A command may name its roles by a constant alone.
    if (property && ts.isIdentifier(node.initializer))
      return [swap(node.initializer, source, `[...${node.initializer.text}, 'auditor']`, 'auditor added')];
    if (!ts.isArrayLiteralExpression(node)) return [];
    const roles = rolesIn(node, source);
    if (roles === undefined) return [];
    const elements = node.elements.map((element) => element.getText(source));
    const left = elements.map((text, index) =>
      swap(node, source, `[${elements.toSpliced(index, 1).join(', ')}]`, `without ${text}`),
    );
    const outsider = OUTSIDERS.find((name) => !roles.includes(name));
    if (outsider === undefined) return left;
    return [...left, swap(node, source, `[${[...elements, `'${outsider}'`].join(', ')}]`, `${outsider} added`)];
  },
};

const gives = (node: ts.Node): boolean =>
  ts.isReturnStatement(node) || ts.isContinueStatement(node) || ts.isThrowStatement(node);

/** Each early answer that never comes: a guard of a command, a check of a precondition, an early return of a wait. */
const guard: Rule = {
  name: 'guard',
  appliesTo: (path) => domain(path) || timers(path) || RULE_FUNCTIONS.test(path),
  changes(node, source) {
    if (!inGuards(node, source)) return [];
    if (ts.isIfStatement(node)) {
      if (workflows(source.fileName) && node.elseStatement === undefined)
        return [swap(node.expression, source, 'false', `never if ${short(node.expression, source)}`)];
      const [then] = ts.isBlock(node.thenStatement)
        ? [...node.thenStatement.statements].slice(-1)
        : [node.thenStatement];
      if (then === undefined || !gives(then)) return [];
      return [swap(node.expression, source, 'false', `never if ${short(node.expression, source)}`)];
    }
    if (!ts.isConditionalExpression(node)) return [];
    const isNothing = (part: ts.Expression) => part.getText(source) === 'undefined';
    if (!isNothing(node.whenTrue) && !isNothing(node.whenFalse)) return [];
    return [swap(node, source, 'undefined', `no reason from ${short(node.condition, source)}`)];
  },
};

const LOGICAL = [ts.SyntaxKind.BarBarToken, ts.SyntaxKind.AmpersandAmpersandToken, ts.SyntaxKind.QuestionQuestionToken];

/** Each side of an `or`, an `and` and a `??` of a guard left out. */
const side: Rule = {
  name: 'side',
  appliesTo: (path) => domain(path) || timers(path) || RULE_FUNCTIONS.test(path),
  changes(node, source) {
    if (!inGuards(node, source) || !ts.isBinaryExpression(node)) return [];
    if (!LOGICAL.includes(node.operatorToken.kind)) return [];
    // The value that follows a `??` is a standard; a reason that follows it is a guard.
    if (node.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken && !inRefusal(node)) return [];
    return [node.left, node.right].map((part, index) =>
      swap(node, source, [node.right, node.left][index]?.getText(source) ?? '', `without ${short(part, source)}`),
    );
  },
};

const UNITS = /^(?:SECOND|MINUTE|HOUR|DAY)$/;

/** Each length of time three times as long, and the factors of the escalation policy. */
const time: Rule = {
  name: 'time',
  appliesTo: (path) => domain(path) || workflows(path),
  changes(node, source) {
    if (ts.isPropertyAssignment(node) && ts.isIdentifier(node.initializer) && UNITS.test(node.initializer.text))
      return [swap(node.initializer, source, `3 * ${node.initializer.text}`, `three times ${node.initializer.text}`)];
    if (!ts.isBinaryExpression(node)) return [];
    const { kind } = node.operatorToken;
    if (kind !== ts.SyntaxKind.AsteriskToken && kind !== ts.SyntaxKind.SlashToken) return [];
    if (ts.isIdentifier(node.right) && UNITS.test(node.right.text) && ts.isNumericLiteral(node.left))
      return [swap(node, source, `(3 * ${node.getText(source)})`, `three times ${short(node, source)}`)];
    if (!ts.isNumericLiteral(node.right) || !RULE_FUNCTIONS.test(source.fileName)) return [];
    return [swap(node.right, source, `${Number(node.right.text) + 1}`, `${short(node, source)} with the next number`)];
  },
};

/** Each part of what a run hands over to the next, empty. */
const carried: Rule = {
  name: 'carried',
  appliesTo: (path) => path.startsWith('workflows/aggregate/'),
  changes(node, source) {
    const inside = [...parents(node)].find((at) => ts.isMethodDeclaration(at) || ts.isFunctionDeclaration(at));
    if (inside?.name?.getText(source) !== 'carried') return [];
    if (ts.isShorthandPropertyAssignment(node) && node.name.text !== 'state')
      return [swap(node, source, `${node.name.text}: []`, `${node.name.text} empty`)];
    if (ts.isPropertyAssignment(node) && ts.isObjectLiteralExpression(node.parent))
      return [swap(node.initializer, source, '[]', `${node.name.getText(source)} empty`)];
    if (ts.isReturnStatement(node) && node.expression && !ts.isObjectLiteralExpression(node.expression))
      return [swap(node.expression, source, '[]', 'nothing')];
    return [];
  },
};

/** Each step of a workflow that is begun and not waited for: a command answered before its event is recorded. */
const unawaited: Rule = {
  name: 'await',
  appliesTo: timers,
  changes(node, source) {
    if (!ts.isExpressionStatement(node) || !ts.isAwaitExpression(node.expression)) return [];
    const { expression } = node.expression;
    return [
      swap(node.expression, source, `void ${expression.getText(source)}`, `no wait for ${short(expression, source)}`),
    ];
  },
};

export const TABLE_RULES: readonly Rule[] = [flag, role, guard, side, time, carried, unawaited];

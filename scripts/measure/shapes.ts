/**
 * The shapes of the same thing on the four ways: no machine can tell them, so they stand by hand in docs/measures.md.
 * Here they are read from that page, and each is looked for in the file that is named for it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

export type Shape = { thing: string; type: string; file: string };

/** A row of the table: the thing, then the type and its file as code. */
const ROW = /^\| ([\w ]+?) +\| `(\w+)` +\| `([\w./-]+)` +\|$/gm;

export function readShapes(root: string): Shape[] {
  const page = readFileSync(join(root, 'docs/measures.md'), 'utf8');
  return [...page.matchAll(ROW)].map(([, thing = '', type = '', file = '']) => ({ thing, type, file }));
}

/** Shapes that are not, or not any more, where the page says. */
export function missingShapes(root: string, shapes: readonly Shape[]): Shape[] {
  return shapes.filter(({ type, file }) => {
    const path = join(root, file);
    return !existsSync(path) || !isDeclared(readFileSync(path, 'utf8'), type);
  });
}

/** Whether the text of a module declares this type, class or constant at its top level. */
function isDeclared(text: string, name: string): boolean {
  return ts.createSourceFile('module.ts', text, ts.ScriptTarget.ES2023, true).statements.some((statement) => {
    if (ts.isVariableStatement(statement))
      return statement.declarationList.declarations.some((one) => one.name.getText() === name);
    const isType = ts.isTypeAliasDeclaration(statement) || ts.isInterfaceDeclaration(statement);
    return (isType || ts.isClassDeclaration(statement)) && statement.name?.text === name;
  });
}

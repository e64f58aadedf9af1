/** Looks up declarations in the text of a module. */
import ts from 'typescript';

type Named = ts.TypeAliasDeclaration | ts.InterfaceDeclaration | ts.ClassDeclaration | ts.VariableDeclaration;

/** The declaration of a type, class or constant at the top level of a module. */
function declarationOf(text: string, name: string): Named | undefined {
  const tree = ts.createSourceFile('module.ts', text, ts.ScriptTarget.ES2023, true);
  const declared = tree.statements.flatMap((statement): Named[] => {
    if (ts.isVariableStatement(statement)) return [...statement.declarationList.declarations];
    const isType = ts.isTypeAliasDeclaration(statement) || ts.isInterfaceDeclaration(statement);
    return isType || ts.isClassDeclaration(statement) ? [statement] : [];
  });
  return declared.find((one) => one.name !== undefined && ts.isIdentifier(one.name) && one.name.text === name);
}

export function isDeclared(text: string, name: string): boolean {
  return declarationOf(text, name) !== undefined;
}

/** The names of the members of a type or of an object. @throws Error where it is not declared or has none */
export function memberNames(text: string, name: string): string[] {
  const declaration = declarationOf(text, name);
  const found = declaration === undefined ? [] : membersOf(declaration);
  if (found.length === 0) throw new Error(`${name} is not declared, or has no members`);
  return found;
}

/** Members of the outermost types and objects in a node. */
function membersOf(node: ts.Node): string[] {
  const members: readonly ts.NamedDeclaration[] | undefined =
    ts.isTypeLiteralNode(node) || ts.isInterfaceDeclaration(node)
      ? node.members
      : ts.isObjectLiteralExpression(node)
        ? node.properties
        : undefined;
  if (members === undefined) {
    const found: string[] = [];
    ts.forEachChild(node, (child) => void found.push(...membersOf(child)));
    return found;
  }
  return members.flatMap(({ name }) => (name && (ts.isIdentifier(name) || ts.isStringLiteral(name)) ? name.text : []));
}

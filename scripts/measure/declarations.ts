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

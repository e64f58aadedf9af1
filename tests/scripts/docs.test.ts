import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../scripts/checks/project.ts';
import { dataModelPage, readSchema } from '../../scripts/docs/dataModel.ts';
import { replaceSection, table } from '../../scripts/docs/markdown.ts';
import { generatedPages } from '../../scripts/docs/pages.ts';

describe('generated pages', () => {
  it.each(generatedPages())('$path is what `npm run docs` writes', ({ path, text }) => {
    expect(readFileSync(join(root, path), 'utf8')).toBe(text);
  });
});

describe('the schema', () => {
  const schema = `
model Parent {
  id       String  @id
  children Child[]

  @@map("parents")
}

model Child {
  parentId String   @map("parent_id")
  number   Int
  bornOn   DateTime? @map("born_on") @db.Date
  codes    String[]
  parent   Parent   @relation(fields: [parentId], references: [id])

  @@id([parentId, number])
  @@map("children")
}
`;

  it('gives columns and references of each table', () => {
    expect(readSchema(schema)).toEqual([
      { name: 'parents', columns: [{ name: 'id', type: 'text', nullable: false, key: true }], references: [] },
      {
        name: 'children',
        columns: [
          { name: 'parent_id', type: 'text', nullable: false, key: true },
          { name: 'number', type: 'integer', nullable: false, key: true },
          { name: 'born_on', type: 'date', nullable: true, key: false },
          { name: 'codes', type: 'text[]', nullable: false, key: false },
        ],
        references: [{ to: 'parents', columns: ['parent_id'], nullable: false, many: true }],
      },
    ]);
  });

  it('needs a sentence for each table', () => {
    expect(() => dataModelPage(schema)).toThrow(/no sentence for parents, children/);
  });
});

describe('Markdown', () => {
  it('aligns a table and escapes bars', () => {
    expect(table(['a', 'b'], [['x|y', 'long text']])).toBe(
      ['| a    | b         |', '| ---- | --------- |', '| x\\|y | long text |'].join('\n'),
    );
  });

  it('replaces one section and leaves the rest', () => {
    const page = 'before\n<!-- a -->\nold\n<!-- /a -->\nafter';
    expect(replaceSection(page, 'a', 'new')).toBe('before\n<!-- a -->\n\nnew\n\n<!-- /a -->\nafter');
    expect(() => replaceSection(page, 'b', 'new')).toThrow(/no place named b/);
  });
});

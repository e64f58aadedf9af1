/** The pages of docs/ that are made, wholly or in parts, of the code. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../checks/project.ts';
import { dataModelPage } from './dataModel.ts';
import { eventsPage } from './events.ts';
import { listsPage } from './lists.ts';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Each generated page with the text that it must have. */
export function generatedPages(): Array<{ path: string; text: string }> {
  return [
    { path: 'docs/events.md', text: eventsPage() },
    { path: 'docs/data-model.md', text: dataModelPage(read('prisma/schema.prisma')) },
    { path: 'docs/lists.md', text: listsPage(read('docs/lists.md')) },
  ];
}

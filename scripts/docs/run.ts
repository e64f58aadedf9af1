/** `npm run docs`: writes the generated pages of docs/. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../checks/project.ts';
import { generatedPages } from './pages.ts';

for (const { path, text } of generatedPages()) {
  writeFileSync(join(root, path), text);
  console.log(path);
}

import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The drill that runs where nothing has happened yet, so that there is something to see. */
export const FIRST_DRILL = {
  scenario: 'ambae-2017',
  folder: join(dirname(dirname(fileURLToPath(import.meta.url))), 'scenarioData', 'ambae-2017'),
} as const;

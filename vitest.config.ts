import { defineConfig } from 'vitest/config';

const LONG = 'tests/**/*.long.test.ts';

/**
 * Three projects: `domain` needs no server and starts at once; `integration` gets a PostgreSQL for the run; `long` holds
 * what takes minutes and runs only when asked for (`npm run test:long`).
 */
export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    projects: [
      { extends: true, test: { name: 'domain', include: ['tests/domain/**/*.test.ts'], exclude: [LONG] } },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/domain/**', LONG],
          globalSetup: ['tests/support/globalSetup.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'long',
          include: [LONG],
          globalSetup: ['tests/support/globalSetup.ts'],
          testTimeout: 900_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});

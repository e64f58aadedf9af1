import { defineConfig } from 'prisma/config';

/**
 * Prisma's own command line: `generate` here; `migrate deploy` where its engine is to be had (the folder and the
 * table are the ones prisma/migrate.ts uses). The address comes from DATABASE_URL; `generate` needs none.
 */
export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env['DATABASE_URL'] ?? '' },
});

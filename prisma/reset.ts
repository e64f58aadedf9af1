/** Empties a database of this project, so that the migrations make it anew. */
import pg from 'pg';
import { MigrationRefused } from './refused.ts';

/** Ends the sentence of OtherBaseline, where the database is one that was given. */
export const RESET_OFFER = ': `npm run migrate -- --reset <name of the database>` makes it anew, empty.';

/** Tables that stand in a database of any baseline of this project, and together in no other. */
const OURS = ['_prisma_migrations', 'operations', 'journeys', 'person_keys'];

/**
 * Drops everything in the schema `public` of the database at `url`, rows included; an empty database stays as it is.
 * @throws MigrationRefused where something else stands there
 */
export async function resetDatabase(url: string): Promise<void> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 10_000,
    application_name: 'homeward reset',
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<{ database: string; tables: string[] }>(
      `select current_database() as database,
              array(select relname::text from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r') as tables`,
    );
    const { database = '', tables = [] } = rows[0] ?? {};
    if (tables.length === 0) return;
    const missing = OURS.filter((table) => !tables.includes(table));
    if (missing.length > 0) {
      throw new MigrationRefused(
        `The database ${database} is not one of Homeward (it has tables, and not ${missing.join(', ')}), so it is left as it is.`,
      );
    }
    await client.query(
      'begin; drop schema public cascade; create schema public; grant usage on schema public to public; commit',
    );
  } finally {
    await client.end();
  }
}

import { Client } from 'pg';
import { migrate } from '../../prisma/migrate.ts';
import { OtherBaseline } from '../../prisma/refused.ts';
import { RESET_OFFER } from '../../prisma/reset.ts';

const DATABASE = 'homeward';
const LOCAL_OFFER = ': `npm start -- --reset` makes the local data anew, empty.';

/** Makes the database of the local server where there is none. @param fresh one that is there goes first, with all its rows */
export async function createDatabase(adminUrl: string, fresh: boolean): Promise<string> {
  const admin = new Client({ connectionString: adminUrl });
  // A server that goes meanwhile fails the query that is under way; that is where it is told.
  admin.on('error', () => undefined);
  await admin.connect();
  try {
    if (fresh) await admin.query(`drop database if exists ${DATABASE} with (force)`);
    const { rows } = await admin.query('select 1 from pg_database where datname = $1', [DATABASE]);
    if (rows.length === 0) await admin.query(`create database ${DATABASE}`);
  } finally {
    await admin.end();
  }
  return DATABASE;
}

/**
 * Runs the migrations. @param isLocal whether the database is on the server of the data folder
 * @throws OtherBaseline with a sentence that offers to make the data anew
 */
export async function bringUpToDate(url: string, isLocal: boolean, say: (line: string) => void): Promise<void> {
  try {
    const { applied } = await migrate(url);
    if (applied.length === 0) return;
    say(`database brought up to date (${applied.length} migration${applied.length === 1 ? '' : 's'})`);
  } catch (error) {
    if (!(error instanceof OtherBaseline)) throw error;
    throw new OtherBaseline(`${error.message}${isLocal ? LOCAL_OFFER : RESET_OFFER}`, { cause: error });
  }
}

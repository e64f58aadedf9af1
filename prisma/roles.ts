import pg from 'pg';
import { MigrationRefused } from './refused.ts';

/** API and worker connect as this role or as a member of it. It owns nothing; the migrations say what it may do. */
export const APP_ROLE = 'homeward_app';
/** Reads and writes search keys. The app is a member of it; whoever is not sees no key. */
const SEARCH_ROLE = 'homeward_search';

/** SQLSTATEs: there is such a role by now, made by a migration of another database of this server; rights are missing. */
const EXISTS = ['42710', '23505'];
const NOT_ALLOWED = '42501';

/**
 * Makes the roles that the migrations give rights to, without a right to sign in. Roles belong to the server and not to a
 * database, so they may be there already. @throws MigrationRefused where the owner may not make roles
 */
export async function ensureRoles(client: pg.Client): Promise<void> {
  try {
    for (const role of [APP_ROLE, SEARCH_ROLE]) {
      const { rowCount } = await client.query('select from pg_roles where rolname = $1', [role]);
      if (rowCount === 0) await client.query(`create role ${role} nologin`).catch(unlessItExists);
    }
    const { rows } = await client.query<{ member: boolean }>(`select pg_has_role($1, $2, 'member') as member`, [
      APP_ROLE,
      SEARCH_ROLE,
    ]);
    if (rows[0]?.member !== true) await client.query(`grant ${SEARCH_ROLE} to ${APP_ROLE}`);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code !== NOT_ALLOWED) throw error;
    throw new MigrationRefused(
      `The database's owner may not make roles: let an administrator run "create role ${APP_ROLE}; create role ${SEARCH_ROLE}; grant ${SEARCH_ROLE} to ${APP_ROLE}" once.`,
      { cause: error },
    );
  }
}

function unlessItExists(error: unknown): void {
  if (error instanceof pg.DatabaseError && EXISTS.includes(error.code ?? '')) return;
  throw error;
}

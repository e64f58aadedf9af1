import { createHash } from 'node:crypto';
import pg from 'pg';
import { APP_ROLE, ensureRoles } from '../../prisma/roles.ts';

/** Password of the app's role on a local server: it follows from the owner's, and the owner's does not follow from it. */
export function appPassword(ownerPassword: string): string {
  return createHash('sha256').update(`${APP_ROLE} ${ownerPassword}`).digest('base64url');
}

/** Lets API and worker sign in to a local server as a role that owns nothing. */
export async function letAppSignIn(adminUrl: string, password: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  // A server that goes meanwhile fails the query that is under way; that is where it is told.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await ensureRoles(client);
    const { rowCount } = await client.query('select from pg_roles where rolname = $1 and rolcanlogin', [APP_ROLE]);
    if (rowCount === 0) {
      await client.query(`alter role ${APP_ROLE} login password ${client.escapeLiteral(password)}`);
    }
  } finally {
    await client.end();
  }
}

import type { Pool } from 'pg';
import type { Keyring } from '../../adapters/crypto/keyring.ts';
import { databaseOn } from '../../adapters/postgres/database.ts';
import { duplicateMatching } from '../../processes/composition/loops.ts';

/** The work of the duplicate matcher, on a pool. */
export const matching = (pool: Pool, keyring: Keyring) => duplicateMatching(keyring, Date.now)(databaseOn(pool));

/** Compares everybody who has not been compared. */
export async function compareAll(pool: Pool, keyring: Keyring): Promise<void> {
  const { matchNewcomers } = matching(pool, keyring);
  while ((await matchNewcomers()) > 0);
}

import type { Pool } from 'pg';
import { LONG } from './faultRun.ts';

/**
 * What a process held when it died is free after a minute: the key of a request, the head of a feed. The long form
 * waits for it; the short one moves the minute.
 */
export async function letLeasesEnd(db: Pool): Promise<void> {
  if (LONG) return;
  await db.query(`update idempotency_keys set created_at = created_at - interval '1 minute' where status is null`);
  await db.query(`update deliveries set next_attempt_at = now() where status = 'queued' and next_attempt_at > now()`);
}

import type { Pool } from 'pg';
import type { SecretBox } from '../../application/partners/secrets.ts';
import { iso } from '../../domain/time.ts';
import { raiseAlarm } from '../postgres/alarms.ts';
import { databaseOn } from '../postgres/database.ts';
import { notifier } from '../postgres/notifications.ts';
import { type Received, receive } from '../postgres/partners/inbox.ts';
import { readPartnerSecrets } from '../postgres/partners/partners.ts';
import { type Verification, verify } from '../webhooks/signature.ts';

export type CallbackDeps = {
  pool: Pool;
  secrets: SecretBox;
  /** epoch milliseconds of real time */
  now?: () => number;
};

/** The ports of the callback route (api/routes/callbacks.ts). */
export function callbackPorts({ pool, secrets, now = Date.now }: CallbackDeps) {
  const notifyInbox = notifier(pool, 'inbox');
  const db = databaseOn(pool);
  return {
    secretsOf: (partnerId: string): Promise<string[]> => readPartnerSecrets(db, secrets, partnerId),
    verify: (...args: Parameters<typeof verify>): Verification => verify(...args),
    encrypt: secrets.encrypt,
    async receive(received: Received): Promise<boolean> {
      const isNew = await receive(pool, received);
      if (isNew) notifyInbox();
      return isNew;
    },
    async forged(partnerId: string, fault: string): Promise<void> {
      // One alarm an hour, so that a forger cannot fill the table.
      const hour = iso(now()).slice(0, 13);
      await raiseAlarm(pool, { subject: partnerId, kind: 'forged_callback', detail: { fault } }, hour);
    },
    clock: now,
  };
}

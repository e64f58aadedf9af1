import type { Pool } from 'pg';
import type { SecretBox } from '../../application/partners/secrets.ts';
import type { CallbackPorts } from '../../application/requests/receiveCallback.ts';
import { iso } from '../../domain/time.ts';
import { raiseAlarm } from '../postgres/alarms.ts';
import { databaseOn, notifier } from '../postgres/database.ts';
import { readPartnerSecrets } from '../postgres/partners/partners.ts';
import { receive } from '../postgres/requests.ts';
import { verify } from '../webhooks/signature.ts';

/** How callbacks are verified and stored. @param now epoch milliseconds of real time */
export function callbacksOn(pool: Pool, secrets: SecretBox, now: () => number = Date.now): CallbackPorts {
  const db = databaseOn(pool);
  const notifyInbox = notifier(pool, 'inbox');
  return {
    secretsOf: (partnerId) => readPartnerSecrets(db, secrets, partnerId),
    verify,
    encrypt(owner, secret) {
      const { keyId, encrypted } = secrets.encrypt(owner, [secret]);
      return { keyId, encrypted: encrypted.toString('base64') };
    },
    async receive(message) {
      const isNew = await receive(db, message);
      if (isNew) notifyInbox();
      return isNew;
    },
    forged: (partnerId, fault, hour) =>
      raiseAlarm(db, { subject: partnerId, kind: 'forged_callback', detail: { fault } }, iso(hour).slice(0, 13)),
    clock: now,
  };
}

import { newId } from '../../application/ids.ts';
import type { Queryable } from '../postgres/database.ts';
import { readFeedEndpoint } from '../postgres/partners/deliveries.ts';
import type { SecretBox } from '../postgres/partners/partners.ts';
import type { GuardedClient } from '../webhooks/client.ts';
import { type DeliveryEnd, deliver } from '../webhooks/send.ts';

/** Sends one signed event without meaning, at once, so that a partner can test an endpoint. */
export async function sendTestEvent(
  { db, secrets, client }: { db: Queryable; secrets: Pick<SecretBox, 'open'>; client: GuardedClient },
  endpointId: string,
): Promise<DeliveryEnd | undefined> {
  const endpoint = await readFeedEndpoint(db, endpointId);
  if (!endpoint || endpoint.status === 'removed') return undefined;
  const now = new Date();
  return deliver(
    {
      url: endpoint.url,
      id: newId('event'),
      timestamp: now.getTime() / 1_000,
      body: JSON.stringify({ type: 'endpoint.test', timestamp: now.toISOString(), data: { endpoint_id: endpointId } }),
      secrets: secrets.open(endpoint.id, { encrypted: endpoint.secrets, keyId: endpoint.keyId }),
    },
    client,
  );
}

import type { Pool } from 'pg';
import type { DueEvent, FeedPorts } from '../../activities/feed.ts';
import { iso } from '../../domain/time.ts';
import { raiseAlarm } from '../postgres/alarms.ts';
import { databaseOn } from '../postgres/database.ts';
import { operationTime, operationTimes } from '../postgres/operations/clocks.ts';
import {
  agreedEventTypes,
  claimHeads,
  disableEndpoint,
  nextDueIn,
  noteHealth,
  openFeedTask,
  postponeDeliveries,
  readFeedEndpoint,
  settleDeliveries,
} from '../postgres/partners/deliveries.ts';
import type { SecretBox } from '../postgres/partners/partners.ts';
import type { GuardedClient } from '../webhooks/client.ts';
import { deliver } from '../webhooks/send.ts';

export type FeedDeps = {
  pool: Pool;
  secrets: Pick<SecretBox, 'open'>;
  client: GuardedClient;
  /** of the running activity: the worker provides it, because only it has the context */
  heartbeat(): void;
  leaving(): boolean;
  /** milliseconds for one attempt */
  timeoutMs?: number;
};

/** The feed's ports on PostgreSQL and the guarded HTTP client. */
export function feedPorts({ pool, secrets, client, heartbeat, leaving, timeoutMs }: FeedDeps): FeedPorts {
  const db = databaseOn(pool);
  return {
    async endpoint(endpointId) {
      const row = await readFeedEndpoint(pool, endpointId);
      return (
        row && {
          partnerId: row.partnerId,
          url: row.url,
          secrets: secrets.open(row.id, { encrypted: row.secrets, keyId: row.keyId }),
          open: row.status === 'active' && row.partnerActive,
          removed: row.status === 'removed',
        }
      );
    },

    async claim(endpointId, partnerId, limit) {
      const claimed = await claimHeads(pool, endpointId, limit);
      if (claimed.length === 0) return [];
      const times = await operationTimes(
        db,
        claimed.map(({ operationId }) => operationId),
        Date.now(),
      );
      const agreed = await agreedEventTypes(pool, partnerId, new Map([...times].map(([id, at]) => [id, iso(at)])));
      return claimed.map(({ at, mayShare, ...event }): DueEvent => {
        const covered = agreed.get(event.operationId)?.has(event.type) ?? false;
        return {
          ...event,
          at: at.getTime(),
          ...(covered ? (mayShare ? {} : { withhold: 'not_shared' as const }) : { withhold: 'no_agreement' as const }),
        };
      });
    },

    async send(endpoint, message) {
      return deliver({ url: endpoint.url, secrets: endpoint.secrets, ...message }, client, timeoutMs);
    },

    settle: (endpointId, settled) => settleDeliveries(pool, endpointId, settled),
    postpone: (endpointId, outboxIds, inMs) => postponeDeliveries(pool, endpointId, outboxIds, inMs),
    nextDueIn: (endpointId) => nextDueIn(pool, endpointId),
    noteHealth: async (endpointId, answers) => (await noteHealth(pool, endpointId, answers))?.getTime() ?? null,

    async disable(endpointId, because, last) {
      if (!(await disableEndpoint(pool, endpointId))) return;
      const { operationId } = last;
      await raiseAlarm(
        pool,
        { operationId, subject: endpointId, kind: 'endpoint_disabled', detail: { because } },
        iso(Date.now()),
      );
      await openFeedTask(pool, {
        id: `endpoint_disabled.${endpointId}`,
        operationId,
        subject: endpointId,
        kind: 'endpoint_disabled',
        role: 'admin',
        at: iso(await operationTime(db, operationId, Date.now())),
        data: { because },
      });
    },

    async suspended(endpointId, event) {
      await openFeedTask(pool, {
        id: `webhook_suspended.${endpointId}.${event.subject}`,
        operationId: event.operationId,
        subject: endpointId,
        kind: 'webhook_suspended',
        role: 'duty_supervisor',
        at: iso(await operationTime(db, event.operationId, Date.now())),
        data: { event: event.outboxId, subject: event.subject, position: event.position, type: event.type },
      });
    },

    heartbeat,
    leaving,
    now: Date.now,
    jitter: Math.random,
  };
}

import type { Pool } from 'pg';
import type { EventType } from '../../../domain/outboxEvents.ts';
import { type Instant, iso } from '../../../domain/time.ts';
import type { DeliveryStatus, EndpointStatus } from '../../../domain/webhooks/statuses.ts';
import { epoch } from '../database.ts';

export type PartnerKind = 'registry' | 'consulate' | 'carrier' | 'border' | 'clinic' | 'agency';
export type Partner = {
  id: string;
  kind: PartnerKind;
  name: string;
  state: string | null;
  baseUrl: string | null;
  status: 'active' | 'suspended';
  createdAt: Instant;
};
export type Agreement = {
  id: string;
  partnerId: string;
  operationId: string;
  purposes: string[];
  fields: string[];
  eventTypes: EventType[];
  reference: string;
  validFrom: Instant;
  validUntil: Instant | null;
};
export type Endpoint = {
  id: string;
  partnerId: string;
  url: string;
  eventTypes: EventType[];
  status: EndpointStatus;
  failingSince: Instant | null;
  createdAt: Instant;
};
export type Delivery = {
  outboxId: string;
  endpointId: string;
  subject: string;
  position: number;
  type: string;
  status: DeliveryStatus;
  attempts: number;
  nextAttemptAt: Instant;
  redactedReason: string | null;
  deliveredAt: Instant | null;
  tries: Array<{ attempt: number; sentAt: Instant; tookMs: number; httpStatus: number | null; failure: string | null }>;
};
/** Secrets of a partner or endpoint, encrypted by adapters/crypto; the newest first. */
export type EncryptedSecrets = { encrypted: Buffer; keyId: string };

const PARTNER = `id, kind, name, state, base_url as "baseUrl", status, ${epoch('created_at', 'createdAt')}`;
const ENDPOINT = `id, partner_id as "partnerId", url, event_types as "eventTypes", status, ${epoch('failing_since', 'failingSince')}, ${epoch('created_at', 'createdAt')}`;
const AGREEMENT = `id, partner_id as "partnerId", operation_id as "operationId", purposes, fields, event_types as "eventTypes", reference,
  ${epoch('valid_from', 'validFrom')}, ${epoch('valid_until', 'validUntil')}`;

export function createPartners(pool: Pool) {
  return {
    /** Idempotent by id. */
    async register(
      partner: Pick<Partner, 'id' | 'kind' | 'name' | 'state' | 'baseUrl'> & {
        createdBy: string;
        secrets: EncryptedSecrets;
      },
    ): Promise<void> {
      await pool.query(
        `insert into partners (id, kind, name, state, base_url, secrets, key_id, created_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (id) do nothing`,
        [
          partner.id,
          partner.kind,
          partner.name,
          partner.state,
          partner.baseUrl,
          partner.secrets.encrypted,
          partner.secrets.keyId,
          partner.createdBy,
        ],
      );
    },

    async list(filter: { kind?: string; operation?: string }, limit: number, after?: string): Promise<Partner[]> {
      const { rows } = await pool.query<Partner>(
        `select ${PARTNER} from partners
          where ($1::text is null or kind = $1) and ($2::text is null or id > $2)
            and ($3::text is null or id in (select partner_id from operation_partners where operation_id = $3)) order by id limit $4`,
        [filter.kind ?? null, after ?? null, filter.operation ?? null, limit + 1],
      );
      return rows;
    },

    async read(id: string): Promise<Partner | undefined> {
      const { rows } = await pool.query<Partner>(`select ${PARTNER} from partners where id = $1`, [id]);
      return rows[0];
    },

    /** Which of these ids belong to no partner. */
    async unknown(ids: readonly string[]): Promise<string[]> {
      const { rows } = await pool.query<{ id: string }>(
        'select id from unnest($1::text[]) as id where id not in (select id from partners)',
        [ids],
      );
      return rows.map((row) => row.id);
    },

    async ofOperation(operationId: string): Promise<Array<Pick<Partner, 'id' | 'kind' | 'name' | 'state'>>> {
      const { rows } = await pool.query(
        `select p.id, p.kind, p.name, p.state from operation_partners o join partners p on p.id = o.partner_id where o.operation_id = $1 order by p.kind, p.name`,
        [operationId],
      );
      return rows;
    },

    async agree(agreement: Agreement): Promise<void> {
      await pool.query(
        `insert into agreements (id, partner_id, operation_id, purposes, fields, event_types, reference, valid_from, valid_until)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (id) do nothing`,
        [
          agreement.id,
          agreement.partnerId,
          agreement.operationId,
          agreement.purposes,
          agreement.fields,
          agreement.eventTypes,
          agreement.reference,
          iso(agreement.validFrom),
          agreement.validUntil === null ? null : iso(agreement.validUntil),
        ],
      );
    },

    async agreements(partnerId: string, limit: number, after?: string): Promise<Agreement[]> {
      const { rows } = await pool.query<Agreement>(
        `select ${AGREEMENT} from agreements where partner_id = $1 and ($2::text is null or id > $2) order by id limit $3`,
        [partnerId, after ?? null, limit + 1],
      );
      return rows;
    },

    /** With the order to start its feed workflow. */
    async addEndpoint(
      endpoint: Pick<Endpoint, 'id' | 'partnerId' | 'url' | 'eventTypes'> & {
        createdBy: string;
        secrets: EncryptedSecrets;
        workflow: { id: string; taskQueue: string };
      },
    ): Promise<void> {
      await pool.query(
        `with made as (
           insert into endpoints (id, partner_id, url, event_types, secrets, key_id, created_by) values ($1, $2, $3, $4, $5, $6, $7)
           on conflict (id) do nothing returning id)
         insert into pending_starts (workflow_id, workflow, task_queue, input)
         select $8, 'partnerFeed', $9, jsonb_build_object('version', 1, 'endpointId', id) from made`,
        [
          endpoint.id,
          endpoint.partnerId,
          endpoint.url,
          endpoint.eventTypes,
          endpoint.secrets.encrypted,
          endpoint.secrets.keyId,
          endpoint.createdBy,
          endpoint.workflow.id,
          endpoint.workflow.taskQueue,
        ],
      );
    },

    async endpoints(partnerId: string, limit: number, after?: string): Promise<Endpoint[]> {
      const { rows } = await pool.query<Endpoint>(
        `select ${ENDPOINT} from endpoints where partner_id = $1 and ($2::text is null or id > $2) order by id limit $3`,
        [partnerId, after ?? null, limit + 1],
      );
      return rows;
    },

    async endpoint(id: string): Promise<(Endpoint & { secrets: EncryptedSecrets }) | undefined> {
      const { rows } = await pool.query<Endpoint & { encrypted: Buffer; keyId: string }>(
        `select ${ENDPOINT}, secrets as encrypted, key_id as "keyId" from endpoints where id = $1`,
        [id],
      );
      const row = rows[0];
      if (!row) return undefined;
      const { encrypted, keyId, ...endpoint } = row;
      return { ...endpoint, secrets: { encrypted, keyId } };
    },

    /** @param status the new status; a removed endpoint stays removed. False if it was removed */
    async setEndpoint(id: string, status: 'active' | 'removed'): Promise<boolean> {
      const { rowCount } = await pool.query(
        "update endpoints set status = $2, failing_since = null where id = $1 and status <> 'removed'",
        [id, status],
      );
      return rowCount === 1;
    },

    async setSecrets(id: string, secrets: EncryptedSecrets): Promise<void> {
      await pool.query('update endpoints set secrets = $2, key_id = $3 where id = $1', [
        id,
        secrets.encrypted,
        secrets.keyId,
      ]);
    },

    /** Newest first, each with its attempts. @param after position */
    async deliveries(
      endpointId: string,
      status: string | undefined,
      limit: number,
      after?: number,
    ): Promise<Delivery[]> {
      const { rows } = await pool.query<Delivery>(
        `select d.outbox_id as "outboxId", d.endpoint_id as "endpointId", d.subject, d.position, o.type, d.status, d.attempts,
                ${epoch('d.next_attempt_at', 'nextAttemptAt')}, d.redacted_reason as "redactedReason", ${epoch('d.delivered_at', 'deliveredAt')},
                (select coalesce(jsonb_agg(jsonb_build_object('attempt', a.attempt, 'sentAt', extract(epoch from a.sent_at) * 1000, 'tookMs', a.took_ms,
                   'httpStatus', a.http_status, 'failure', a.failure) order by a.attempt), '[]')
                   from delivery_attempts a where a.endpoint_id = d.endpoint_id and a.outbox_id = d.outbox_id) as tries
           from deliveries d join outbox o on o.id = d.outbox_id
          where d.endpoint_id = $1 and ($2::text is null or d.status = $2) and ($3::bigint is null or d.position < $3)
          order by d.position desc limit $4`,
        [endpointId, status ?? null, after ?? null, limit + 1],
      );
      return rows;
    },
  };
}

export type Partners = ReturnType<typeof createPartners>;

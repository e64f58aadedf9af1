import type { Pool } from 'pg';
import { newId } from '../../application/ids.ts';
import type { SecretBox } from '../../application/partners/partners.ts';
import type { PartnerKind } from '../../domain/requests/definition.ts';

/** Rows of a system for tests, written as plainly as the schema allows. */

/** Encrypts by encoding alone, bound to its owner: for tests that are not about encryption. */
export const openBox: SecretBox = {
  encrypt: (owner, secrets) => ({ keyId: 'test', encrypted: Buffer.from(JSON.stringify([owner, ...secrets])) }),
  open: (owner, { encrypted }) => {
    const [boundTo, ...secrets] = JSON.parse(encrypted.toString()) as string[];
    if (boundTo !== owner) throw new Error('Encrypted for somebody else');
    return secrets;
  },
};

/** A running operation on the real clock. */
export async function insertOperation(pool: Pool, { secondsPerDay = 86_400 } = {}): Promise<string> {
  const id = newId('operation');
  await pool.query(
    `insert into operations (id, kind, name, country, status, government_request_ref, created_by, starts_at)
     values ($1, 'evacuation', 'Test', 'VUT', 'running', 'REF-1', 'test', '2026-01-01T00:00Z')`,
    [id],
  );
  await pool.query(
    `insert into clock_segments (operation_id, position, from_operation_time, from_real_time, seconds_per_day)
     values ($1, 0, to_timestamp(0), to_timestamp(0), $2)`,
    [id, secondsPerDay],
  );
  return id;
}

export type JourneyRow = { journeyId: string; personId: string; householdId: string };

/** One person, alone in a household, who has agreed to share. */
export async function insertJourney(
  pool: Pool,
  operationId: string,
  { nationality = 'VUT', householdId = newId('household') } = {},
): Promise<JourneyRow> {
  const personId = newId('person');
  const journeyId = newId('journey');
  await pool.query(
    `insert into households (id, operation_id, reference, requested_at, head_nationality) values ($1, $2, $1, now(), $3) on conflict do nothing`,
    [householdId, operationId, nationality],
  );
  await pool.query(`insert into persons (id, nationality, sex, traveller) values ($1, $2, 'F', 'adult')`, [
    personId,
    nationality,
  ]);
  await pool.query(
    `insert into journeys (id, person_id, operation_id, household_id, relationship, is_head, registered_at, status_since,
                           identity, screening, consent, consent_version, consent_confirmed_at, consent_sharing, consent_own_state)
     values ($1, $2, $3, $4, 'HEAD', true, now(), now(), 'confirmed', 'done', 'given', 1, now(), true, true)`,
    [journeyId, personId, operationId, householdId],
  );
  return { journeyId, personId, householdId };
}

/** A secret that signs, of no partner outside this test. */
export const TEST_SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

export async function insertPartner(
  pool: Pool,
  operationId: string,
  {
    kind = 'agency',
    state = null,
    baseUrl = null,
    secret = TEST_SECRET,
  }: { kind?: PartnerKind; state?: string | null; baseUrl?: string | null; secret?: string } = {},
): Promise<string> {
  const id = newId('partner');
  const { encrypted, keyId } = openBox.encrypt(id, [secret]);
  await pool.query(
    `insert into partners (id, kind, name, state, base_url, secrets, key_id, created_by) values ($1, $2, 'Partner', $3, $4, $5, $6, 'test')`,
    [id, kind, state, baseUrl, encrypted, keyId],
  );
  await pool.query('insert into operation_partners (operation_id, partner_id) values ($1, $2)', [operationId, id]);
  return id;
}

export async function insertAgreement(
  pool: Pool,
  partnerId: string,
  operationId: string,
  {
    purposes = [] as string[],
    fields = [] as string[],
    eventTypes = [] as string[],
    validUntil = null as string | null,
  } = {},
): Promise<string> {
  const id = newId('agreement');
  await pool.query(
    `insert into agreements (id, partner_id, operation_id, purposes, fields, event_types, reference, valid_from, valid_until)
     values ($1, $2, $3, $4, $5, $6, 'MoU 1', '2000-01-01', $7)`,
    [id, partnerId, operationId, purposes, fields, eventTypes, validUntil],
  );
  return id;
}

export async function insertEndpoint(
  pool: Pool,
  partnerId: string,
  url: string,
  eventTypes: readonly string[],
  secret = TEST_SECRET,
): Promise<string> {
  const id = newId('endpoint');
  const { encrypted, keyId } = openBox.encrypt(id, [secret]);
  await pool.query(
    `insert into endpoints (id, partner_id, url, event_types, secrets, key_id, created_by) values ($1, $2, $3, $4, $5, $6, 'test')`,
    [id, partnerId, url, eventTypes, encrypted, keyId],
  );
  return id;
}

/** An event in the outbox, as `record` writes it. */
export async function insertEvent(
  pool: Pool,
  event: {
    operationId: string;
    subject: string;
    seq: number;
    type: string;
    data?: Record<string, unknown>;
    createdAt?: Date;
  },
): Promise<string> {
  const id = newId('event');
  await pool.query(
    `insert into outbox (id, operation_id, subject, seq, type, at, data, created_at) values ($1, $2, $3, $4, $5, now(), $6, coalesce($7, now()))`,
    [id, event.operationId, event.subject, event.seq, event.type, event.data ?? {}, event.createdAt ?? null],
  );
  return id;
}

/** Asks again and again until `ready` says so; fails by the test's own timeout. */
export async function eventually(ready: () => Promise<boolean> | boolean, everyMs = 20): Promise<void> {
  while (!(await ready())) await new Promise((resolve) => setTimeout(resolve, everyMs));
}

export const silentLog = { info: () => {}, warn: () => {} };

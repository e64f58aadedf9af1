import type { PartnerKind } from '../../../domain/requests/definition.ts';
import { type Instant, iso } from '../../../domain/time.ts';
import type { Queryable } from '../database.ts';

export type Encrypted = { encrypted: Buffer; keyId: string };

/**
 * Encrypts short lists of secrets under a key of the system. `owner` is bound in, so that a value decrypts only for its
 * row. Secrets are ordered newest first; during a rotation the old one is valid too.
 */
export type SecretBox = {
  encrypt(owner: string, secrets: readonly string[]): Encrypted;
  /** @throws Error if key or owner do not match, or the bytes were changed */
  open(owner: string, encrypted: Encrypted): string[];
};

/** The shared secrets of a partner, newest first; empty if it has none or is unknown. */
export async function readPartnerSecrets(
  db: Queryable,
  box: Pick<SecretBox, 'open'>,
  partnerId: string,
): Promise<string[]> {
  const { rows } = await db.query<{ secrets: Buffer | null; key_id: string | null }>(
    'select secrets, key_id from partners where id = $1',
    [partnerId],
  );
  const row = rows[0];
  return row?.secrets && row.key_id ? box.open(partnerId, { encrypted: row.secrets, keyId: row.key_id }) : [];
}

export type Agreement = { id: string; fields: string[] };

/** The agreement under which a partner may receive data for `purpose` at `at` (operation time); the widest of several. */
export async function findAgreement(
  db: Queryable,
  about: { partnerId: string; operationId: string; purpose: string; at: Instant },
): Promise<Agreement | undefined> {
  const { rows } = await db.query<Agreement>(
    `select id, fields from agreements
      where partner_id = $1 and operation_id = $2 and $3 = any (purposes)
        and valid_from <= $4 and (valid_until is null or valid_until > $4)
      order by cardinality(fields) desc, id limit 1`,
    [about.partnerId, about.operationId, about.purpose, iso(about.at)],
  );
  return rows[0];
}

/** A partner with all data that is needed to call it. */
export type PartnerEndpoint = { id: string; kind: PartnerKind; baseUrl: string; secrets: string[] };

type Raw = { id: string; kind: PartnerKind; base_url: string | null; secrets: Buffer | null; key_id: string | null };

const COLUMNS = 'p.id, p.kind, p.base_url, p.secrets, p.key_id';

const toPartner = (
  { id, kind, base_url, secrets, key_id }: Raw,
  box: Pick<SecretBox, 'open'>,
): PartnerEndpoint | undefined =>
  base_url && secrets && key_id
    ? { id, kind, baseUrl: base_url, secrets: box.open(id, { encrypted: secrets, keyId: key_id }) }
    : undefined;

/** One partner to call; undefined if it is suspended or has no address. */
export async function readPartnerEndpoint(
  db: Queryable,
  box: Pick<SecretBox, 'open'>,
  partnerId: string,
): Promise<PartnerEndpoint | undefined> {
  const { rows } = await db.query<Raw>(`select ${COLUMNS} from partners p where p.id = $1 and p.status = 'active'`, [
    partnerId,
  ]);
  return rows[0] && toPartner(rows[0], box);
}

/**
 * The operation's partner of this kind. A consulate must be of `state`. A registry must be of `state` or serve
 * everybody, so that no data goes to another State. For other kinds the state does not matter.
 * @param about.partnerId this partner, if it belongs to the operation
 */
export async function choosePartner(
  db: Queryable,
  box: Pick<SecretBox, 'open'>,
  about: { operationId: string; kind: PartnerKind; state?: string; partnerId?: string },
): Promise<PartnerEndpoint | undefined> {
  const { rows } = await db.query<Raw>(
    `select ${COLUMNS} from operation_partners o join partners p on p.id = o.partner_id
      where o.operation_id = $1 and p.kind = $2 and p.status = 'active' and p.base_url is not null
        and case when $4::text is not null then p.id = $4
                 when p.kind = 'consulate' then p.state = $3
                 when p.kind = 'registry' then p.state is null or p.state = $3
                 else true end
      order by p.state is not distinct from $3 desc, p.id limit 1`,
    [about.operationId, about.kind, about.state ?? null, about.partnerId ?? null],
  );
  return rows[0] && toPartner(rows[0], box);
}

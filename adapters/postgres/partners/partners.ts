import type { PartnerKind } from '../../../domain/partners/protocol.ts';
import { type Instant, iso } from '../../../domain/time.ts';
import type { Queryable } from '../database.ts';

export type Encrypted = { encrypted: Buffer; keyId: string };

/**
 * Encrypts short lists of secrets under a key of the system. `owner` is bound in: what was encrypted for one row opens for no
 * other. Secrets stand newest first: while one is being replaced the old one counts too.
 */
export type SecretBox = {
  encrypt(owner: string, secrets: readonly string[]): Encrypted;
  /** @throws Error where key or owner do not fit, or the bytes were changed */
  open(owner: string, encrypted: Encrypted): string[];
};

/** The secrets by which a partner and we sign to each other, newest first; empty where it has none or is unknown. */
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

/** The agreement under which a partner may be told something for `purpose` at `at` (operation time); the widest of several. */
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

/** A partner with everything that is needed to call it. */
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

/** One partner as a partner to call; undefined where it is suspended or has no address. */
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
 * The operation's partner of this kind. A consulate is that of `state`, and no other will do; a registry is that of
 * `state`, or one that serves everybody: nobody's data go to another State's. Of others their state does not matter.
 * @param about.partnerId this one, if it is one of the operation's
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

import { sql } from 'kysely';
import type {
  Agreement,
  PartnerEndpoint,
  PartnerPorts,
  PartnerReads,
  SecretBox,
} from '../../../application/partners/partners.ts';
import type { PartnerKind } from '../../../domain/requests/definition.ts';
import type { RequestKind } from '../../../domain/requests/index.ts';
import type { Instant } from '../../../domain/time.ts';
import { anyOf, type Db, instant, moment } from '../database.ts';
import type { Partner as PartnerRow } from '../generated/kysely/tables.ts';
import type { PrismaClient } from '../prisma.ts';

export function partnersOn(db: Db, prisma: PrismaClient): PartnerReads & Pick<PartnerPorts, 'add' | 'addAgreement'> {
  const partners = db
    .selectFrom('partners')
    .select(['id', 'kind', 'name', 'state', 'baseUrl', 'status'])
    .select((eb) => instant(eb, 'createdAt'));

  return {
    async add({ secrets, ...partner }) {
      const data = { ...partner, secrets: Uint8Array.from(secrets.encrypted), keyId: secrets.keyId };
      await prisma.partner.createMany({ data: [data], skipDuplicates: true });
    },

    async addAgreement({ validFrom, validUntil, ...agreement }) {
      const valid = { validFrom: new Date(validFrom), validUntil: validUntil === null ? null : new Date(validUntil) };
      await prisma.agreement.createMany({ data: [{ ...agreement, ...valid }], skipDuplicates: true });
    },

    list({ kind, operation }, limit, after) {
      let query = partners.orderBy('id').limit(limit + 1);
      if (kind !== undefined) query = query.where('kind', '=', kind);
      if (after !== undefined) query = query.where('id', '>', after);
      if (operation !== undefined)
        query = query.where('id', 'in', (eb) =>
          eb.selectFrom('operationPartners').select('partnerId').where('operationId', '=', operation),
        );
      return query.execute();
    },

    read: (id) => partners.where('id', '=', id).executeTakeFirst(),

    async unknown(ids) {
      const known = await db.selectFrom('partners').select('id').where('id', '=', anyOf(ids)).execute();
      const knownIds = new Set(known.map(({ id }) => id));
      return ids.filter((id) => !knownIds.has(id));
    },

    ofOperation: (operationId) =>
      db
        .selectFrom('operationPartners as o')
        .innerJoin('partners as p', 'p.id', 'o.partnerId')
        .select(['p.id', 'p.kind', 'p.name', 'p.state'])
        .where('o.operationId', '=', operationId)
        .orderBy('p.kind')
        .orderBy('p.name')
        .execute(),

    agreements(partnerId, limit, after) {
      let query = db
        .selectFrom('agreements')
        .select(['id', 'partnerId', 'operationId', 'purposes', 'fields', 'eventTypes', 'reference'])
        .select((eb) => [instant(eb, 'validFrom'), instant(eb, 'validUntil')])
        .where('partnerId', '=', partnerId);
      if (after !== undefined) query = query.where('id', '>', after);
      return query
        .orderBy('id')
        .limit(limit + 1)
        .execute();
    },
  };
}

type Opener = Pick<SecretBox, 'open'>;

/** The shared secrets of a partner, newest first; empty if it has none or is unknown. */
export async function readPartnerSecrets(db: Db, box: Opener, partnerId: string): Promise<string[]> {
  const row = await db
    .selectFrom('partners')
    .select(['id', 'secrets', 'keyId'])
    .where('id', '=', partnerId)
    .executeTakeFirst();
  return row ? opened(row, box) : [];
}

const opened = ({ id, secrets, keyId }: Pick<PartnerRow, 'id' | 'secrets' | 'keyId'>, box: Opener): string[] =>
  secrets && keyId ? box.open(id, { encrypted: secrets, keyId }) : [];

/** The agreement under which a partner may receive data for `purpose` at `at` (operation time); the widest of several. */
export function findAgreement(
  db: Db,
  about: { partnerId: string; operationId: string; purpose: RequestKind; at: Instant },
): Promise<Pick<Agreement, 'id' | 'fields'> | undefined> {
  return db
    .selectFrom('agreements')
    .select(['id', 'fields'])
    .where('partnerId', '=', about.partnerId)
    .where('operationId', '=', about.operationId)
    .where(sql<boolean>`${about.purpose} = any (purposes)`)
    .where('validFrom', '<=', moment(about.at))
    .where((eb) => eb.or([eb('validUntil', 'is', null), eb('validUntil', '>', moment(about.at))]))
    .orderBy(sql`cardinality(fields)`, 'desc')
    .orderBy('id')
    .limit(1)
    .executeTakeFirst();
}

const callable = (db: Db) =>
  db
    .selectFrom('partners as p')
    .select(['p.id', 'p.kind', 'p.baseUrl', 'p.secrets', 'p.keyId'])
    .where('p.status', '=', 'active')
    .where('p.baseUrl', 'is not', null);

type Callable = Pick<PartnerRow, 'id' | 'kind' | 'baseUrl' | 'secrets' | 'keyId'>;

function endpointOf(row: Callable | undefined, box: Opener): PartnerEndpoint | undefined {
  const secrets = row ? opened(row, box) : [];
  return row?.baseUrl && secrets.length > 0 ? { id: row.id, kind: row.kind, baseUrl: row.baseUrl, secrets } : undefined;
}

/** One partner to call; undefined if it is suspended or has no address. */
export async function readPartnerEndpoint(
  db: Db,
  box: Opener,
  partnerId: string,
): Promise<PartnerEndpoint | undefined> {
  return endpointOf(await callable(db).where('p.id', '=', partnerId).executeTakeFirst(), box);
}

/**
 * The operation's partner of this kind. A consulate must be of `state`. A registry must be of `state` or serve
 * everybody, so that no data goes to another State. For other kinds the state does not matter.
 * @param about.partnerId this partner, if it belongs to the operation
 */
export async function choosePartner(
  db: Db,
  box: Opener,
  {
    operationId,
    kind,
    state,
    partnerId,
  }: { operationId: string; kind: PartnerKind; state?: string | undefined; partnerId?: string | undefined },
): Promise<PartnerEndpoint | undefined> {
  let query = callable(db)
    .innerJoin('operationPartners as o', 'o.partnerId', 'p.id')
    .where('o.operationId', '=', operationId)
    .where('p.kind', '=', kind);
  if (partnerId !== undefined) query = query.where('p.id', '=', partnerId);
  else if (kind === 'consulate') query = query.where('p.state', '=', state ?? null);
  else if (kind === 'registry')
    query = query.where((eb) => eb.or([eb('p.state', 'is', null), eb('p.state', '=', state ?? null)]));
  const row = await query
    .orderBy(sql`p.state is not distinct from ${state ?? null}::text`, 'desc')
    .orderBy('p.id')
    .limit(1)
    .executeTakeFirst();
  return endpointOf(row, box);
}

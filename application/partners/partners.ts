import type { EventType } from '../../domain/outboxEvents.ts';
import type { PartnerKind } from '../../domain/requests/definition.ts';
import type { PersonField } from '../../domain/requests/fields.ts';
import type { RequestKind } from '../../domain/requests/index.ts';
import type { Instant } from '../../domain/time.ts';

export type Partner = {
  id: string;
  kind: PartnerKind;
  name: string;
  state: string | null;
  baseUrl: string | null;
  status: 'active' | 'suspended';
  /** real time */
  createdAt: Instant;
};

/** What a partner may be told in an operation, for which purposes, on which written basis. */
export type Agreement = {
  id: string;
  partnerId: string;
  operationId: string;
  purposes: RequestKind[];
  fields: PersonField[];
  eventTypes: EventType[];
  reference: string;
  validFrom: Instant;
  validUntil: Instant | null;
};

/** A partner with all data that is needed to call it. */
export type PartnerEndpoint = Pick<Partner, 'id' | 'kind'> & { baseUrl: string; secrets: string[] };

/** Lists have one more than `limit` where there are more. */
export type PartnerReads = {
  list(
    filter: { kind?: PartnerKind | undefined; operation?: string | undefined },
    limit: number,
    after?: string,
  ): Promise<Partner[]>;
  read(id: string): Promise<Partner | undefined>;
  /** Which of these ids belong to no partner. */
  unknown(ids: readonly string[]): Promise<string[]>;
  ofOperation(operationId: string): Promise<Array<Pick<Partner, 'id' | 'kind' | 'name' | 'state'>>>;
  agreements(partnerId: string, limit: number, after?: string): Promise<Agreement[]>;
};

export type NewPartner = Pick<Partner, 'id' | 'kind' | 'name' | 'state' | 'baseUrl'> & { createdBy: string };

/** An address that the system may not send to. */
export type AddressRefused = { refused: 'address'; reason: string };

export type PartnerPorts = {
  secrets: Secrets;
  /** why the system may not send to this address; undefined if it may */
  refusedAddress(url: string): Promise<string | undefined>;
  /** idempotent by id */
  add(partner: NewPartner & { secrets: Encrypted }): Promise<void>;
  /** idempotent by id */
  addAgreement(agreement: Agreement): Promise<void>;
  /** operation time now */
  now(operationId: string): Promise<Instant>;
};

export function partners({ secrets, refusedAddress, add, addAgreement, now }: PartnerPorts) {
  return {
    async register(partner: NewPartner): Promise<{ secret: string } | { refused: 'no_state' } | AddressRefused> {
      if (partner.kind === 'consulate' && partner.state === null) return { refused: 'no_state' };
      const reason = partner.baseUrl === null ? undefined : await refusedAddress(partner.baseUrl);
      if (reason !== undefined) return { refused: 'address', reason };
      const secret = secrets.issue();
      await add({ ...partner, secrets: secrets.encrypt(partner.id, [secret]) });
      return { secret };
    },

    /** @param agreement valid from now on where it says no time */
    async agree(agreement: Omit<Agreement, 'validFrom'> & { validFrom: Instant | undefined }): Promise<void> {
      const validFrom = agreement.validFrom ?? (await now(agreement.operationId));
      await addAgreement({ ...agreement, validFrom });
    },
  };
}

/** Secrets of a partner or endpoint, encrypted together, the newest first. */
export type Encrypted = { encrypted: Buffer; keyId: string };

/**
 * Encrypts short lists of secrets under a key of the system. `owner` is bound in, so that a value decrypts only for its
 * row. During a rotation the old secret is valid too.
 */
export type SecretBox = {
  encrypt(owner: string, secrets: readonly string[]): Encrypted;
  /** @throws Error if key or owner do not match, or the bytes were changed */
  open(owner: string, encrypted: Encrypted): string[];
};

/** `issue`: a new secret that partner and system share; it is shown once. */
export type Secrets = SecretBox & { issue(): string };

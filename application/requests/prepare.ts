import { failedPreconditions, type Occasion, type PreconditionInput } from '../../domain/preconditions.ts';
import type { PartnerRequest } from '../../domain/requests/classify.ts';
import type { Data, PartnerKind } from '../../domain/requests/definition.ts';
import { fieldsFor, minimised, type PersonField, type PersonFields } from '../../domain/requests/fields.ts';
import { type Answer, isPersonRequest, REQUESTS, type RequestKind } from '../../domain/requests/index.ts';
import { type Instant, iso } from '../../domain/time.ts';
import { derivedId } from '../ids.ts';

export type SendInput = {
  kind: RequestKind;
  /** the journey or the movement that asks */
  subject: string;
  operationId: string;
  round: number;
  at: Instant;
  /** this partner, where a person or a contract names it */
  partnerId?: string | undefined;
};

/** What was sent about a person, and on which consent: an entry of the disclosure ledger. */
export type Disclosure = {
  /** derived from the content, so that a repeat is no second row */
  id: string;
  personId: string;
  journeyId: string;
  partnerId: string;
  requestId: string;
  purpose: string;
  fields: readonly string[];
  consentVersion: number;
  agreementId: string;
  at: Instant;
};

type Person = { personId: string; nationality: string; sex: string; consentVersion: number };
type About = { partnerId: string; operationId: string; purpose: RequestKind; at: Instant };

export type RequestStore = {
  /** Locks the journey: a hold or a withdrawal waits until the request is in the ledger, or came first and is seen. */
  lockPerson(journeyId: string): Promise<Person>;
  /** all that a partner could receive; the caller selects. Empty after erasure */
  personFields(person: Person): Promise<PersonFields>;
  /** fresh data for the preconditions; undefined for an unknown journey */
  preconditions(journeyId: string, about: About): Promise<PreconditionInput | undefined>;
  /** what a carrier or an agency receives of a movement: stops and counts */
  movement(movementId: string): Promise<Data>;
  /** the agreement that covers this; the widest of several */
  agreement(about: About): Promise<{ id: string; fields: string[] } | undefined>;
  /** the operation's partner of this kind for people of `state`, or the one that is named; only if it can be called */
  choosePartner(about: {
    operationId: string;
    kind: PartnerKind;
    state?: string | undefined;
    partnerId?: string | undefined;
  }): Promise<{ id: string } | undefined>;
  partner(id: string): Promise<{ id: string } | undefined>;
  operationTime(operationId: string): Promise<Instant>;
  find(requestId: string): Promise<PartnerRequest | undefined>;
  /** the request of this round, to any partner; locked */
  lockRound(subject: string, kind: RequestKind, round: number): Promise<PartnerRequest | undefined>;
  /** records a request before it is sent, or one more attempt of it */
  intend(request: Omit<PartnerRequest, 'status' | 'outcome' | 'reply'>): Promise<void>;
  disclose(disclosure: Disclosure): Promise<void>;
  /** the partner has it; returns its status, because a callback or a recall may have come first */
  taken(
    id: string,
    taken: { reference: string; acknowledged: boolean; reply?: Answer },
  ): Promise<PartnerRequest['status'] | undefined>;
  failed(id: string, code: string, final?: 'refused' | 'failed'): Promise<void>;
  recalled(id: string): Promise<void>;
};

export type Sent = { requestId: string; partnerId: string };

/**
 * Whether a request may be sent. `look_up`: an earlier attempt may have arrived, so the partner is asked for it before
 * anything is sent. `unsure`: the same, where the preconditions have failed since.
 */
export type Intent =
  | ({ outcome: 'ask'; message: Data } & Sent)
  | ({ outcome: 'look_up' } & Sent)
  | ({ outcome: 'already_requested'; at: Instant; reply?: Answer } & Sent)
  | { outcome: 'blocked'; reasons: string[]; unsure?: Sent }
  | { outcome: 'no_partner' };

/** `disclose` reads neither documents nor the age of a consent. */
const NO_NEEDS = { nationality: false, document: false, exitPermit: false };
const NO_RULES = { documentValidityAfterArrival: 0, consentMaxAge: 0 };
export const ENDED = 'journey_ended';

/** A registry is asked who somebody is. Anything else is for the way home of the household, and is asked when it can begin. */
function purposeOf(kind: RequestKind, { fitness }: PreconditionInput): NonNullable<Occasion['about']> {
  if (kind === 'registry') return 'person';
  return kind === 'fitness' && ['fit', 'fit_with', 'expired'].includes(fitness.status) ? 'renewal' : 'way';
}

/**
 * One decision in one transaction: whether the request of this round may be sent, to whom, and with which fields.
 * @param lookedUp the partner does not know an earlier attempt
 */
export async function prepare(
  store: RequestStore,
  { callbackBase, lookedUp }: { callbackBase: string; lookedUp: boolean },
  input: SendInput,
): Promise<Intent> {
  const { kind, subject, operationId, round } = input;
  const person = isPersonRequest(kind) ? await store.lockPerson(subject) : undefined;
  const last = await store.lockRound(subject, kind, round);
  const known = last && intentOf(last);
  if (known) {
    if (known.outcome === 'already_requested') await store.intend(last);
    return known;
  }
  // A partner that is named now and differs from the one that failed gets another request.
  const earlier = input.partnerId === undefined || input.partnerId === last?.partnerId ? last : undefined;
  const partnerId = earlier?.partnerId ?? input.partnerId;
  const partner = await partnerFor(store, { ...input, partnerId }, person, earlier !== undefined);
  if (!partner) return { outcome: 'no_partner' };
  const requestedAt = earlier?.requestedAt ?? input.at;
  const request = {
    id: earlier?.id ?? derivedId('request', subject, kind, partner.id, round),
    ...{ kind, subject, operationId, round, requestedAt, partnerId: partner.id },
  };
  const allowed = await mayDisclose(store, request, person);
  if ('reasons' in allowed) {
    const unsure = earlier && !lookedUp && { requestId: earlier.id, partnerId: earlier.partnerId };
    return { outcome: 'blocked', reasons: allowed.reasons, ...(unsure && { unsure }) };
  }
  if (!lookedUp) await store.intend(request);
  if (earlier && !lookedUp) return { outcome: 'look_up', requestId: earlier.id, partnerId: earlier.partnerId };
  const sent = person && minimised(await store.personFields(person), allowed.fields);
  if (person && sent) {
    await store.disclose({
      // Under another consent or agreement it is another disclosure, even of the same request.
      id: derivedId('disclosure', request.id, person.consentVersion, allowed.agreementId),
      ...{ personId: person.personId, journeyId: subject, partnerId: partner.id, requestId: request.id },
      ...{ purpose: kind, fields: Object.keys(sent), consentVersion: person.consentVersion },
      ...{ agreementId: allowed.agreementId, at: allowed.at },
    });
  }
  const about = sent ? { person: sent } : { movement: await store.movement(subject) };
  return {
    outcome: 'ask',
    requestId: request.id,
    partnerId: partner.id,
    message: {
      ...{ request_id: request.id, kind, operation: operationId, requested_at: iso(requestedAt), ...about },
      reply_to: `${callbackBase}/v1/callbacks/${partner.id}`,
    },
  };
}

/** What follows from the request of this round alone: the partner has it, or it was recalled. */
function intentOf({ id: requestId, partnerId, requestedAt: at, status, reply }: PartnerRequest): Intent | undefined {
  switch (status) {
    case 'sent':
    case 'acknowledged':
    case 'answered':
      return { outcome: 'already_requested', requestId, partnerId, at, ...(reply && { reply }) };
    case 'recalled':
      return { outcome: 'blocked', reasons: ['recalled'] };
    default:
      return undefined;
  }
}

async function partnerFor(
  store: RequestStore,
  { kind, operationId, partnerId }: SendInput,
  person: Person | undefined,
  again: boolean,
): Promise<{ id: string } | undefined> {
  const request = REQUESTS[kind];
  if (again && partnerId !== undefined) return store.partner(partnerId);
  // A contract names the carrier, whatever partners the operation has.
  if (request.about === 'movement' && !request.byAgreement)
    return partnerId === undefined ? undefined : store.partner(partnerId);
  return store.choosePartner({
    operationId,
    kind: request.to,
    state: person?.nationality,
    partnerId,
  });
}

/** What is about to go to whom. */
export type Disclosing = Pick<PartnerRequest, 'kind' | 'subject' | 'operationId' | 'partnerId'>;

type Allowed = { agreementId: string; at: Instant; fields: readonly PersonField[]; person?: Person };

/** Whether this may go to this partner now. About a person it is asked under the lock of their journey. */
export async function mayDisclose(
  store: RequestStore,
  { kind, subject, operationId, partnerId }: Disclosing,
  locked?: Person,
): Promise<{ reasons: string[] } | Allowed> {
  const person = isPersonRequest(kind) ? (locked ?? (await store.lockPerson(subject))) : undefined;
  const at = await store.operationTime(operationId);
  const about = { partnerId, operationId, purpose: kind, at };
  const agreement = await store.agreement(about);
  if (!isPersonRequest(kind)) {
    const { byAgreement } = REQUESTS[kind];
    if (byAgreement && !agreement) return { reasons: ['no_agreement'] };
    return { agreementId: agreement?.id ?? '', fields: [], at };
  }
  const input = await store.preconditions(subject, about);
  if (!input || !person) return { reasons: ['unknown_person'] };
  if (input.ended) return { reasons: [ENDED] };
  const reasons = failedPreconditions('disclose', input, {
    ...{ now: at, needs: NO_NEEDS, rules: NO_RULES },
    about: purposeOf(kind, input),
  });
  if (reasons.length > 0) return { reasons: reasons.map(({ code }) => code) };
  const fields = agreement && fieldsFor(kind, agreement.fields);
  return agreement && fields
    ? { agreementId: agreement.id, fields, at, person }
    : { reasons: ['agreement_too_narrow'] };
}

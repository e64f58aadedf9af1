import type { Pool } from 'pg';
import type { AskInput, BookingInput, Intent, OfficeStore, ReceptionInput } from '../../activities/offices.ts';
import { gate } from '../../domain/gate.ts';
import { fieldsFor, minimised } from '../../domain/offices/fields.ts';
import { ASKED_OF, type PersonRequestKind } from '../../domain/offices/protocol.ts';
import { type Instant, iso } from '../../domain/time.ts';
import { derivedId } from '../ids.ts';
import { raiseAlarm } from '../postgres/alarms.ts';
import { type Queryable, transaction } from '../postgres/database.ts';
import { readGateFacts } from '../postgres/gateFacts.ts';
import { operationTime } from '../postgres/operations/clocks.ts';
import { chooseOffice, findAgreement, type Office, readOffice, type SecretBox } from '../postgres/partners/partners.ts';
import {
  countAttempt,
  intendRequest,
  lockRound,
  markFailed,
  markRecalled,
  markTaken,
  type RequestRow,
  readRequest,
} from '../postgres/partners/requests.ts';
import { writeSent } from '../postgres/people/ledger.ts';
import type { Keyring } from '../secrets/envelope.ts';
import { type MovementMessage, readMovementMessage } from './movementMessage.ts';
import { lockPerson, readPersonFields } from './person.ts';

export type OfficeStoreDeps = {
  pool: Pool;
  keyring: Keyring;
  secrets: Pick<SecretBox, 'open'>;
  /** address of our API as offices reach it, without a slash at the end */
  callbackBase: string;
  /** epoch milliseconds of real time */
  now?: () => number;
};

/** `disclose` asks neither about papers nor about the age of a consent. */
const NO_NEEDS = { nationality: false, document: false, exitPermit: false };
const NO_RULES = { documentValidityAfterArrival: 0, consentMaxAge: 0 };

/** Questions to offices as rows: whether they may be asked, what may be said, and what came of it. */
export function officeStore({ pool, keyring, secrets, callbackBase, now = Date.now }: OfficeStoreDeps): OfficeStore {
  const replyTo = (partnerId: string): string => `${callbackBase}/v1/callbacks/${partnerId}`;

  return {
    intend: (kind, input) => transaction(pool, (client) => intend(client, kind, input)),
    intendBooking: (input) => transaction(pool, (client) => intendMovement(client, 'booking', input)),
    intendReception: (input) => transaction(pool, (client) => intendMovement(client, 'reception', input)),
    intendEvidence: (input) => transaction(pool, (client) => intendEvidence(client, input)),
    async findQuestion(requestId) {
      const request = await readRequest(pool, requestId);
      return request && { partnerId: request.partnerId, recalled: request.status === 'recalled' };
    },
    taken: (requestId, taken) => markTaken(pool, requestId, taken),
    failed: (requestId, code, final) => markFailed(pool, requestId, code, final),
    recalled: (requestId) => markRecalled(pool, requestId),
    alarm: (partnerId, requestId, { code }) =>
      raiseAlarm(
        pool,
        { subject: partnerId, kind: 'office_fails', detail: { code, request: requestId } },
        `${code} ${today(now())}`,
      ),
  };

  /** The whole decision under the lock of the journey: a hold or a withdrawal comes before it, or waits until it stands. */
  async function intend(client: Queryable, kind: PersonRequestKind, input: AskInput): Promise<Intent> {
    const person = await lockPerson(client, input.journeyId);
    const standing = await standingQuestion(client, input.journeyId, kind, input.round, input.partnerId);
    if (standing?.intent) return standing.intent;
    const office = standing
      ? await readOffice(client, secrets, standing.request.partnerId)
      : await chooseOffice(client, secrets, {
          operationId: input.operationId,
          kind: ASKED_OF[kind],
          state: person.nationality,
          ...(input.partnerId === undefined ? {} : { partnerId: input.partnerId }),
        });
    if (!office) return { outcome: 'no_office' };
    const at = await operationTime(client, input.operationId, now());
    const unsure = standing && { requestId: standing.request.id, partnerId: standing.request.partnerId };
    const may = await mayDisclose(client, {
      journeyId: input.journeyId,
      operationId: input.operationId,
      partnerId: office.id,
      kind,
      at,
    });
    if ('reasons' in may) return { outcome: 'blocked', reasons: may.reasons, ...(unsure ? { unsure } : {}) };

    const sent = minimised(await readPersonFields(client, keyring, person), may.fields);
    const requestId = standing?.request.id ?? derivedId('request', input.journeyId, kind, office.id, input.round);
    const { operationId, round } = input;
    const askedAt = standing?.request.askedAt ?? input.at;
    await intendRequest(client, {
      id: requestId,
      kind,
      subject: input.journeyId,
      operationId,
      partnerId: office.id,
      round,
      askedAt,
    });
    await writeSent(client, {
      // Under another consent or agreement it is another disclosure, though it be the same question.
      id: derivedId('disclosure', requestId, person.consentVersion, may.agreementId),
      personId: person.personId,
      journeyId: input.journeyId,
      partnerId: office.id,
      requestId,
      purpose: kind,
      fields: Object.keys(sent),
      consentVersion: person.consentVersion,
      agreementId: may.agreementId,
      at,
    });
    return ask(requestId, office, standing !== undefined, {
      kind,
      operation: operationId,
      asked_at: iso(askedAt),
      person: sent,
    });
  }

  async function intendMovement(
    client: Queryable,
    kind: 'booking' | 'reception',
    input: BookingInput | ReceptionInput,
  ): Promise<Intent> {
    const movement = await readMovementMessage(client, input.movementId);
    const standing = await standingQuestion(client, input.movementId, kind, input.round, input.partnerId);
    if (standing?.intent) return standing.intent;
    const partnerId = standing?.request.partnerId ?? input.partnerId;
    const office =
      kind === 'booking'
        ? partnerId === undefined
          ? undefined
          : await readOffice(client, secrets, partnerId)
        : await chooseOffice(client, secrets, {
            operationId: input.operationId,
            kind: ASKED_OF[kind],
            ...(partnerId === undefined ? {} : { partnerId }),
          });
    if (!office) return { outcome: 'no_office' };
    if (kind === 'reception') {
      // No person is named; but who comes when is told only to whom it was agreed with.
      const at = await operationTime(client, input.operationId, now());
      const agreed = await findAgreement(client, {
        partnerId: office.id,
        operationId: input.operationId,
        purpose: kind,
        at,
      });
      if (!agreed) return { outcome: 'blocked', reasons: ['no_agreement'] };
    }
    const requestId = standing?.request.id ?? derivedId('request', input.movementId, kind, office.id, input.round);
    const { operationId, round } = input;
    const askedAt = standing?.request.askedAt ?? input.at;
    await intendRequest(client, {
      id: requestId,
      kind,
      subject: input.movementId,
      operationId,
      partnerId: office.id,
      round,
      askedAt,
    });
    return ask(requestId, office, standing !== undefined, {
      kind,
      operation: operationId,
      asked_at: iso(askedAt),
      movement,
    });
  }

  async function intendEvidence(
    client: Queryable,
    { journeyId, requestId, kinds, at: saidAt }: { journeyId: string; requestId: string; kinds: string[]; at: Instant },
  ): Promise<{ partnerId: string; messageId: string } | undefined> {
    const request = await readRequest(client, requestId);
    if (!request || request.subject !== journeyId || request.status === 'recalled') return undefined;
    const person = await lockPerson(client, journeyId);
    const { operationId, partnerId } = request;
    const at = await operationTime(client, operationId, now());
    const may = await mayDisclose(client, { journeyId, operationId, partnerId, kind: 'verification', at });
    if ('reasons' in may) return undefined;
    const evidence = [...kinds].sort();
    await writeSent(client, {
      id: derivedId('disclosure', requestId, 'evidence', ...evidence, saidAt, person.consentVersion),
      personId: person.personId,
      journeyId,
      partnerId,
      requestId,
      purpose: 'verification',
      fields: evidence.map((kind) => `evidence:${kind}`),
      consentVersion: person.consentVersion,
      agreementId: may.agreementId,
      at,
    });
    return { partnerId, messageId: `${requestId}:evidence:${saidAt}` };
  }

  /** The question of this round, if it was written down; with `intent` where the office is known to have it. */
  async function standingQuestion(
    client: Queryable,
    subject: string,
    kind: RequestRow['kind'],
    round: number,
    wanted: string | undefined,
  ): Promise<{ request: RequestRow; intent?: Intent } | undefined> {
    const request = await lockRound(client, subject, kind, round);
    if (!request) return undefined;
    switch (request.status) {
      case 'sent':
      case 'acknowledged':
      case 'answered': {
        await countAttempt(client, request.id);
        const { id: requestId, partnerId, askedAt: at, reply } = request;
        return { request, intent: { outcome: 'standing', requestId, partnerId, at, ...(reply ? { reply } : {}) } };
      }
      case 'recalled':
        return { request, intent: { outcome: 'blocked', reasons: ['recalled'] } };
      default:
        // Another office than the one that could not be asked: another question.
        return wanted !== undefined && wanted !== request.partnerId ? undefined : { request };
    }
  }

  function ask(requestId: string, office: Office, lookUpFirst: boolean, message: QuestionBody): Intent {
    const { id: partnerId } = office;
    return {
      outcome: 'ask',
      question: {
        requestId,
        partnerId,
        lookUpFirst,
        message: { request_id: requestId, ...message, reply_to: replyTo(partnerId) },
      },
    };
  }

  async function mayDisclose(
    client: Queryable,
    about: { journeyId: string; operationId: string; partnerId: string; kind: PersonRequestKind; at: Instant },
  ): Promise<{ reasons: string[] } | { agreementId: string; fields: ReturnType<typeof fieldsFor> & object }> {
    const { journeyId, operationId, partnerId, kind, at } = about;
    const facts = (await readGateFacts(client, [journeyId], { at, partnerId, purpose: kind })).get(journeyId);
    if (!facts) return { reasons: ['unknown_person'] };
    const reasons = gate('disclose', facts, { now: at, needs: NO_NEEDS, rules: NO_RULES });
    if (reasons.length > 0) return { reasons: reasons.map(({ code }) => code) };
    const agreement = await findAgreement(client, { partnerId, operationId, purpose: kind, at });
    const fields = agreement && fieldsFor(kind, agreement.fields);
    return agreement && fields ? { agreementId: agreement.id, fields } : { reasons: ['agreement_too_narrow'] };
  }
}

type QuestionBody = {
  kind: string;
  operation: string;
  asked_at: string;
  person?: Record<string, string>;
  movement?: MovementMessage;
};

/** One alarm of a kind a day: an office that fails for hours is one incident. */
const today = (real: number): string => iso(real).slice(0, 10);

import { DAY, HOUR, type Instant, isoDuration } from '../../domain/time.ts';
import type { Answers, ConsulateAnswer, FitnessAnswer, FitnessFinding, Outcome } from '../scenarioData.ts';
import type { Announcement, Knobs, ReceivedRequest } from './requests.ts';

/** Delay until a consulate or border authority acknowledges a request. */
const ACKNOWLEDGED_AFTER = HOUR;
/** From the request to the clinic until the examination. */
const EXAMINED_AFTER = HOUR;
const DOCUMENT_AFTER = DAY;
const DOCUMENT_VALID = 365 * DAY;
const DEFAULT_ANSWER_AFTER = HOUR;

type PlannedAnswer = { after: number; type: string; data: Record<string, unknown> };

/**
 * Answers about a person in no scenario, such as a visitor's own household: all positive.
 */
export const UNLISTED: Answers = {
  asked_state: null,
  may_be_asked: true,
  consulate: { outcome: 'confirmed', after_hours: 3 },
  fitness: { result: 'fit', valid_for_hours: 72 },
  exit_permit: { answer: 'granted', after_hours: 24 },
};

/** The finding of an examination at `at`; the first examination was at `firstAt`. */
export function findingAt(
  fitness: FitnessAnswer,
  firstAt: Instant,
  at: Instant,
): FitnessFinding | { result: 'unfit'; reviewAfter: number } {
  if (fitness.result !== 'unfit') return fitness;
  const review = fitness.review_after_hours * HOUR;
  if (at < firstAt + review) return { result: 'unfit', reviewAfter: firstAt + review - at };
  // without a `then` no later answer is known: looked at again after the same time
  return fitness.then ?? { result: 'unfit', reviewAfter: review };
}

/**
 * Everything that follows from a request, in the order of time. `firstExamAt`: when this person was first examined,
 * if ever. `state`: the State of the consulate.
 */
export function announcements(
  received: ReceivedRequest,
  of: { answers: Answers; state?: string | undefined; firstExamAt?: Instant | undefined; knobs: Knobs },
): Announcement[] {
  if (of.knobs.silent === true) return [];
  return announcementsOf(received, plannedAnswers(received, of), of.knobs);
}

/** What follows once the evidence that a consulate asked for has reached it at `at`. */
export function afterEvidence(received: ReceivedRequest, at: Instant, answers: Answers, knobs: Knobs): Announcement[] {
  const then = answers.consulate.outcome === 'more_info' ? answers.consulate.then : undefined;
  if (!then || knobs.silent === true) return [];
  return announcementsOf({ ...received, requestedAt: at }, outcomes(then, knobs), knobs);
}

/** Moment of the examination that a request brings about. */
export function examinationOf(received: ReceivedRequest): Instant {
  return received.requestedAt + EXAMINED_AFTER;
}

function plannedAnswers(
  received: ReceivedRequest,
  of: { answers: Answers; state?: string | undefined; firstExamAt?: Instant | undefined; knobs: Knobs },
): PlannedAnswer[] {
  const { answers, knobs } = of;
  switch (received.kind) {
    case 'verification':
      return verification(answers, of.state, knobs);
    case 'document': {
      const validUntil = received.requestedAt + DOCUMENT_AFTER + DOCUMENT_VALID;
      const number = documentNumber(`${received.person ?? ''}:${received.requestId}`);
      const data = { kind: 'EMERGENCY_TRAVEL_DOCUMENT', number, valid_until: new Date(validUntil).toISOString() };
      return [{ after: DOCUMENT_AFTER, type: 'document.issued', data }];
    }
    case 'fitness':
      return [
        { after: EXAMINED_AFTER, type: 'fitness.answered', data: finding(received, answers.fitness, of.firstExamAt) },
      ];
    case 'exit_permit': {
      const { answer, after_hours: hours, fine, reason } = answers.exit_permit;
      if (answer === 'silent') return [];
      const data = {
        answer,
        ...(fine === 'waived' ? { fine_waived: true } : {}),
        ...(reason === undefined ? {} : { reason }),
      };
      return [{ after: hours === undefined ? DEFAULT_ANSWER_AFTER : hours * HOUR, type: 'exit_permit.answered', data }];
    }
    case 'booking':
      return [
        {
          after: HOUR,
          type: 'booking.confirmed',
          data: { booking_reference: `BK-${documentNumber(received.requestId)}` },
        },
      ];
    default:
      // a registry answers at once, and a receiving agency only has to know
      return [];
  }
}

function verification(answers: Answers, state: string | undefined, knobs: Knobs): PlannedAnswer[] {
  const { consulate } = answers;
  if (answers.asked_state === null || state === undefined || state === answers.asked_state)
    return consulateAnswers(consulate, knobs);
  const other = consulate.other_state;
  if (other && other.state === state) return consulateAnswers(other, knobs);
  // a State that has nothing to do with the person
  return [acknowledgement(DAY), { after: DAY, type: 'verification.answered', data: { outcome: 'undetermined' } }];
}

function consulateAnswers(
  entry: ConsulateAnswer | { outcome: Outcome; after_hours?: number },
  knobs: Knobs,
): PlannedAnswer[] {
  if (entry.outcome === 'silent') return [];
  const after = (entry.after_hours ?? 0) * HOUR;
  if (entry.outcome === 'more_info') {
    const data = { requested_evidence: 'asks_for' in entry ? entry.asks_for : [] };
    return [acknowledgement(after), { after, type: 'verification.more_info', data }];
  }
  return [acknowledgement(after), ...outcomes(entry, knobs)];
}

function outcomes(
  entry: { outcome: string; after_hours?: number; retracted_after_hours?: number },
  knobs: Knobs,
): PlannedAnswer[] {
  if (entry.outcome === 'silent') return [];
  const answered: PlannedAnswer = {
    after: (entry.after_hours ?? 0) * HOUR,
    type: 'verification.answered',
    data: { outcome: entry.outcome },
  };
  if (entry.outcome !== 'confirmed') return [answered];
  const retracted =
    entry.retracted_after_hours ??
    (knobs.retractAfterHours === undefined ? undefined : (entry.after_hours ?? 0) + knobs.retractAfterHours);
  return retracted === undefined
    ? [answered]
    : [answered, { after: retracted * HOUR, type: 'verification.retracted', data: {} }];
}

function acknowledgement(answerAfter: number): PlannedAnswer {
  return { after: Math.min(ACKNOWLEDGED_AFTER, answerAfter / 2), type: 'verification.acknowledged', data: {} };
}

function finding(
  received: ReceivedRequest,
  fitness: FitnessAnswer,
  firstExamAt: Instant | undefined,
): Record<string, unknown> {
  const examinedAt = examinationOf(received);
  const found = findingAt(fitness, firstExamAt ?? examinedAt, examinedAt);
  const examined = { examined_at: new Date(examinedAt).toISOString() };
  if (found.result === 'unfit') {
    return { result: 'unfit', conditions: [], review_after: isoDuration(found.reviewAfter), ...examined };
  }
  return {
    result: found.result,
    conditions: found.conditions ?? [],
    valid_for: isoDuration(found.valid_for_hours * HOUR),
    ...examined,
  };
}

function announcementsOf(received: ReceivedRequest, answers: PlannedAnswer[], knobs: Knobs): Announcement[] {
  const slow = (knobs.slowHours ?? 0) * HOUR;
  const last = Math.max(...answers.map((answer) => answer.after));
  return answers.flatMap((answer) => {
    // out of order: what should come last comes first, the rest an hour after it
    const after = knobs.outOfOrder === true && answer.after < last ? last + HOUR : answer.after;
    const one: Announcement = {
      eventId: `${received.requestId}:${answer.type}${received.kind === 'verification' ? `:${received.requestedAt}` : ''}`,
      at: received.requestedAt + after + slow,
      type: answer.type,
      data: answer.data,
      requestId: received.requestId,
      partner: received.partner,
      replyTo: received.replyTo,
    };
    return knobs.twice === true ? [one, one] : [one];
  });
}

/** A made-up number, always the same for the same text. */
function documentNumber(text: string): string {
  let hash = 0x811c9dc5;
  for (const letter of text) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return `X${String(hash % 100_000_000).padStart(8, '0')}`;
}

import { isoDuration } from '../../domain/durations.ts';
import { DAY, HOUR, type Instant } from '../../domain/time.ts';
import type { Answers, ConsulateAnswer, FitnessAnswer, FitnessFinding, Outcome } from '../scenarioData.ts';
import type { Announcement, Asked, Knobs } from './requests.ts';

/** Delay until a consulate or border authority acknowledges a request. */
const ACKNOWLEDGED_AFTER = HOUR;
/** From the request to the clinic until the examination. */
const EXAMINED_AFTER = HOUR;
const DOCUMENT_AFTER = DAY;
const DOCUMENT_VALID = 365 * DAY;
const NOTHING_SAID_AFTER = HOUR;

type Said = { after: number; type: string; data: Record<string, unknown> };

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
  asked: Asked,
  of: { answers: Answers; state?: string; firstExamAt?: Instant; knobs: Knobs },
): Announcement[] {
  if (of.knobs.silent === true) return [];
  return announced(asked, said(asked, of), of.knobs);
}

/** What follows once the evidence that a consulate asked for has reached it at `at`. */
export function afterEvidence(asked: Asked, at: Instant, answers: Answers, knobs: Knobs): Announcement[] {
  const then = answers.consulate.outcome === 'more_info' ? answers.consulate.then : undefined;
  if (!then || knobs.silent === true) return [];
  return announced({ ...asked, requestedAt: at }, outcomes(then, knobs), knobs);
}

/** Moment of the examination that a request brings about. */
export function examinationOf(asked: Asked): Instant {
  return asked.requestedAt + EXAMINED_AFTER;
}

function said(asked: Asked, of: { answers: Answers; state?: string; firstExamAt?: Instant; knobs: Knobs }): Said[] {
  const { answers, knobs } = of;
  switch (asked.kind) {
    case 'verification':
      return verification(answers, of.state, knobs);
    case 'document': {
      const validUntil = asked.requestedAt + DOCUMENT_AFTER + DOCUMENT_VALID;
      const number = documentNumber(`${asked.person ?? ''}:${asked.requestId}`);
      const data = { kind: 'EMERGENCY_TRAVEL_DOCUMENT', number, valid_until: new Date(validUntil).toISOString() };
      return [{ after: DOCUMENT_AFTER, type: 'document.issued', data }];
    }
    case 'fitness':
      return [
        { after: EXAMINED_AFTER, type: 'fitness.answered', data: finding(asked, answers.fitness, of.firstExamAt) },
      ];
    case 'exit_permit': {
      const { answer, after_hours: hours, fine, reason } = answers.exit_permit;
      if (answer === 'silent') return [];
      const data = {
        answer,
        ...(fine === 'waived' ? { fine_waived: true } : {}),
        ...(reason === undefined ? {} : { reason }),
      };
      return [{ after: hours === undefined ? NOTHING_SAID_AFTER : hours * HOUR, type: 'exit_permit.answered', data }];
    }
    case 'booking':
      return [
        {
          after: HOUR,
          type: 'booking.confirmed',
          data: { booking_reference: `BK-${documentNumber(asked.requestId)}` },
        },
      ];
    default:
      // a registry answers at once, and a receiving agency only has to know
      return [];
  }
}

function verification(answers: Answers, state: string | undefined, knobs: Knobs): Said[] {
  const { consulate } = answers;
  if (answers.asked_state === null || state === undefined || state === answers.asked_state)
    return consulateSays(consulate, knobs);
  const other = consulate.other_state;
  if (other && other.state === state) return consulateSays(other, knobs);
  // a State that has nothing to do with the person
  return [acknowledgement(DAY), { after: DAY, type: 'verification.answered', data: { outcome: 'undetermined' } }];
}

function consulateSays(says: ConsulateAnswer | { outcome: Outcome; after_hours?: number }, knobs: Knobs): Said[] {
  if (says.outcome === 'silent') return [];
  const after = (says.after_hours ?? 0) * HOUR;
  if (says.outcome === 'more_info') {
    const data = { requested_evidence: 'asks_for' in says ? says.asks_for : [] };
    return [acknowledgement(after), { after, type: 'verification.more_info', data }];
  }
  return [acknowledgement(after), ...outcomes(says, knobs)];
}

function outcomes(
  says: { outcome: string; after_hours?: number; retracted_after_hours?: number },
  knobs: Knobs,
): Said[] {
  if (says.outcome === 'silent') return [];
  const answered: Said = {
    after: (says.after_hours ?? 0) * HOUR,
    type: 'verification.answered',
    data: { outcome: says.outcome },
  };
  if (says.outcome !== 'confirmed') return [answered];
  const retracted =
    says.retracted_after_hours ??
    (knobs.retractAfterHours === undefined ? undefined : (says.after_hours ?? 0) + knobs.retractAfterHours);
  return retracted === undefined
    ? [answered]
    : [answered, { after: retracted * HOUR, type: 'verification.retracted', data: {} }];
}

function acknowledgement(answerAfter: number): Said {
  return { after: Math.min(ACKNOWLEDGED_AFTER, answerAfter / 2), type: 'verification.acknowledged', data: {} };
}

function finding(asked: Asked, fitness: FitnessAnswer, firstExamAt: Instant | undefined): Record<string, unknown> {
  const examinedAt = examinationOf(asked);
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

function announced(asked: Asked, sayings: Said[], knobs: Knobs): Announcement[] {
  const slow = (knobs.slowHours ?? 0) * HOUR;
  const last = Math.max(...sayings.map((saying) => saying.after));
  return sayings.flatMap((saying) => {
    // out of order: what should come last comes first, the rest an hour after it
    const after = knobs.outOfOrder === true && saying.after < last ? last + HOUR : saying.after;
    const one: Announcement = {
      eventId: `${asked.requestId}:${saying.type}${asked.kind === 'verification' ? `:${asked.requestedAt}` : ''}`,
      at: asked.requestedAt + after + slow,
      type: saying.type,
      data: saying.data,
      requestId: asked.requestId,
      partner: asked.partner,
      replyTo: asked.replyTo,
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

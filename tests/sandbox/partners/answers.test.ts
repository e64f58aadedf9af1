import { describe, expect, test } from 'vitest';
import { HOUR } from '../../../domain/time.ts';
import { afterEvidence, announcements, findingAt } from '../../../sandbox/partners/answers.ts';
import type { ReceivedRequest } from '../../../sandbox/partners/requests.ts';
import type { Answers, FitnessAnswer } from '../../../sandbox/scenarioData.ts';

const REQUESTED_AT = Date.parse('2018-08-01T12:00:00Z');

function received(kind: ReceivedRequest['kind']): ReceivedRequest {
  return {
    requestId: 'req_1',
    kind,
    partner: 'consulates/NGA',
    requestedAt: REQUESTED_AT,
    person: 'TRI-1',
    fields: [],
    replyTo: 'http://127.0.0.1:1/',
  };
}

function answers(different: Partial<Answers>): Answers {
  return {
    asked_state: 'NGA',
    may_be_asked: true,
    consulate: { outcome: 'confirmed', after_hours: 60 },
    fitness: { result: 'fit', valid_for_hours: 72 },
    exit_permit: { answer: 'granted', after_hours: 10 },
    ...different,
  };
}

/** type and hours after the request */
function timeline(
  kind: ReceivedRequest['kind'],
  different: Partial<Answers> = {},
  of: { state?: string; knobs?: object } = {},
): Array<[string, number]> {
  const announced = announcements(received(kind), { answers: answers(different), knobs: {}, state: 'NGA', ...of });
  return announced.map((one) => [one.type, (one.at - REQUESTED_AT) / HOUR]);
}

describe('the answers of a consulate', () => {
  test('acknowledged after an hour, then the outcome at its hour', () => {
    expect(timeline('verification')).toEqual([
      ['verification.acknowledged', 1],
      ['verification.answered', 60],
    ]);
  });
  test('a quick answer is still acknowledged before it', () => {
    expect(timeline('verification', { consulate: { outcome: 'undetermined', after_hours: 1 } })).toEqual([
      ['verification.acknowledged', 0.5],
      ['verification.answered', 1],
    ]);
  });
  test('confirmed first, retracted at that hour', () => {
    const consulate = { outcome: 'confirmed', after_hours: 60.2, retracted_after_hours: 241.3 } as const;
    expect(timeline('verification', { consulate }).at(-1)).toEqual(['verification.retracted', 241.3]);
  });
  test('silent says nothing at all', () => {
    expect(timeline('verification', { consulate: { outcome: 'silent' } })).toEqual([]);
  });
  test('more information is asked for, and nothing follows until it is there', () => {
    const consulate = {
      outcome: 'more_info',
      after_hours: 5,
      asks_for: ['INTERVIEW'],
      then: { outcome: 'not_confirmed', after_hours: 20 },
    } as const;
    const of = answers({ consulate: { ...consulate, asks_for: [...consulate.asks_for] } });
    expect(timeline('verification', { consulate: of.consulate }).map(([type]) => type)).toEqual([
      'verification.acknowledged',
      'verification.more_info',
    ]);
    const evidenceAt = REQUESTED_AT + 30 * HOUR;
    const after = afterEvidence(received('verification'), evidenceAt, of, {});
    expect(after.map((one) => [one.type, one.data, (one.at - evidenceAt) / HOUR])).toEqual([
      ['verification.answered', { outcome: 'not_confirmed' }, 20],
    ]);
  });
  test('evidence for a consulate that then stays silent brings nothing', () => {
    const of = answers({
      consulate: { outcome: 'more_info', after_hours: 5, asks_for: [], then: { outcome: 'silent' } },
    });
    expect(afterEvidence(received('verification'), REQUESTED_AT, of, {})).toEqual([]);
  });
  test('another State answers for itself; a third cannot tell', () => {
    const consulate = {
      outcome: 'not_confirmed',
      after_hours: 48,
      other_state: { state: 'NER', outcome: 'confirmed', after_hours: 180 },
    } as const;
    expect(timeline('verification', { consulate }, { state: 'NER' }).at(-1)).toEqual(['verification.answered', 180]);
    const third = announcements(received('verification'), { answers: answers({ consulate }), state: 'TCD', knobs: {} });
    expect(third.at(-1)?.data).toEqual({ outcome: 'undetermined' });
  });
});

describe('what a doctor finds', () => {
  const unfit: FitnessAnswer = {
    result: 'unfit',
    review_after_hours: 48,
    then: { result: 'fit_with', conditions: ['MEDICAL_ESCORT'], valid_for_hours: 72 },
  };
  test('unfit until the review, counted from the first examination', () => {
    expect(findingAt(unfit, REQUESTED_AT, REQUESTED_AT)).toEqual({ result: 'unfit', reviewAfter: 48 * HOUR });
    expect(findingAt(unfit, REQUESTED_AT, REQUESTED_AT + 47 * HOUR)).toEqual({ result: 'unfit', reviewAfter: HOUR });
    expect(findingAt(unfit, REQUESTED_AT, REQUESTED_AT + 48 * HOUR)).toMatchObject({ result: 'fit_with' });
  });
  test('without a later answer the person stays unfit', () => {
    const late: FitnessAnswer = { result: 'unfit', review_after_hours: 24 };
    expect(findingAt(late, REQUESTED_AT, REQUESTED_AT + 1000 * HOUR)).toEqual({
      result: 'unfit',
      reviewAfter: 24 * HOUR,
    });
  });
  test('the length of validity is given, and when the person was examined', () => {
    const [announced] = announcements(received('fitness'), { answers: answers({}), knobs: {} });
    expect(announced?.data).toEqual({
      result: 'fit',
      conditions: [],
      valid_for: 'P3D',
      examined_at: new Date(REQUESTED_AT + HOUR).toISOString(),
    });
  });
});

test('a permit is granted, waived, refused with its reason, or never answered', () => {
  const announced = (exit_permit: Answers['exit_permit']) =>
    announcements(received('exit_permit'), { answers: answers({ exit_permit }), knobs: {} }).map((one) => [
      one.data,
      (one.at - REQUESTED_AT) / HOUR,
    ]);
  expect(announced({ answer: 'granted', after_hours: 16.7, fine: 'waived' })).toEqual([
    [{ answer: 'granted', fine_waived: true }, 16.7],
  ]);
  expect(announced({ answer: 'refused', after_hours: 15.1, reason: 'UNPAID_FINE' })).toEqual([
    [{ answer: 'refused', reason: 'UNPAID_FINE' }, 15.1],
  ]);
  expect(announced({ answer: 'not_required' })).toEqual([[{ answer: 'not_required' }, 1]]);
  expect(announced({ answer: 'silent' })).toEqual([]);
});

test('a document comes a day later, with a number of its own and a year to run', () => {
  const [announced] = announcements(received('document'), { answers: answers({}), knobs: {} });
  expect(announced?.at).toBe(REQUESTED_AT + 24 * HOUR);
  expect(announced?.data).toMatchObject({
    kind: 'EMERGENCY_TRAVEL_DOCUMENT',
    number: expect.stringMatching(/^X\d{8}$/),
  });
  expect(Date.parse(String(announced?.data['valid_until']))).toBe(REQUESTED_AT + 24 * HOUR + 365 * 24 * HOUR);
});

describe('knobs', () => {
  test('slow', () =>
    expect(timeline('verification', {}, { knobs: { slowHours: 10 } }).at(-1)).toEqual(['verification.answered', 70]));
  test('silent', () => expect(timeline('verification', {}, { knobs: { silent: true } })).toEqual([]));
  test('retract', () =>
    expect(timeline('verification', {}, { knobs: { retractAfterHours: 5 } }).at(-1)).toEqual([
      'verification.retracted',
      65,
    ]));
  test('twice says the same event twice', () => {
    const announced = announcements(received('fitness'), { answers: answers({}), knobs: { twice: true } });
    expect(announced.map((one) => one.eventId)).toEqual(['req_1:fitness.answered', 'req_1:fitness.answered']);
  });
  test('out of order: the answer comes before the acknowledgement', () => {
    const announced = timeline('verification', {}, { knobs: { outOfOrder: true } }).sort((a, b) => a[1] - b[1]);
    expect(announced.map(([type]) => type)).toEqual(['verification.answered', 'verification.acknowledged']);
  });
});

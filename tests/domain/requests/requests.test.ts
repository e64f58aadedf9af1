import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerOf, vehicleUpdateOf } from '../../../domain/requests/index.ts';
import { type CallFailure, ruleFor } from '../../../domain/requests/failures.ts';
import { FIELDS_NEEDED, fieldsFor, minimised, PERSON_FIELDS } from '../../../domain/requests/fields.ts';
import { PERSON_REQUEST_KINDS } from '../../../domain/requests/definition.ts';
import { HOUR } from '../../../domain/time.ts';

const kind = fc.constantFrom(...PERSON_REQUEST_KINDS);
const fields = fc.subarray([...PERSON_FIELDS]);

describe('what goes out about a person', () => {
  it('is never more than the request needs, nor than the agreement names', () => {
    fc.assert(
      fc.property(kind, fields, (of, agreed) => {
        const sent = fieldsFor(of, agreed);
        const { required, helpful } = FIELDS_NEEDED[of];
        if (sent === undefined) {
          expect(required.some((field) => !agreed.includes(field))).toBe(true);
          return;
        }
        for (const field of sent) {
          expect(agreed).toContain(field);
          expect([...required, ...helpful]).toContain(field);
        }
        for (const field of required) expect(sent).toContain(field);
      }),
    );
  });

  it('leaves out what is not known, and so does the ledger', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...PERSON_FIELDS), fc.string()), fields, (person, allowed) => {
        const sent = minimised(person, allowed);
        expect(Object.keys(sent).every((field) => allowed.some((one) => one === field))).toBe(true);
        expect(Object.values(sent)).not.toContain('');
      }),
    );
  });

  it('holds neither nationality nor papers for a clinic', () => {
    const sent = fieldsFor('fitness', PERSON_FIELDS);
    expect(sent).not.toEqual(expect.arrayContaining(['nationality']));
    expect(sent?.filter((field) => field.startsWith('document'))).toEqual([]);
  });
});

describe('a call that fails', () => {
  it.each<[CallFailure, 'again' | 'give_up', boolean]>([
    [{ kind: 'timeout' }, 'again', false],
    [{ kind: 'connection' }, 'again', false],
    [{ kind: 'malformed' }, 'again', true],
    [{ kind: 'refused_by_guard' }, 'give_up', true],
    ...[408, 425, 429, 500, 502, 503, 504].map((status): [CallFailure, 'again', boolean] => [
      { kind: 'status', status },
      'again',
      false,
    ]),
    ...[401, 403, 404].map((status): [CallFailure, 'again', boolean] => [{ kind: 'status', status }, 'again', true]),
    ...[301, 302, 400, 405, 409, 410, 422].map((status): [CallFailure, 'give_up', boolean] => [
      { kind: 'status', status },
      'give_up',
      true,
    ]),
  ])('%o: %s, alarm %s', (failure, then, alarm) => {
    expect(ruleFor(failure)).toMatchObject({ then, alarm });
    expect(ruleFor(failure).because.length).toBeGreaterThan(20);
  });
});

describe('a callback as codes', () => {
  const now = Date.parse('2026-06-01T00:00:00Z');

  it('nobody is fit for longer because a clock runs ahead', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1_000, max: 1_000 }), fc.integer({ min: 1, max: 200 }), (ahead, hours) => {
        const answer = answerOf(
          {
            type: 'fitness.answered',
            occurredAt: now,
            data: { result: 'fit', conditions: [], validForHours: hours, examinedAt: now + ahead * HOUR },
          },
          now,
          'doc',
        );
        expect(answer).toMatchObject({ until: now + Math.min(ahead, 0) * HOUR + hours * HOUR });
      }),
    );
  });

  it('a refusal without a reason has one all the same', () => {
    expect(
      answerOf({ type: 'exit_permit.answered', occurredAt: now, data: { answer: 'refused' } }, now, 'doc'),
    ).toEqual({
      kind: 'exit_permit',
      outcome: 'refused',
      reasonCode: 'unstated',
    });
  });

  it('an answer is no message about a vehicle, and the reverse', () => {
    expect(vehicleUpdateOf({ type: 'verification.retracted', occurredAt: now, data: {} })).toBeUndefined();
    expect(answerOf({ type: 'movement.departed', occurredAt: now, data: {} }, now, 'doc')).toBeUndefined();
  });
});

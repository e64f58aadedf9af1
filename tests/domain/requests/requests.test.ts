import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CallFailure, ruleFor } from '../../../domain/requests/failures.ts';
import { type FieldsNeeded, fieldsFor, minimised, PERSON_FIELDS } from '../../../domain/requests/fields.ts';
import { callbackOf, isPersonRequest, REQUEST_KINDS, REQUESTS } from '../../../domain/requests/index.ts';
import { HOUR } from '../../../domain/time.ts';

const kind = fc.constantFrom(...REQUEST_KINDS.filter(isPersonRequest));
const fields = fc.subarray([...PERSON_FIELDS]);

describe('what goes out about a person', () => {
  it('is never more than the request needs, nor than the agreement names', () => {
    fc.assert(
      fc.property(kind, fields, (of, agreed) => {
        const sent = fieldsFor(of, agreed);
        const { required, helpful }: FieldsNeeded = REQUESTS[of].fields;
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
        const answer = callbackOf('fitness.answered').read(
          { result: 'fit', conditions: [], validForHours: hours, examinedAt: now + ahead * HOUR },
          { now, documentId: 'doc' },
        );
        expect(answer).toMatchObject({ until: now + Math.min(ahead, 0) * HOUR + hours * HOUR });
      }),
    );
  });

  it('a refusal without a reason has one all the same', () => {
    expect(callbackOf('exit_permit.answered').read({ answer: 'refused' }, { now, documentId: 'doc' })).toEqual({
      kind: 'exit_permit',
      outcome: 'refused',
      reasonCode: 'unstated',
    });
  });
});

import { expect, test } from 'vitest';
import { camelCased, namesOf, snakeCased, snakeCaseFields } from '../../domain/casing.ts';

const COMMANDS = namesOf(['confirmIdentity', 'receive', 'recordFollowUp']);

test('names go out in snake_case and come back as they were', () => {
  expect(COMMANDS.outside).toEqual(['confirm_identity', 'receive', 'record_follow_up']);
  expect(COMMANDS.out('confirmIdentity')).toBe('confirm_identity');
  expect(COMMANDS.outside.map(COMMANDS.in)).toEqual(['confirmIdentity', 'receive', 'recordFollowUp']);
});

test('a name of another table is refused, or stays where that is asked for', () => {
  expect(() => COMMANDS.outOf('raiseHold')).toThrow('not in the table');
  expect(COMMANDS.outOrSame('raiseHold')).toBe('raiseHold');
});

test('two names that would look the same outside are refused', () => {
  expect(() => namesOf(['checkIn', 'check_in'])).toThrow('look the same');
});

test('only the names of fields change, not their values', () => {
  expect(snakeCaseFields({ partnerId: 'someId', rejectedRows: [1] })).toEqual({
    partner_id: 'someId',
    rejected_rows: [1],
  });
});

test('a body and an answer change their names at every depth, and back again', () => {
  const body = { for_households_of: null, legs: [{ exit_permit: 'exit_permit' }], planned: 0, none: undefined };
  const inside = { forHouseholdsOf: null, legs: [{ exitPermit: 'exit_permit' }], planned: 0, none: undefined };
  expect(camelCased(body)).toEqual(inside);
  expect(snakeCased(inside)).toEqual(body);
});

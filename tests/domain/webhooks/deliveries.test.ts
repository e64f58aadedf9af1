import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DAY, HOUR, MINUTE, SECOND } from '../../../domain/time.ts';
import {
  ATTEMPT_WAITS,
  ATTEMPTS,
  DISABLE_AFTER,
  isGone,
  nextAttempt,
  type Outcome,
  outcomeOf,
} from '../../../domain/webhooks/deliveries.ts';

const failing = fc.constantFrom('retry' as const, 'throttle' as const);
const jitter = fc.double({ min: 0, max: 1, noNaN: true });

describe('the schedule', () => {
  test('has ten attempts over 75 hours and 35 minutes', () => {
    expect(ATTEMPTS).toBe(10);
    expect(ATTEMPT_WAITS.reduce((sum, wait) => sum + wait, 0)).toBe(75 * HOUR + 35 * MINUTE + 5 * SECOND);
  });

  test('waits as written after each failed attempt, then parks', () => {
    const waits = Array.from({ length: 10 }, (_, made) => nextAttempt(made + 1, 'retry'));
    expect(waits).toEqual([
      5 * SECOND,
      5 * MINUTE,
      30 * MINUTE,
      2 * HOUR,
      5 * HOUR,
      10 * HOUR,
      14 * HOUR,
      20 * HOUR,
      24 * HOUR,
      'suspended',
    ]);
  });

  test('outlasts an outage of three days whatever the jitter and the answers', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(failing, jitter), { minLength: 9, maxLength: 9 }), (answers) => {
        const waited = answers.reduce(
          (sum, [outcome, drawn], made) => sum + Number(nextAttempt(made + 1, outcome, { jitter: drawn })),
          0,
        );
        expect(waited).toBeGreaterThan(3 * DAY);
      }),
    );
  });

  test('never comes back before the receiver asked, up to a day, nor before its own time', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        failing,
        fc.integer({ min: 0, max: 5 * DAY }),
        jitter,
        (made, outcome, retryAfter, drawn) => {
          const wait = Number(nextAttempt(made, outcome, { retryAfter, jitter: drawn }));
          expect(wait).toBeGreaterThanOrEqual(Math.min(retryAfter, DAY));
          expect(wait).toBeGreaterThanOrEqual(ATTEMPT_WAITS[made] ?? Number.NaN);
          expect(wait).toBeLessThanOrEqual(1.1 * DAY);
        },
      ),
    );
  });

  test('gives a throttled receiver a minute at least', () => {
    expect(nextAttempt(1, 'throttle')).toBe(MINUTE);
    expect(nextAttempt(1, 'retry')).toBe(5 * SECOND);
  });

  test('ends at the tenth attempt whatever was asked, and at once when disabled', () => {
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 1_000 }), failing, fc.nat(), (made, outcome, retryAfter) => {
        expect(nextAttempt(made, outcome, { retryAfter })).toBe('suspended');
      }),
    );
    expect(nextAttempt(1, 'disable')).toBe('suspended');
  });

  test('takes jitter and waits that are out of range as their nearest', () => {
    expect(nextAttempt(1, 'retry', { jitter: 7 })).toBe(5_500);
    expect(nextAttempt(1, 'retry', { jitter: -7, retryAfter: -1 })).toBe(5_000);
  });
});

describe('the end of an attempt', () => {
  test.each<[number, Outcome]>([
    [199, 'retry'],
    [200, 'delivered'],
    [202, 'delivered'],
    [204, 'delivered'],
    [299, 'delivered'],
    [301, 'retry'],
    [304, 'retry'],
    [307, 'retry'],
    [400, 'retry'],
    [401, 'retry'],
    [404, 'retry'],
    [410, 'disable'],
    [429, 'throttle'],
    [500, 'retry'],
    [502, 'throttle'],
    [503, 'retry'],
    [504, 'throttle'],
  ])('%i is %s', (status, outcome) => {
    expect(outcomeOf({ status })).toBe(outcome);
  });

  test('no status other than 2xx counts as delivered', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 999 }), (status) => {
        expect(outcomeOf({ status }) === 'delivered').toBe(Math.floor(status / 100) === 2);
      }),
    );
  });

  test.each(['refused_by_guard', 'timeout', 'connection'] as const)('%s is tried again', (failure) => {
    expect(outcomeOf({ failure })).toBe('retry');
  });
});

describe('an endpoint', () => {
  test('is gone after five days of failure and not a moment before', () => {
    expect(isGone(0, DISABLE_AFTER - 1)).toBe(false);
    expect(isGone(0, DISABLE_AFTER)).toBe(true);
    expect(isGone(null, DISABLE_AFTER)).toBe(false);
  });
});

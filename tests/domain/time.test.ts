import { describe, expect, test } from 'vitest';
import { DAY, durationOf, HOUR, isoDuration, MINUTE } from '../../domain/time.ts';

describe('durations of ISO 8601', () => {
  test.each([
    ['P30D', 30 * DAY],
    ['PT2H', 2 * HOUR],
    ['P1DT12H30M', 1.5 * DAY + 30 * MINUTE],
    ['PT0.25S', 250],
    ['PT0S', 0],
  ])('%s is written and read as the same length', (text, length) => {
    expect(durationOf(text)).toBe(length);
    expect(isoDuration(length)).toBe(text);
  });

  test.each([
    ['P2W', 'P14D'],
    ['PT36H', 'P1DT12H'],
    ['PT90M', 'PT1H30M'],
  ])('%s is read, and written as %s', (text, written) => {
    expect(isoDuration(durationOf(text) ?? 0)).toBe(written);
  });

  test.each(['', 'P', 'PT', 'P1DT', '30', 'P1Y', 'P1M', 'P1W2D', 'PT1.5H', '-P1D', 'P1D ', 'p1d', 'PT1S1M'])(
    '%j is no duration',
    (text) => {
      expect(durationOf(text)).toBeUndefined();
    },
  );
});

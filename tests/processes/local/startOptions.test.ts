import { describe, expect, it } from 'vitest';
import { readStartOptions } from '../../../processes/local/startOptions.ts';

describe('the options of npm start', () => {
  it('runs the drill unless it is told not to', () => {
    expect(readStartOptions([])).toEqual({ empty: false, reset: false });
    expect(readStartOptions(['--empty'])).toEqual({ empty: true, reset: false });
    expect(readStartOptions(['--reset'])).toEqual({ empty: false, reset: true });
  });

  it.each([['--emtpy'], ['--empty=yes'], ['drill']])('refuses %s and says what there is', (option) => {
    expect(() => readStartOptions([option])).toThrow(/npm start knows: -- --empty/);
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { JOURNEY_CARRIED, JOURNEY_INPUT } from '../../domain/journeys/stored.ts';
import { STANDARD_DEADLINES } from '../../domain/rules.ts';
import { StoredFormError } from '../../domain/versioned.ts';

/** One example of each version, as it was stored once. A file in here is never changed. */
const folder = join(import.meta.dirname, '../stored');

const example = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'));

describe('what workflows have stored', () => {
  it('keeps state, waits, answers and keys of messages when it is upgraded', () => {
    const old = example('journey-carried/1.json') as Record<string, unknown[]> & { state: object };
    const { state, waits, answers, seen, buffered } = JOURNEY_CARRIED.read(old);
    expect(state).toEqual({ ...old.state, cancelRequested: false });
    expect(waits).toEqual(old['waits']);
    expect(answers).toEqual(old['answered']);
    expect(seen.map(({ key }) => key)).toEqual(old['seen']);
    expect(buffered).toEqual([]);
  });

  it('gives rules that were written before a deadline existed the standard one', () => {
    const input = JOURNEY_INPUT.read(example('journey-input/1.json'));
    const written = (example('journey-input/1.json') as { rules: { deadlines: object } }).rules.deadlines;
    expect(Object.keys(written)).not.toContain('cancelRequest');
    expect(input.rules.deadlines).toEqual({ ...STANDARD_DEADLINES, ...written });
  });

  it('is refused where a field has another type, without a word of what it held', () => {
    const old = example('journey-carried/2.json') as { state: object };
    const broken = { ...old, state: { ...old.state, holds: 'Mele Taro' } };
    expect(() => JOURNEY_CARRIED.read(broken)).toThrow(StoredFormError);
    expect(() => JOURNEY_CARRIED.read(broken)).toThrow(/state\.holds: invalid_type$/);
  });
});

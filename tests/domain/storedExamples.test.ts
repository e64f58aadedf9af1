import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { JOURNEY_CARRIED, JOURNEY_INPUT } from '../../domain/journeys/stored.ts';
import { MOVEMENT_CARRIED, MOVEMENT_INPUT } from '../../domain/movements/stored.ts';
import { OPERATION_CARRIED, OPERATION_INPUT } from '../../domain/operations/stored.ts';
import { STANDARD_DEADLINES } from '../../domain/rules.ts';
import { StoredFormError, type Versioned } from '../../domain/versioned.ts';
import { IMPORT_INPUT, PARTNER_FEED_INPUT } from '../../domain/workflowInputs.ts';

/** One example of each version, as it was stored once. A file in here is never changed. */
const folder = join(import.meta.dirname, '../stored');

const FORMS: Record<string, Versioned<object>> = {
  journeyInput: JOURNEY_INPUT,
  journeyCarried: JOURNEY_CARRIED,
  movementInput: MOVEMENT_INPUT,
  movementCarried: MOVEMENT_CARRIED,
  operationInput: OPERATION_INPUT,
  operationCarried: OPERATION_CARRIED,
  partnerFeedInput: PARTNER_FEED_INPUT,
  importInput: IMPORT_INPUT,
};

const example = (name: string): unknown => JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));

describe('what workflows have stored', () => {
  it('has an example of each version of each form', () => {
    const expected = Object.entries(FORMS).flatMap(([name, { version }]) =>
      Array.from({ length: version }, (_, index) => `${name}.${index + 1}.json`),
    );
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(expected));
  });

  for (const [name, form] of Object.entries(FORMS)) {
    for (let version = 1; version <= form.version; version += 1) {
      it(`${name} of version ${version} is read, and is then of today's form`, () => {
        const read = form.read(example(`${name}.${version}`));
        expect(form.read({ ...read, version: form.version })).toEqual(read);
      });
    }
  }

  it('keeps state, waits, answers and keys of messages when it is upgraded', () => {
    const old = example('journeyCarried.1') as Record<string, unknown[]> & { state: object };
    const { state, waits, answers, seen, buffered } = JOURNEY_CARRIED.read(old);
    expect(state).toEqual({ ...old.state, cancelRequested: false });
    expect(waits).toEqual(old['waits']);
    expect(answers).toEqual(old['answered']);
    expect(seen.map(({ key }) => key)).toEqual(old['seen']);
    expect(buffered).toEqual([]);
  });

  it('gives rules that were written before a deadline existed the standard one', () => {
    const input = JOURNEY_INPUT.read(example('journeyInput.1'));
    const written = (example('journeyInput.1') as { rules: { deadlines: object } }).rules.deadlines;
    expect(Object.keys(written)).not.toContain('cancelRequest');
    expect(input.rules.deadlines).toEqual({ ...STANDARD_DEADLINES, ...written });
  });

  it('is refused where a field has another type, without a word of what it held', () => {
    const old = example('journeyCarried.2') as { state: object };
    const broken = { ...old, state: { ...old.state, holds: 'Mele Taro' } };
    expect(() => JOURNEY_CARRIED.read(broken)).toThrow(StoredFormError);
    expect(() => JOURNEY_CARRIED.read(broken)).toThrow(/state\.holds: invalid_type$/);
  });
});

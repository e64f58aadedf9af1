import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEADLINES, defaultRules, STANDARD_DEADLINES, STORED_RULES, storedRules } from '../../domain/rules.ts';
import { HOUR } from '../../domain/time.ts';

/** Rules as an operation stored them before these deadlines existed. */
function storedWithout(missing: readonly string[]): unknown {
  const { version, rules } = storedRules(defaultRules('return'));
  const deadlines = Object.fromEntries(Object.entries(rules.deadlines).filter(([key]) => !missing.includes(key)));
  return JSON.parse(JSON.stringify({ version, rules: { ...rules, deadlines } }));
}

describe('stored rules', () => {
  it('come back as they were stored', () => {
    for (const kind of ['evacuation', 'return'] as const) {
      const rules = { ...defaultRules(kind), version: 7 };
      expect(STORED_RULES.read(JSON.parse(JSON.stringify(storedRules(rules))))).toEqual(rules);
    }
  });

  it('get the standard of every deadline that they do not have yet', () => {
    fc.assert(
      fc.property(fc.subarray([...DEADLINES]), (missing) => {
        expect(STORED_RULES.read(storedWithout(missing)).deadlines).toEqual(STANDARD_DEADLINES);
      }),
    );
  });

  it('keep a deadline that somebody has changed', () => {
    const { version, rules } = storedRules(defaultRules('evacuation'));
    const stored = { version, rules: { ...rules, deadlines: { reception: { due: HOUR, escalate: null } } } };
    expect(STORED_RULES.read(stored).deadlines).toEqual({
      ...STANDARD_DEADLINES,
      reception: { due: HOUR, escalate: null },
    });
  });

  it('are read by a build that has one deadline less, as while two builds run', () => {
    const { version, rules } = storedRules(defaultRules('evacuation'));
    const stored = { version, rules: { ...rules, deadlines: { ...rules.deadlines, familyInformed: { due: HOUR } } } };
    expect(STORED_RULES.read(stored)).toEqual(rules);
  });
});

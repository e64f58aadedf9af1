import { describe, expect, it } from 'vitest';
import { wordsIn } from '../../scripts/checks/words.ts';

describe('the check of words', () => {
  it.each([
    ['a name in camel case', 'const nextRung = 1;', 'rung: use escalation step'],
    ['a name in capitals', 'class HTTPTeller {}', 'teller: use notifier'],
    ['a name in snake case', 'select rung_no from steps', 'rung: use escalation step'],
    ['a comment', '// The ladder of a task.', 'ladder: use escalation policy'],
    ['a test title', "it('is taken in once')", 'taken in: use register, import'],
    ['two words as one name', 'leanSound(name)', 'lean sound: use reduced phonetic key'],
  ])('finds the word in %s', (_, text, complaint) => {
    expect(wordsIn({ path: 'domain/a.ts', text })).toEqual([`domain/a.ts:1: ${complaint}`]);
  });

  it('names the line', () => {
    expect(wordsIn({ path: 'docs/a.md', text: '\n\nIt was mended.' })).toEqual([
      'docs/a.md:3: mended: use correct, correction',
    ]);
  });

  it('reads the name of a file', () => {
    expect(wordsIn({ path: 'tests/scenarios/metTwice.test.ts', text: '' })).toEqual([
      'tests/scenarios/metTwice.test.ts: met twice: use duplicate candidates',
    ]);
  });

  it.each([
    ['a longer word that contains one', 'const household = wrung;'],
    ['two words of different phrases', 'What it takes. In the system it stays.'],
    ['the population served', '// The caseload of an operation.'],
    ['the address of a test person', "address: 'House 12, Khartoum'"],
  ])('leaves %s alone', (_, text) => {
    expect(wordsIn({ path: 'tests/a.test.ts', text })).toEqual([]);
  });
});

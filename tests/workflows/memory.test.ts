import { describe, expect, it } from 'vitest';
import { DAY, HOUR } from '../../domain/time.ts';
import { Memory, MessageBuffer } from '../../workflows/aggregate/run.ts';

const START = Date.UTC(2026, 0, 1);

describe('what a run remembers', () => {
  it('covers a day of real time, however many commands come in it', () => {
    const clock = { now: START };
    const memory = new Memory<string>(() => clock.now);
    for (let n = 0; n < 1_000; n++) {
      expect(memory.isNew(`k${n}`)).toBe(true);
      memory.remember(`c${n}`, `a${n}`);
      clock.now += 60_000;
    }
    expect(memory.isNew('k0')).toBe(false);
    expect(memory.answerTo('c0')).toBe('a0');
    clock.now = START + DAY + HOUR;
    memory.isNew('later');
    memory.remember('later', 'a');
    expect(memory.answerTo('c59')).toBeUndefined();
    expect(memory.answerTo('c61')).toBe('a61');
    expect(memory.isNew('k61')).toBe(false);
    expect(memory.isNew('k0')).toBe(true);
  });

  it('is carried with its times, so that a new run forgets when the old one would have', () => {
    const clock = { now: START };
    const first = new Memory<string>(() => clock.now);
    first.isNew('k');
    first.remember('c', 'a');
    clock.now += 20 * HOUR;
    const second = new Memory<string>(() => clock.now, JSON.parse(JSON.stringify(first.carried())));
    expect(second.isNew('k')).toBe(false);
    expect(second.answerTo('c')).toBe('a');
    clock.now += 5 * HOUR;
    second.remember('other', 'b');
    expect(second.answerTo('c')).toBeUndefined();
  });

  it('is bounded whatever comes', () => {
    const memory = new Memory<string>(() => START);
    for (let n = 0; n < 10_000; n++) memory.isNew(`k${n}`);
    expect(memory.carried().seen).toHaveLength(4_000);
    expect(memory.isNew('k9999')).toBe(false);
  });
});

describe('messages that came buffered', () => {
  it('are carried in order, and no more of them than fit', () => {
    const buffer = new MessageBuffer<number>([1, 2]);
    for (let n = 3; n <= 150; n++) buffer.add(n);
    expect(buffer.full).toBe(true);
    const next = new MessageBuffer<number>(buffer.carried());
    expect(next.takeAll()).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    expect(next.full).toBe(false);
    expect(next.takeAll()).toEqual([]);
  });
});

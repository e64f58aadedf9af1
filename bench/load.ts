import { setTimeout as pause } from 'node:timers/promises';

/** Does `work` for every item, `atOnce` at a time; the first failure ends it. @returns seconds from the first to the last */
export async function closedLoop<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T, index: number) => Promise<void>,
): Promise<number> {
  const began = performance.now();
  let next = 0;
  const take = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) await work(items[index] as T, index);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, take));
  return (performance.now() - began) / 1_000;
}

/**
 * Begins `perSecond` pieces of work a second, whether those before are done or not, as callers do who know nothing of
 * one another. @returns milliseconds each took, counted from when it should have begun
 */
export async function openLoop<T>(
  items: readonly T[],
  perSecond: number,
  work: (item: T, index: number) => Promise<void>,
): Promise<number[]> {
  const began = performance.now();
  return Promise.all(
    items.map(async (item, index) => {
      const due = began + (index * 1_000) / perSecond;
      await pause(Math.max(0, due - performance.now()));
      await work(item, index);
      return performance.now() - due;
    }),
  );
}

/** Asks every `everyMs` until it holds. @throws Error after `withinMs` */
export async function until(
  holds: () => Promise<boolean>,
  what: string,
  { withinMs = 120_000, everyMs = 10 }: { withinMs?: number; everyMs?: number } = {},
): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`It did not come within ${withinMs / 1_000} s: ${what}`);
    await pause(everyMs);
  }
}

import { setTimeout as pause } from 'node:timers/promises';

const LOOKS_EVERY_MS = 50;

/** Looks again and again until it holds. @throws Error that says what did not come, and what the last look found. */
export async function comes(what: string, holds: () => Promise<unknown>, withinMs = 45_000): Promise<void> {
  const until = Date.now() + withinMs;
  let last: unknown;
  do {
    last = await holds();
    if (last === true) return;
    await pause(LOOKS_EVERY_MS);
  } while (Date.now() < until);
  throw new Error(`It did not come within ${withinMs / 1_000} s: ${what} (${JSON.stringify(last)})`);
}

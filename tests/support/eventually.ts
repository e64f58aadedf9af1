import { setTimeout as pause } from 'node:timers/promises';

const POLL_EVERY_MS = 50;

/** Polls until the condition returns true. @throws Error with what did not happen and the last value */
export async function eventually(what: string, holds: () => Promise<unknown>, withinMs = 45_000): Promise<void> {
  const until = Date.now() + withinMs;
  let last: unknown;
  do {
    last = await holds();
    if (last === true) return;
    await pause(POLL_EVERY_MS);
  } while (Date.now() < until);
  throw new Error(`It did not happen within ${withinMs / 1_000} s: ${what} (${JSON.stringify(last)})`);
}

import { setTimeout as pause } from 'node:timers/promises';
import type { RunningPart } from './child.ts';

const READY_WITHIN_MS = 60_000;
const ASKED_EVERY_MS = 40;

/**
 * Asks a part that was just started until it `answers`.
 * @returns undefined once it does, else words for what happened instead; a part that is silent is still running then.
 */
export async function waitUntilItAnswers(
  part: RunningPart,
  answers: () => Promise<boolean>,
): Promise<string | undefined> {
  const life = { ended: undefined as string | undefined };
  void part.exited.then((how) => {
    life.ended = how;
  });
  const until = Date.now() + READY_WITHIN_MS;
  while (life.ended === undefined) {
    if (await answers()) return undefined;
    if (Date.now() > until) return `did not answer within ${READY_WITHIN_MS / 1000} s`;
    await pause(ASKED_EVERY_MS);
  }
  return life.ended;
}

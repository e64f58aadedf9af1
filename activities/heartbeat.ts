import { Context } from '@temporalio/activity';

/** Twice within the heartbeat timeout that workflows give to calls outside (15 s), with room for one that is lost. */
const EVERY_MS = 5_000;

/**
 * The same activities, each of which says for as long as it runs that somebody is at it: a worker that was killed is
 * then noticed within the heartbeat timeout, and not only when the longest call could have ended.
 */
export function alive<A extends { [Name in keyof A]: (input: never) => Promise<unknown> }>(activities: A): A {
  const living = Object.entries<(input: never) => Promise<unknown>>(activities).map(([name, activity]) => [
    name,
    async (input: never): Promise<unknown> => {
      const context = Context.current();
      const beat = setInterval(() => context.heartbeat(), EVERY_MS);
      try {
        return await activity(input);
      } finally {
        clearInterval(beat);
      }
    },
  ]);
  return Object.fromEntries(living) as A;
}

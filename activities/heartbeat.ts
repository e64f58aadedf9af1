import { Context } from '@temporalio/activity';

/** Twice within the heartbeat timeout of outside calls (15 s), so that one heartbeat may be lost. */
const EVERY_MS = 5_000;

/**
 * Wraps activities so that they send heartbeats while they run. Temporal then notices a killed worker within the
 * heartbeat timeout, not only at the end of the longest call.
 */
export function withHeartbeat<A extends { [Name in keyof A]: (input: never) => Promise<unknown> }>(activities: A): A {
  const wrapped = Object.entries<(input: never) => Promise<unknown>>(activities).map(([name, activity]) => [
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
  return Object.fromEntries(wrapped) as A;
}

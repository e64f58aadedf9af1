import { z } from 'zod';
import { WAIT_SCHEMA } from './journeys/waits.ts';
import { versioned } from './versioned.ts';

type Old = Record<string, unknown>;

/** Moments in real time. What version 1 carried had none: it counts from when it is read. */
const at = z.number().optional();

/**
 * The form of what a subject takes along over continue-as-new: state, waits, answers, keys of messages, and messages
 * that came early. Each kind of subject declares its own state, answer and message.
 *
 * Version 1 named no version, kept 200 answers (`answered`) and keys (`seen`) without their times, and no messages.
 * @param upgradeState what a state of version 1 lacks
 */
export function carriedForm<S extends z.ZodType, A extends z.ZodType, M extends z.ZodType>(form: {
  name: string;
  state: S;
  answer: A;
  message: M;
  upgradeState: (state: Old) => Old;
}) {
  const { name, state, answer, message, upgradeState } = form;
  const carried = versioned({
    name,
    version: 2,
    schema: z.object({
      state,
      waits: z.array(WAIT_SCHEMA.wait),
      answers: z.array(z.object({ commandId: z.string(), answer, at })),
      seen: z.array(z.object({ key: z.string(), at })),
      buffered: z.array(message),
    }),
    upgrades: {
      1: ({ state: old, answered, seen, waits }) => ({
        state: typeof old === 'object' && old !== null ? upgradeState({ ...old }) : old,
        waits: waits ?? [],
        answers: answered ?? [],
        seen: Array.isArray(seen) ? seen.map((key: unknown) => ({ key })) : [],
        buffered: [],
      }),
    },
  });
  return {
    ...carried,
    read: (value: unknown) => carried.read(typeof value === 'object' ? { version: 1, ...value } : value),
  };
}

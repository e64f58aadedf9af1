import { z } from 'zod';
import { WAIT_SCHEMA } from './journeys/waits.ts';
import { versioned } from './versioned.ts';

/*
 * What workflows are started with: the inputs of those that keep nothing in memory, and the form of what a subject
 * takes along. The inputs of subjects stand with them, in `stored.ts`.
 */

const PartnerFeedInput = z.object({ version: z.literal(1), endpointId: z.string() });
/** One for each webhook endpoint of a partner; the relay nudges it. */
export type PartnerFeedInput = z.infer<typeof PartnerFeedInput>;

export const PARTNER_FEED_INPUT = versioned({
  name: 'Input of a feed',
  version: 1,
  schema: PartnerFeedInput,
  upgrades: {},
});

const ImportInput = z.object({
  version: z.literal(1),
  importId: z.string(),
  operationId: z.string(),
  step: z.enum(['check', 'commit']),
});
/** A list on its way in: checked, and committed when somebody says so. */
export type ImportInput = z.infer<typeof ImportInput>;

export const IMPORT_INPUT = versioned({
  name: 'Input of an import',
  version: 1,
  schema: ImportInput,
  upgrades: {},
});

const ChoreInput = z.object({ version: z.literal(1), chore: z.string() });
/** One run of a job that a Temporal Schedule starts. */
export type ChoreInput = z.infer<typeof ChoreInput>;

export const CHORE_INPUT = versioned({
  name: 'Input of a chore',
  version: 1,
  schema: ChoreInput,
  upgrades: {},
});

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

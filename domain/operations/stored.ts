import { z } from 'zod';
import { RULES_SCHEMAS } from '../rules.ts';
import { CLOCK_SCHEMA } from '../time.ts';
import { versioned } from '../versioned.ts';
import { carriedForm } from '../workflowInputs.ts';
import { PHASES } from './events.ts';

/** The status of an operation. A suspension of everything turns `running` or `winding_down` into `suspended`. */
export const OPERATION_STATUSES = {
  draft: 'Being prepared; people can be registered, nothing else happens.',
  activated: 'The government has asked and the leads are named; the start is imminent.',
  running: 'People are registered, decided on and moved.',
  suspended: 'Everything is suspended; people under way go on to the next safe place.',
  winding_down: 'Nobody new is registered; the journeys that run are brought to an end.',
  closed: 'Everybody’s journey has ended or was handed over.',
  cancelled: 'Given up before it ran.',
} as const;

export type OperationStatus = keyof typeof OPERATION_STATUSES;

const MAIN_LINE = ['draft', 'activated', 'running', 'winding_down', 'closed', 'cancelled'] as const;

const OpenSuspension = z.union([
  z.object({ suspensionId: z.string(), scopeKind: z.literal('all') }),
  z.object({
    suspensionId: z.string(),
    scopeKind: z.enum(['leg', 'site', 'nationality']),
    scopeValue: z.string(),
  }),
]);
export type OpenSuspension = z.infer<typeof OpenSuspension>;

/** What an operation keeps in memory: never people, who are counted in SQL. */
const OperationState = z.object({
  seq: z.number(),
  /** the main line, suspensions aside */
  line: z.enum(MAIN_LINE),
  governmentRequestRef: z.string().optional(),
  /** those that are open, each scope once */
  suspensions: z.array(OpenSuspension),
  phases: z.record(z.string(), z.enum(PHASES)),
  /** somebody asked Temporal to cancel the workflow, and nobody has decided about it */
  cancelRequested: z.boolean(),
});
export type OperationState = z.infer<typeof OperationState>;

/** Answer to a command of an operation; each is an update, the table is domain/operations/commands.ts. */
const OperationAnswer = z.object({ seq: z.number(), status: z.enum([...MAIN_LINE, 'suspended']) });
export type OperationAnswer = z.infer<typeof OperationAnswer>;

/** What an operation takes along over continue-as-new. */
export const OPERATION_CARRIED = carriedForm({
  name: 'What an operation carries',
  state: OperationState,
  answer: OperationAnswer,
  message: z.never(),
  upgradeState: (state) => ({ ...state, cancelRequested: false }),
});

const OperationInput = z.object({
  version: z.literal(1),
  operationId: z.string(),
  clock: CLOCK_SCHEMA.clock,
  rules: RULES_SCHEMAS.rules,
  /** read through `OPERATION_CARRIED` */
  carried: z.unknown().optional(),
});
export type OperationInput = z.infer<typeof OperationInput>;

/** Input of the workflow `operation`. */
export const OPERATION_INPUT = versioned({
  name: 'Input of an operation',
  version: 1,
  schema: OperationInput,
  upgrades: {},
});

import {
  ApplicationFailure,
  allHandlersFinished,
  condition,
  defineSignal,
  defineUpdate,
  proxyLocalActivities,
  setHandler,
} from '@temporalio/workflow';
import type { OperationActivities } from '../activities/operations.ts';
import { ROLES, SYSTEM } from '../domain/actor.ts';
import type { EventHeader } from '../domain/journeys/events.ts';
import {
  allowedCommands,
  OPERATION_COMMANDS,
  type OperationCommand,
  type OperationCommands,
  refusalOf,
  unfinishedSentence,
} from '../domain/operations/commands.ts';
import type { OperationEvent, OperationEvents, OperationEventType } from '../domain/operations/events.ts';
import {
  apply,
  emptyOperation,
  ended,
  type OperationState,
  type OperationStatus,
  statusOf,
} from '../domain/operations/state.ts';
import type { RecordedEvent } from '../domain/record.ts';
import type { Instant } from '../domain/time.ts';
import { Memory } from './memory.ts';
import {
  COMMAND_REFUSED,
  type Command,
  type OperationAnswer,
  type OperationCarried,
  type OperationInput,
  type Refusal,
} from './messages.ts';
import { Recorder } from './recorder.ts';
import { goOnAsNew, NEW_VERSION, newVersionWanted } from './versions.ts';
import { now } from './waiting.ts';

const transactions = proxyLocalActivities<OperationActivities>({
  startToCloseTimeout: '20s',
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '10s' },
  localRetryThreshold: '30s',
});

/** How many answered commands are remembered, in this run and over continue-as-new. */
const REMEMBERED = 200;

/** A crisis response, a return programme, or a drill: its status, its suspensions and phases. Its people are counted in SQL. */
export async function operation(input: OperationInput): Promise<OperationStatus> {
  const run = setup(input);
  await condition(() => ended(run.state) || newVersionWanted());
  await condition(() => allHandlersFinished() && run.recorder.idle);
  if (!ended(run.state)) return goOnAsNew<typeof operation>({ ...input, carried: run.carried() });
  return statusOf(run.state);
}

/** Registers every handler before anything awaits. */
function setup(input: OperationInput): OperationRun {
  const run = new OperationRun(input);
  for (const name of Object.keys(OPERATION_COMMANDS) as OperationCommand[]) take(run, name);
  setHandler(defineSignal(NEW_VERSION), () => undefined);
  if (run.state.seq === 0) run.event('operationOpened', {});
  return run;
}

type Header = Pick<Command<unknown>, 'commandId' | 'actor' | 'reasonCode' | 'noteId'>;

/** What each command does: its transaction first, then what it makes true. A transaction that finds something in the way refuses. */
const EFFECTS: {
  [C in OperationCommand]: (run: OperationRun, args: OperationCommands[C], by: Header) => Promise<void>;
} = {
  activate: async (run, { governmentRequestRef, leads }, by) => {
    await transactions.nameLeads({ operationId: run.operationId, governmentRequestRef, leads });
    run.event('operationActivated', { governmentRequestRef, leads }, by);
    run.event('operationStarted', {}, by);
  },
  suspend: async (run, args, by) => {
    // the event bears the moment of its transaction: on a drill's clock even a short call takes hours
    const { operationId } = run;
    const at = run.now();
    await transactions.openSuspension({ operationId, ...args, at, reasonCode: by.reasonCode ?? '' });
    run.event('operationSuspended', args, { ...by, at });
  },
  resume: async (run, { suspensionId }, by) => {
    const { operationId, consentMaxAge } = run;
    const at = run.now();
    const lapsed = await transactions.closeSuspension({ operationId, suspensionId, at, consentMaxAge });
    run.event('operationResumed', { suspensionId, lapsed }, { ...by, at });
  },
  setPhase: async (run, args, by) => {
    await transactions.setPhase({ operationId: run.operationId, ...args });
    run.event('phaseSet', args, by);
  },
  windDown: async (run, _args, by) => {
    await transactions.stopRegistration({ operationId: run.operationId });
    run.event('windDownBegun', {}, by);
  },
  closeOperation: async (run, _args, by) => {
    await run.beginEnd();
    run.event('operationClosed', {}, by);
  },
  cancelOperation: async (run, _args, by) => {
    await run.beginEnd();
    run.event('operationCancelled', {}, by);
  },
};

function take<C extends OperationCommand>(run: OperationRun, name: C): void {
  setHandler(
    defineUpdate<OperationAnswer, [Command<OperationCommands[C]>]>(name),
    async (command: Command<OperationCommands[C]>): Promise<OperationAnswer> => {
      const before = run.memory.answerTo(command.commandId);
      if (before) return before;
      return run.alone(async () => {
        // while it waited for its continuation another command may have changed what is allowed
        run.refuseUnlessAllowed(name, command);
        const { commandId, actor, reasonCode, noteId } = command;
        const by: Header = { commandId, actor, ...(reasonCode ? { reasonCode } : {}), ...(noteId ? { noteId } : {}) };
        await EFFECTS[name](run, command.args, by);
        const answer = run.answer();
        run.memory.remember(commandId, answer);
        await run.recorder.recorded();
        return answer;
      });
    },
    { validator: (command) => run.refuseUnlessAllowed(name, command) },
  );
}

class OperationRun {
  readonly operationId: string;
  readonly consentMaxAge: number;
  readonly recorder: Recorder<OperationState>;
  state: OperationState;
  readonly clock: OperationInput['clock'];
  readonly memory: Memory<OperationAnswer>;
  private busy = false;

  constructor(input: OperationInput) {
    this.operationId = input.operationId;
    this.consentMaxAge = input.rules.consentMaxAge;
    this.clock = input.clock;
    this.state = input.carried?.state ?? emptyOperation();
    this.memory = new Memory(REMEMBERED, input.carried);
    this.recorder = new Recorder({
      subject: input.operationId,
      subjectKind: 'operation',
      operationId: input.operationId,
      state: () => this.state,
      apply: (state, event) => apply(state, event as RecordedEvent & OperationEvent),
      rebase: (state, alreadyRecorded) => this.rebase(state, alreadyRecorded),
      snapshot: () => ({ projection: { status: statusOf(this.state) }, waits: [] }),
    });
  }

  now(): Instant {
    return now(this);
  }

  /** Makes a event true: state and event_log change together. */
  event<T extends OperationEventType>(type: T, data: OperationEvents[T], header: Partial<EventHeader> = {}): void {
    const made = { at: this.now(), actor: SYSTEM, ...header, type, data } as OperationEvent;
    this.state = apply(this.state, made);
    this.recorder.put(made);
  }

  /** One command at a time: a transaction must not be overtaken by another's event. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    while (this.busy) await condition(() => !this.busy);
    this.busy = true;
    try {
      return await work();
    } finally {
      this.busy = false;
    }
  }

  refuseUnlessAllowed<C extends OperationCommand>(name: C, command: Command<OperationCommands[C]>): void {
    if (this.memory.answerTo(command.commandId)) return;
    const rule = OPERATION_COMMANDS[name];
    const reason =
      (rule.roles.includes(command.actor.role) ? undefined : `This is not for a ${command.actor.role} to decide`) ??
      (rule.reason && !command.reasonCode ? 'A reason must be given' : undefined) ??
      refusalOf(this.state, name, command.args);
    if (reason !== undefined) this.refuse(reason);
  }

  /** @throws ApplicationFailure of type CommandRefused while anybody or anything has not come to an end */
  async beginEnd(): Promise<void> {
    const left = unfinishedSentence(await transactions.beginEnd({ operationId: this.operationId }));
    if (left !== undefined) this.refuse(left);
  }

  answer(): OperationAnswer {
    return { seq: this.state.seq, status: statusOf(this.state) };
  }

  carried(): OperationCarried {
    return { state: this.state, answered: this.memory.answered };
  }

  private rebase(state: OperationState, alreadyRecorded: readonly RecordedEvent[]): void {
    this.state = state;
    for (const { commandId } of alreadyRecorded)
      if (commandId !== undefined) this.memory.remember(commandId, this.answer());
  }

  private refuse(reason: string): never {
    const refusal: Refusal = { reason, allowed: allowedCommands(this.state, ROLES) };
    throw ApplicationFailure.nonRetryable(reason, COMMAND_REFUSED, refusal);
  }
}

import { proxyLocalActivities } from '@temporalio/workflow';
import type { OperationActivities } from '../activities/subjects.ts';
import type { OperationSteps } from '../domain/operations/commands/define.ts';
import { OPERATION_COMMANDS } from '../domain/operations/commands/index.ts';
import { unfinishedSentence } from '../domain/operations/commands/lifecycle.ts';
import type { OperationEvent } from '../domain/operations/events.ts';
import { ended, OPERATION, type OperationState, type OperationStatus, statusOf } from '../domain/operations/state.ts';
import {
  OPERATION_CARRIED,
  OPERATION_INPUT,
  type OperationAnswer,
  type OperationInput,
} from '../domain/operations/stored.ts';
import { live, ReservationRefused, type StepsOf, type Subject } from './aggregate/live.ts';
import { AggregateRun, type Kind } from './aggregate/run.ts';
import { until } from './waiting.ts';

const transactions = proxyLocalActivities<OperationActivities>({
  startToCloseTimeout: '20s',
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '10s' },
  localRetryThreshold: '30s',
});

type OperationTypes = {
  state: OperationState;
  event: OperationEvent;
  answer: OperationAnswer;
  message: never;
};

const KIND: Kind<OperationTypes> = {
  ...OPERATION,
  kind: 'operation',
  isOver: ended,
  phase: () => undefined,
  projection: (state) => ({ status: statusOf(state) }),
  answer: (state) => ({ seq: state.seq, status: statusOf(state) }),
};

/** One operation while it runs. */
class OperationRun extends AggregateRun<OperationTypes> {
  /** each one transaction of our own database */
  readonly transactions = this.calls.inTurn(transactions);

  constructor({ operationId, clock, rules, carried }: OperationInput) {
    super(KIND, {
      subject: operationId,
      operationId,
      clock,
      rules,
      carried: carried === undefined ? undefined : OPERATION_CARRIED.read(carried),
    });
  }
}

type Transactions = OperationRun['transactions'];

const step =
  <Input extends object>(take: (transactions: Transactions, input: Input & { operationId: string }) => Promise<void>) =>
  async ({ transactions, operationId }: OperationRun, input: Input) => {
    await take(transactions, { operationId, ...input });
    return {};
  };

/** The steps that commands name: each one transaction, before the event of the command. */
const STEPS: StepsOf<OperationSteps, OperationRun> = {
  nameLeads: step((transactions, input) => transactions.nameLeads(input)),
  openSuspension: step((transactions, input) => transactions.openSuspension(input)),
  closeSuspension: ({ transactions, operationId, rules }, input) =>
    transactions.closeSuspension({ operationId, ...input, consentMaxAge: rules.consentMaxAge }),
  setPhase: step((transactions, input) => transactions.setPhase(input)),
  stopRegistration: step((transactions, input) => transactions.stopRegistration(input)),
  beginEnd: step(async (transactions, input) => {
    const left = unfinishedSentence(await transactions.beginEnd(input));
    if (left !== undefined) throw new ReservationRefused(left);
  }),
};

const OPERATIONS: Subject<OperationTypes, OperationRun, Record<never, never>> = {
  commands: OPERATION_COMMANDS,
  steps: STEPS,
  signals: {},
  serial: true,
  background: [],
  begin: (run) => run.event('operationOpened', {}),
  work: (run) => until(run, () => run.over()),
};

/** A crisis response, a return programme, or a drill: its status, its suspensions and phases. Its people are counted in SQL. */
export async function operation(given: unknown): Promise<OperationStatus> {
  const input = OPERATION_INPUT.read(given);
  const run = await live(
    OPERATIONS,
    () => new OperationRun(input),
    input,
    (left) => ({ version: OPERATION_CARRIED.version, ...left.carried() }),
  );
  return statusOf(run.state);
}

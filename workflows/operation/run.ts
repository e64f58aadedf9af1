import { proxyLocalActivities } from '@temporalio/workflow';
import type { OperationActivities } from '../../activities/operations.ts';
import type { OperationSteps } from '../../domain/operations/commands/define.ts';
import { unfinishedSentence } from '../../domain/operations/commands/lifecycle.ts';
import type { OperationEvent } from '../../domain/operations/events.ts';
import { ended, OPERATION, type OperationState, statusOf } from '../../domain/operations/state.ts';
import { OPERATION_CARRIED, type OperationAnswer, type OperationInput } from '../../domain/operations/stored.ts';
import { ReservationRefused, type StepsOf } from '../aggregate/live.ts';
import { AggregateRun, type Kind } from '../aggregate/run.ts';

const transactions = proxyLocalActivities<OperationActivities>({
  startToCloseTimeout: '20s',
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '10s' },
  localRetryThreshold: '30s',
});

export type OperationTypes = {
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
export class OperationRun extends AggregateRun<OperationTypes> {
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
export const STEPS: StepsOf<OperationSteps, OperationRun> = {
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

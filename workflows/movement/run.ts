import { SYSTEM } from '../../domain/actor.ts';
import type { EventHeader } from '../../domain/journeys/events.ts';
import type { EscalationStep } from '../../domain/journeys/waits.ts';
import type { MovementEvent } from '../../domain/movements/events.ts';
import {
  MOVEMENT,
  type MovementPhase,
  type MovementState,
  movementPhaseOf,
  movementProjection,
  statusOf,
} from '../../domain/movements/state.ts';
import { MOVEMENT_CARRIED, type MovementAnswer, type MovementInput } from '../../domain/movements/stored.ts';
import type { RecordedEvent } from '../../domain/record.ts';
import { REQUESTS } from '../../domain/requests/index.ts';
import type { Instant } from '../../domain/time.ts';
import { AggregateRun, type Kind } from '../aggregate/run.ts';
import type { PartnerAnswered } from '../messages.ts';
import { remindRequest } from '../requestActivities.ts';
import { lists, transactions } from './activities.ts';

export type MovementTypes = {
  state: MovementState;
  event: MovementEvent;
  answer: MovementAnswer;
  message: PartnerAnswered;
};

const KIND: Kind<MovementTypes> = {
  ...MOVEMENT,
  kind: 'movement',
  isOver: (state) => state.closed,
  phase: movementPhaseOf,
  projection: movementProjection,
  answer: (state, _rules, detail) => ({ seq: state.seq, status: statusOf(state), detail }),
};

/** One flight, ship, bus or convoy while it runs. */
export class MovementRun extends AggregateRun<MovementTypes> {
  readonly carrierId: string | undefined;
  /** reservations on a row or two of our own database */
  readonly transactions = this.calls.inTurn(transactions);
  private readonly input: MovementInput;
  private lastTransaction: Instant = 0;
  /** people have not been notified yet of how their seats stand */
  private pendingNotifications: boolean;
  private notifying = false;

  constructor(input: MovementInput) {
    const { movementId, operationId, clock, rules } = input;
    const carried = input.carried === undefined ? undefined : MOVEMENT_CARRIED.read(input.carried);
    super(KIND, { subject: movementId, operationId, clock, rules, carried });
    this.input = input;
    this.carrierId = input.carrierId;
    this.pendingNotifications = carried !== undefined;
    void this.notifyPeople();
  }

  begin(): void {
    const { leg, departsAt, arrivesAt, capacity, stops, clearances } = this.input;
    this.event('movementPlanned', { leg, departsAt, arrivesAt, capacity, stops, clearances: clearances ?? [] });
  }

  override get phase(): MovementPhase {
    return movementPhaseOf(this.state);
  }

  /** Who takes a reservation, and when: a moment of its own for each, so that one taken twice finds what it wrote. */
  transaction(by: Partial<EventHeader>) {
    this.lastTransaction = Math.max(this.now(), this.lastTransaction + 1);
    return { movementId: this.subject, at: this.lastTransaction, actor: by.actor ?? SYSTEM };
  }

  override escalationReached(key: string, escalationStep: Exclude<EscalationStep, 'waiting'>): void {
    super.escalationReached(key, escalationStep);
    const { requestId, status } = this.state.booking;
    if (escalationStep !== 'reminded' || key !== REQUESTS.booking.waits.answer.key || status !== 'requested') return;
    // Nobody waits for it: where the carrier cannot be reminded, the escalation goes on to people all the same.
    if (requestId !== undefined) remindRequest({ requestId, at: this.now() }).catch(() => {});
  }

  /** People are notified of their seats after these are on record. */
  seatsChanged(): void {
    this.pendingNotifications = true;
  }

  protected override idle(): boolean {
    return super.idle() && !this.pendingNotifications && !this.notifying;
  }

  protected override rebase(state: MovementState, recorded: readonly RecordedEvent[]): void {
    super.rebase(state, recorded);
    this.seatsChanged();
  }

  private async notifyPeople(): Promise<never> {
    for (;;) {
      await this.when(() => this.pendingNotifications && this.calls.idle);
      this.pendingNotifications = false;
      this.notifying = true;
      await lists.notifyJourneys({ movementId: this.subject });
      this.notifying = false;
    }
  }
}

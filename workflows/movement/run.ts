import { allHandlersFinished, CancellationScope, condition } from '@temporalio/workflow';
import type { Transaction } from '../../activities/movements.ts';
import { SYSTEM } from '../../domain/actor.ts';
import type { EventHeader } from '../../domain/journeys/events.ts';
import type { EscalationStep, Wait } from '../../domain/journeys/waits.ts';
import type {
  MovementEvent,
  MovementEventOf,
  MovementEvents,
  MovementEventType,
} from '../../domain/movements/events.ts';
import {
  emptyMovement,
  evolve,
  type MovementPhase,
  type MovementState,
  movementPhaseOf,
  movementProjection,
  statusOf,
} from '../../domain/movements/state.ts';
import type { RecordedEvent } from '../../domain/record.ts';
import type { Rules } from '../../domain/rules.ts';
import type { Instant } from '../../domain/time.ts';
import { Memory } from '../memory.ts';
import type { MovementAnswer, MovementCarried, MovementInput, PartnerAnswered } from '../messages.ts';
import { Recorder } from '../recorder.ts';
import { newVersionWanted } from '../versions.ts';
import { now, type Waiter } from '../waiting.ts';
import { lists } from './activities.ts';

/** How many inFlightDuring keys and answered commands are remembered, in this run and over continue-as-new. */
const REMEMBERED = 500;

/** One flight, ship, bus or convoy while it runs: the state, its one door to the event_log, and what it has on the way. */
export class MovementRun implements Waiter {
  readonly subject: string;
  readonly operationId: string;
  readonly clock: MovementInput['clock'];
  readonly rules: Rules;
  readonly carrierId: string | undefined;
  readonly waits: Wait[];
  readonly recorder: Recorder<MovementState>;
  readonly memory: Memory<MovementAnswer>;
  /** answers of the carrier that came before the request they belong to was known here */
  readonly buffered: PartnerAnswered[] = [];
  state: MovementState;
  private line: Promise<void> = Promise.resolve();
  private lastTransaction: Instant = 0;
  private inFlight = 0;
  private busy = 0;
  private continuation = false;
  private pendingNotifications: boolean;
  private telling = false;

  constructor(input: MovementInput) {
    const { carried } = input;
    this.subject = input.movementId;
    this.operationId = input.operationId;
    this.clock = input.clock;
    this.rules = input.rules;
    this.carrierId = input.carrierId;
    this.state = carried?.state ?? emptyMovement();
    this.waits = carried?.waits ?? [];
    this.memory = new Memory(REMEMBERED, carried);
    this.pendingNotifications = carried !== undefined;
    this.recorder = new Recorder({
      subject: input.movementId,
      subjectKind: 'movement',
      operationId: input.operationId,
      state: () => this.state,
      apply: (state, event) => evolve(state, event as RecordedEvent & MovementEvent),
      rebase: (state, alreadyRecorded) => this.rebase(state, alreadyRecorded),
      snapshot: () => ({ projection: movementProjection(this.state), waits: this.waits }),
    });
    void this.notifyPeople();
  }

  now(): Instant {
    return now(this);
  }

  get phase(): MovementPhase {
    return movementPhaseOf(this.state);
  }

  /** Makes a event true: state and event_log change together. Events cannot fail. */
  event<T extends MovementEventType>(type: T, data: MovementEvents[T], header: Partial<EventHeader> = {}): void {
    const made = { at: this.now(), actor: SYSTEM, ...header, type, data } as MovementEventOf<T> as MovementEvent;
    this.state = evolve(this.state, made);
    this.recorder.put({ ...made, phase: this.phase });
  }

  over(): boolean {
    return this.state.closed;
  }

  continuingAsNew(): boolean {
    // Kept: a version that is taken back meanwhile must not leave half of the waits ended and half going on.
    this.continuation ||= newVersionWanted();
    return this.continuation;
  }

  escalationReached(key: string, escalationStep: Exclude<EscalationStep, 'waiting'>): void {
    const type = { reminded: 'waitReminded', due: 'waitDue', escalated: 'waitEscalated' } as const;
    this.event(type[escalationStep], { key });
  }

  /**
   * One transaction and its events after the other, each recorded before the next: a transaction reads what the one before has
   * written. What has begun is brought to its end, also when the movement is being cancelled.
   */
  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    const before = this.line;
    let done = (): void => {};
    this.busy += 1;
    this.line = new Promise((resolve) => {
      done = resolve;
    });
    return CancellationScope.nonCancellable(async () => {
      await before;
      try {
        return await work();
      } finally {
        await this.recorder.recorded();
        this.busy -= 1;
        done();
      }
    });
  }

  /** Who takes a transaction, and when: a moment of its own for each, so that a transaction taken twice finds what it wrote. */
  transaction(by: Partial<EventHeader>): Transaction {
    this.lastTransaction = Math.max(this.now(), this.lastTransaction + 1);
    return { movementId: this.subject, at: this.lastTransaction, actor: by.actor ?? SYSTEM };
  }

  /** People hear how their seats stand after it is on record. */
  seatsChanged(): void {
    this.pendingNotifications = true;
  }

  /** Does something inFlightDuring; the run is not left while it is on its way. */
  async inFlightDuring<T>(work: Promise<T>): Promise<T> {
    this.inFlight += 1;
    try {
      return await work;
    } finally {
      this.inFlight -= 1;
    }
  }

  answer(detail: Record<string, number>): MovementAnswer {
    return { seq: this.state.seq, status: statusOf(this.state), detail };
  }

  /** Everything is written, everybody told, every handler has answered: the run may be left. */
  async drained(): Promise<void> {
    await condition(
      () =>
        allHandlersFinished() &&
        this.recorder.idle &&
        this.inFlight === 0 &&
        this.busy === 0 &&
        !this.pendingNotifications &&
        !this.telling,
    );
  }

  carried(): MovementCarried {
    const { answered, seen } = this.memory;
    return { state: this.state, waits: this.waits, answered, seen };
  }

  private rebase(state: MovementState, alreadyRecorded: readonly RecordedEvent[]): void {
    this.state = state;
    for (const { commandId } of alreadyRecorded)
      if (commandId !== undefined) this.memory.remember(commandId, this.answer({}));
    this.seatsChanged();
  }

  private async notifyPeople(): Promise<void> {
    for (;;) {
      await condition(() => this.pendingNotifications && this.recorder.idle);
      this.pendingNotifications = false;
      this.telling = true;
      await lists.notifyJourneys({ movementId: this.subject });
      this.telling = false;
    }
  }
}

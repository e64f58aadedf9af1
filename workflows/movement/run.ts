import { allHandlersFinished, CancellationScope, condition, workflowInfo } from '@temporalio/workflow';
import type { Claim } from '../../activities/movements.ts';
import { SYSTEM } from '../../domain/actor.ts';
import type { FactHeader } from '../../domain/journey/facts.ts';
import type { Rung, Wait } from '../../domain/journey/waits.ts';
import type { MovementFact, MovementFactOf, MovementFacts, MovementFactType } from '../../domain/movement/facts.ts';
import {
  applyFact,
  emptyMovement,
  type MovementChapter,
  type MovementState,
  movementChapterOf,
  movementProjection,
  statusOf,
} from '../../domain/movement/state.ts';
import type { RecordedFact } from '../../domain/record.ts';
import type { Rules } from '../../domain/rules.ts';
import type { Instant } from '../../domain/time.ts';
import { Memory } from '../memory.ts';
import type { MovementAnswer, MovementCarried, MovementInput, OfficeNews } from '../messages.ts';
import { Recorder } from '../recorder.ts';
import { now, type Waiter } from '../waiting.ts';
import { lists } from './activities.ts';

/** How many outside keys and answered commands are remembered, in this run and over continue-as-new. */
const REMEMBERED = 500;

/** One flight, ship, bus or convoy while it runs: the state, its one door to the journal, and what it has on the way. */
export class MovementRun implements Waiter {
  readonly subject: string;
  readonly operationId: string;
  readonly clock: MovementInput['clock'];
  readonly rules: Rules;
  readonly carrierId: string | undefined;
  readonly waits: Wait[];
  readonly recorder: Recorder<MovementState>;
  readonly memory: Memory<MovementAnswer>;
  /** answers of the carrier that came before the question they belong to was known here */
  readonly early: OfficeNews[] = [];
  state: MovementState;
  private line: Promise<void> = Promise.resolve();
  private lastClaim: Instant = 0;
  private out = 0;
  private busy = 0;
  private untold: boolean;
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
    this.untold = carried !== undefined;
    this.recorder = new Recorder({
      subject: input.movementId,
      subjectKind: 'movement',
      operationId: input.operationId,
      state: () => this.state,
      apply: (state, fact) => applyFact(state, fact as RecordedFact & MovementFact),
      restate: (state, stands) => this.restate(state, stands),
      snapshot: () => ({ projection: movementProjection(this.state), waits: this.waits }),
    });
    void this.tellPeople();
  }

  now(): Instant {
    return now(this);
  }

  get chapter(): MovementChapter {
    return movementChapterOf(this.state);
  }

  /** Makes a fact true: state and journal change together. Facts cannot fail. */
  fact<T extends MovementFactType>(type: T, data: MovementFacts[T], header: Partial<FactHeader> = {}): void {
    const made = { at: this.now(), actor: SYSTEM, ...header, type, data } as MovementFactOf<T> as MovementFact;
    this.state = applyFact(this.state, made);
    this.recorder.put({ ...made, chapter: this.chapter });
  }

  over(): boolean {
    return this.state.closed;
  }

  turning(): boolean {
    return workflowInfo().continueAsNewSuggested;
  }

  rungReached(key: string, rung: Exclude<Rung, 'waiting'>): void {
    const type = { reminded: 'waitReminded', due: 'waitDue', escalated: 'waitEscalated' } as const;
    this.fact(type[rung], { key });
  }

  /**
   * One claim and its facts after the other, each recorded before the next: a claim reads what the one before has
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

  /** Who takes a claim, and when: a moment of its own for each, so that a claim taken twice finds what it wrote. */
  claim(by: Partial<FactHeader>): Claim {
    this.lastClaim = Math.max(this.now(), this.lastClaim + 1);
    return { movementId: this.subject, at: this.lastClaim, actor: by.actor ?? SYSTEM };
  }

  /** People hear how their seats stand after it is on record. */
  seatsChanged(): void {
    this.untold = true;
  }

  /** Does something outside; the run is not left while it is on its way. */
  async outside<T>(work: Promise<T>): Promise<T> {
    this.out += 1;
    try {
      return await work;
    } finally {
      this.out -= 1;
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
        this.out === 0 &&
        this.busy === 0 &&
        !this.untold &&
        !this.telling,
    );
  }

  carried(): MovementCarried {
    const { answered, heard } = this.memory;
    return { state: this.state, waits: this.waits, answered, heard };
  }

  private restate(state: MovementState, stands: readonly RecordedFact[]): void {
    this.state = state;
    for (const { commandId } of stands) if (commandId !== undefined) this.memory.remember(commandId, this.answer({}));
    this.seatsChanged();
  }

  private async tellPeople(): Promise<void> {
    for (;;) {
      await condition(() => this.untold && this.recorder.idle);
      this.untold = false;
      this.telling = true;
      await lists.tellJourneys({ movementId: this.subject });
      this.telling = false;
    }
  }
}

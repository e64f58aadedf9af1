import { allHandlersFinished, condition, isCancellation, patched, workflowInfo } from '@temporalio/workflow';
import { SYSTEM } from '../../domain/actor.ts';
import type { FactHeader, JourneyFact, JourneyFacts, JourneyFactType } from '../../domain/journey/facts.ts';
import { projectionOf } from '../../domain/journey/projection.ts';
import {
  apply,
  chapterOf,
  emptyJourney,
  type JourneyState,
  type OpenRequest,
  stageOf,
} from '../../domain/journey/state.ts';
import type { Rung, Wait } from '../../domain/journey/waits.ts';
import type { RecordedFact } from '../../domain/record.ts';
import type { Rules } from '../../domain/rules.ts';
import type { Instant } from '../../domain/time.ts';
import { Memory } from '../memory.ts';
import type { JourneyAnswer, JourneyCarried, JourneyInput, OfficeNews } from '../messages.ts';
import { Recorder } from '../recorder.ts';
import { now, type Waiter } from '../waiting.ts';
import { offices, tell } from './activities.ts';

/** How many outside keys and answered commands are remembered, in this run and over continue-as-new. */
const REMEMBERED = 200;

type NoOffice = { outcome: 'no_office' };

/** One person's journey while it runs: the state, its one door to the journal, and what it has on the way. */
export class JourneyRun implements Waiter {
  readonly subject: string;
  readonly operationId: string;
  readonly householdId: string;
  readonly clock: JourneyInput['clock'];
  readonly rules: Rules;
  readonly waits: Wait[];
  readonly recorder: Recorder<JourneyState>;
  readonly memory: Memory<JourneyAnswer>;
  /** news of offices that came before the question they answer was known here */
  readonly early: OfficeNews[] = [];
  state: JourneyState;
  private turn = false;
  private out = 0;
  private questions = 0;
  /** set by the news handlers: hears again what came early */
  hearEarly: () => void = () => {};

  constructor(input: JourneyInput) {
    const { carried } = input;
    this.subject = input.journeyId;
    this.operationId = input.operationId;
    this.householdId = input.householdId;
    this.clock = input.clock;
    this.rules = input.rules;
    this.state = carried?.state ?? emptyJourney();
    this.waits = carried?.waits ?? [];
    this.memory = new Memory(REMEMBERED, carried);
    this.recorder = new Recorder({
      subject: input.journeyId,
      subjectKind: 'journey',
      operationId: input.operationId,
      state: () => this.state,
      apply: (state, fact) => apply(state, fact as RecordedFact & JourneyFact),
      restate: (state, stands) => this.restate(state, stands),
      snapshot: () => ({ projection: projectionOf(this.state, this.rules), waits: this.waits }),
      onRecorded: ({ seatedOn }) => {
        for (const movementId of seatedOn) void this.leaveUnit(movementId);
      },
    });
  }

  now(): Instant {
    return now(this);
  }

  /** A moment that an outsider names, kept between the start of the journey and now. */
  moment(at: Instant): Instant {
    return Math.min(Math.max(at, this.state.startedAt), this.now());
  }

  /** Makes a fact true: state and journal change together. Facts cannot fail. */
  fact<T extends JourneyFactType>(type: T, data: JourneyFacts[T], header: Partial<FactHeader> = {}): void {
    const made = { at: this.now(), actor: SYSTEM, ...header, type, data } as JourneyFact;
    this.state = apply(this.state, made);
    this.recorder.put({ ...made, chapter: chapterOf(this.state, this.rules) });
  }

  over(): boolean {
    return this.state.ending !== undefined;
  }

  turning(): boolean {
    return this.turn || workflowInfo().continueAsNewSuggested;
  }

  /** Ends this run at the next wait, so that the journey goes on in a new one. */
  turnOver(): void {
    this.turn = true;
  }

  rungReached(key: string, rung: Exclude<Rung, 'waiting'>): void {
    const type = { reminded: 'waitReminded', due: 'waitDue', escalated: 'waitEscalated' } as const;
    this.fact(type[rung], { key });
    const request = rung === 'reminded' ? this.questionOf(key) : undefined;
    if (request && patched('offices-are-reminded')) this.remind(request.requestId);
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

  /** Asks an office, and makes its fact before news that came early is heard. */
  async ask<T extends { outcome: string }>(
    question: Promise<T>,
    answered: (outcome: T | NoOffice) => void,
  ): Promise<T | NoOffice> {
    this.questions += 1;
    try {
      const outcome = await this.outside(question).catch((failure: unknown): NoOffice => {
        if (isCancellation(failure)) throw failure;
        // An office that cannot be asked at all is as good as none: a person decides what to do.
        return { outcome: 'no_office' };
      });
      if (!this.over()) answered(outcome);
      return outcome;
    } finally {
      this.questions -= 1;
      this.hearEarly();
    }
  }

  /** Whether a question is on its way whose id is not known here yet. */
  get asking(): boolean {
    return this.questions > 0;
  }

  answer(): JourneyAnswer {
    return { seq: this.state.seq, stage: stageOf(this.state, this.rules), chapter: chapterOf(this.state, this.rules) };
  }

  /** Everything is written, every handler has answered, nothing is on its way: the run may be left. */
  async drained(): Promise<void> {
    await condition(() => allHandlersFinished() && this.recorder.idle && this.out === 0);
  }

  carried(): JourneyCarried {
    const { answered, heard } = this.memory;
    return { state: this.state, waits: this.waits, answered, heard };
  }

  private restate(state: JourneyState, stands: readonly RecordedFact[]): void {
    this.state = state;
    for (const { commandId } of stands) if (commandId !== undefined) this.memory.remember(commandId, this.answer());
  }

  private questionOf(key: string): OpenRequest | undefined {
    const { nationality, document, fitness, exitPermit } = this.state;
    const of: Record<string, { request?: OpenRequest }> = {
      acknowledgement: nationality,
      verification: nationality,
      document,
      fitness,
      exitPermit,
    };
    return of[key]?.request;
  }

  /** Nobody waits for it: where an office cannot be reminded, the ladder goes on to people all the same. */
  private remind(requestId: string): void {
    offices.remindOffice({ operationId: this.operationId, requestId, at: this.now() }).catch(() => {});
  }

  private async leaveUnit(movementId: string): Promise<void> {
    const cause = this.over() ? 'ending' : this.state.consent.status === 'withdrawn' ? 'withdrawal' : 'hold';
    await this.outside(
      tell.unitMustLeave({
        movementId,
        householdId: this.state.householdId ?? this.householdId,
        key: `${this.subject}:${this.state.seq}`,
        at: this.now(),
        cause,
      }),
    );
  }
}

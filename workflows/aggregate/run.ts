import { allHandlersFinished, CancellationScope } from '@temporalio/workflow';
import { SYSTEM } from '../../domain/actor.ts';
import type { Aggregate } from '../../domain/events.ts';
import type { EventHeader } from '../../domain/journeys/events.ts';
import type { EscalationStep, Wait } from '../../domain/journeys/waits.ts';
import type { RecordedEvent, RecordResult, SubjectKind } from '../../domain/record.ts';
import type { Rules } from '../../domain/rules.ts';
import type { Instant, OperationClock } from '../../domain/time.ts';
import { newVersionWanted } from '../versions.ts';
import { now, realNow, type Waiter } from '../waiting.ts';
import { type Given, Memory, MessageBuffer, type Seen } from './memory.ts';
import { Activation, LocalCalls, Recorder } from './recording.ts';

/** The types of one kind of subject. */
export type AggregateTypes = {
  state: { seq: number; cancelRequested: boolean };
  event: EventHeader & { type: string; data: object };
  answer: object;
  /** what may come before the request that it answers; `never` where nothing does */
  message: unknown;
};

/** What a run takes along over continue-as-new. */
export type Carried<T extends AggregateTypes> = {
  state: T['state'];
  waits: Wait[];
  answers: Given<T['answer']>[];
  seen: Seen[];
  buffered: T['message'][];
};

/** What a run is given by the input of its workflow. */
export type RunInput<T extends AggregateTypes> = {
  subject: string;
  operationId: string;
  clock: OperationClock;
  rules: Rules;
  carried: Carried<T> | undefined;
};

/** What a kind of subject is: its pure part (domain/events.ts), and what is written inBackground its events. */
export type Kind<T extends AggregateTypes> = Aggregate<T['state'], T['event']> & {
  kind: SubjectKind;
  isOver(state: T['state']): boolean;
  /** written inBackground each event and each wait */
  phase(state: T['state'], rules: Rules): string | undefined;
  projection(state: T['state'], rules: Rules): Record<string, unknown>;
  answer(state: T['state'], rules: Rules, detail: Record<string, number>): T['answer'];
};

/**
 * One subject while it runs: its state, its only way to the event log, what it waits for, what it remembers, and what it
 * has on the way.
 */
export class AggregateRun<T extends AggregateTypes> implements Waiter {
  readonly subject: string;
  readonly operationId: string;
  readonly clock: OperationClock;
  readonly rules: Rules;
  readonly waits: Wait[];
  readonly activation = new Activation();
  readonly calls: LocalCalls;
  readonly recorder: Recorder<T['state']>;
  readonly memory: Memory<T['answer']>;
  readonly buffer: MessageBuffer<T['message']>;
  state: T['state'];
  private readonly kind: Kind<T>;
  private line: Promise<void> = Promise.resolve();
  private inFlight = 0;
  private busy = 0;
  private wantsNewRun = false;
  private leaving = false;

  constructor(kind: Kind<T>, { subject, operationId, clock, rules, carried }: RunInput<T>) {
    this.kind = kind;
    this.subject = subject;
    this.operationId = operationId;
    this.clock = clock;
    this.rules = rules;
    this.state = carried?.state ?? kind.empty();
    this.waits = carried?.waits ?? [];
    this.memory = new Memory(realNow, carried);
    this.buffer = new MessageBuffer(carried?.buffered);
    this.recorder = new Recorder({
      subject,
      subjectKind: kind.kind,
      operationId,
      activation: this.activation,
      state: () => this.state,
      evolve: (state, event) => kind.evolve(state, event),
      rebase: (state, recorded) => this.rebase(state, recorded),
      snapshot: () => ({ projection: kind.projection(this.state, this.rules), waits: this.waits }),
      onRecorded: (result) => this.onRecorded(result),
    });
    const { recorder } = this;
    this.calls = new LocalCalls(this.activation, { due: () => recorder.due, start: () => recorder.write() });
    void this.calls.run();
  }

  now(): Instant {
    return now(this);
  }

  get phase(): string | undefined {
    return this.kind.phase(this.state, this.rules);
  }

  /** Makes an event true: state and event log change together. Events cannot fail. */
  event<N extends T['event']['type']>(
    type: N,
    data: Extract<T['event'], { type: N }>['data'],
    header: Partial<EventHeader> = {},
  ): void {
    this.append(type, data, header);
  }

  /** The same for the events that every kind of subject has. */
  append(type: T['event']['type'], data: object, header: Partial<EventHeader> = {}): void {
    const event: T['event'] = { at: this.now(), actor: SYSTEM, ...header, type, data };
    this.state = this.kind.evolve(this.state, event);
    const phase = this.phase;
    this.recorder.put({ ...event, ...(phase === undefined ? {} : { phase }) });
  }

  over(): boolean {
    return this.kind.isOver(this.state);
  }

  /**
   * Whether this run is being left for a new one. Not before everything is back that was sent inFlight: a partner that is
   * down for days would hold the run up, with all its waits ended. Once it is being left it is left.
   */
  continuingAsNew(): boolean {
    this.leaving ||= (this.wantsNewRun || newVersionWanted()) && this.inFlight === 0 && this.busy === 0;
    return this.leaving;
  }

  /** Ends this run at the next wait, so that the subject goes on in a new one. */
  continueAsNewSoon(): void {
    this.wantsNewRun = true;
  }

  when(holds: () => boolean, timeout?: number, summary?: string): Promise<boolean> {
    return this.activation.when(holds, timeout, summary);
  }

  escalationReached(key: string, escalationStep: Exclude<EscalationStep, 'waiting'>): void {
    const type = { reminded: 'waitReminded', due: 'waitDue', escalated: 'waitEscalated' } as const;
    this.append(type[escalationStep], { key });
  }

  /**
   * One piece of work and its events after the other, each recorded before the next: a reservation reads what the one
   * before has written.
   */
  async exclusively<R>(work: () => Promise<R> | R): Promise<R> {
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

  /** Does something outside; the run is not left while it is on its way. */
  async trackInFlight<R>(work: Promise<R>): Promise<R> {
    this.inFlight += 1;
    try {
      return await work;
    } finally {
      this.inFlight -= 1;
    }
  }

  answer(detail: Record<string, number> = {}): T['answer'] {
    return this.kind.answer(this.state, this.rules, detail);
  }

  /** Everything is written, every handler has answered, nothing is on its way: the run may be left. */
  async drained(): Promise<void> {
    do {
      await this.when(() => this.idle());
      await this.activation.atRest();
    } while (!this.idle());
  }

  carried(): Carried<T> {
    return {
      state: this.state,
      waits: this.waits,
      ...this.memory.carried(),
      buffered: this.buffer.carried(),
    };
  }

  protected idle(): boolean {
    return allHandlersFinished() && this.calls.idle && this.inFlight === 0 && this.busy === 0;
  }

  /** The database has committed a batch. */
  protected onRecorded(_result: RecordResult): void {}

  protected rebase(state: T['state'], recorded: readonly RecordedEvent[]): void {
    this.state = state;
    for (const { commandId } of recorded) if (commandId !== undefined) this.memory.remember(commandId, this.answer());
  }
}

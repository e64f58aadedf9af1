import { allHandlersFinished, CancellationScope } from '@temporalio/workflow';
import { SYSTEM } from '../../domain/actor.ts';
import type { Aggregate } from '../../domain/events.ts';
import type { EventHeader } from '../../domain/journeys/events.ts';
import type { EscalationStep, Wait } from '../../domain/journeys/waits.ts';
import type { RecordedEvent, RecordResult, SubjectKind } from '../../domain/record.ts';
import type { Rules } from '../../domain/rules.ts';
import { DAY, type Instant, type OperationClock } from '../../domain/time.ts';
import { newVersionWanted, now, realNow, type Waiter } from '../waiting.ts';
import { Activation, LocalCalls, Recorder } from './recording.ts';

/** The types of one kind of subject. */
export type AggregateTypes = {
  state: { seq: number; cancelRequested: boolean };
  event: EventHeader & { type: string; data: object };
  answer: object;
  /** what may come before the request that it answers; `never` where nothing does */
  message: unknown;
};

/** What a workflow remembers. `at`: in real time; what the first form carried says no time. */
type Remembered<Answer> = {
  answers: { commandId: string; answer: Answer; at?: Instant | undefined }[];
  seen: { key: string; at?: Instant | undefined }[];
};

/** What a run takes along over continue-as-new. */
export type Carried<T extends AggregateTypes> = Remembered<T['answer']> & {
  state: T['state'];
  waits: Wait[];
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
  readonly blocking = new Map<string, () => boolean>();
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
      snapshot: () => ({ projection: kind.projection(this.state, this.rules), waits: this.currentWaits() }),
      onRecorded: (result) => this.onRecorded(result),
    });
    this.calls = new LocalCalls(this.activation, { due: () => this.recorder.due, start: () => this.recorder.write() });
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

  /** One piece of work after the other, each recorded before the next: a reservation reads what the one before wrote. */
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

  /** What a wait holds up depends on the state now, not on that in which it was opened. */
  private currentWaits(): Wait[] {
    for (const wait of this.waits) wait.blocks = this.blocking.get(wait.key)?.() ?? wait.blocks;
    return this.waits;
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
    const { state, waits, memory, buffer } = this;
    return { state, waits, ...memory.carried(), buffered: buffer.carried() };
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

/** How long, in real time, an answer and a key are kept, and how many: what is carried must fit into one payload. */
const KEPT = DAY;
const MOST = 4_000;

/**
 * What a workflow remembers of the outside world for a day, in a run and over continue-as-new: keys of messages, so that what
 * comes twice has one effect, and answers that it gave, so that the same command is answered the same.
 */
export class Memory<Answer> {
  private readonly answers = new Map<string, { answer: Answer; at: Instant }>();
  private readonly seen = new Map<string, Instant>();
  private readonly now: () => Instant;

  /** @param now real time */
  constructor(now: () => Instant, { answers = [], seen = [] }: Partial<Remembered<Answer>> = {}) {
    this.now = now;
    for (const { commandId, answer, at = now() } of answers) this.answers.set(commandId, { answer, at });
    for (const { key, at = now() } of seen) this.seen.set(key, at);
  }

  /** True the first time a key comes. */
  isNew(key: string): boolean {
    if (this.seen.has(key)) return false;
    this.seen.set(key, this.now());
    forget(this.seen, this.now() - KEPT, (at) => at);
    return true;
  }

  answerTo(commandId: string): Answer | undefined {
    return this.answers.get(commandId)?.answer;
  }

  /** The first answer to a command is its answer. */
  remember(commandId: string, answer: Answer): void {
    if (this.answers.has(commandId)) return;
    this.answers.set(commandId, { answer, at: this.now() });
    forget(this.answers, this.now() - KEPT, ({ at }) => at);
  }

  carried(): Remembered<Answer> {
    return {
      answers: [...this.answers].map(([commandId, { answer, at }]) => ({ commandId, answer, at })),
      seen: [...this.seen].map(([key, at]) => ({ key, at })),
    };
  }
}

/** Maps keep the order in which entries came: the oldest stand first. */
function forget<V>(entries: Map<string, V>, before: Instant, at: (value: V) => Instant): void {
  for (const [key, value] of entries) {
    if (at(value) >= before && entries.size <= MOST) return;
    entries.delete(key);
  }
}

/** Most messages that are kept at once. More is a partner's fault, and a person looks at it. */
const MOST_BUFFERED = 100;

/**
 * Messages that came before the request that they answer was known here. They are handled when it is on record, and
 * carried over continue-as-new. When it is full, what comes is left to the inbox, which keeps every message.
 */
export class MessageBuffer<Message> {
  private readonly messages: Message[];

  constructor(carried: readonly Message[] = []) {
    this.messages = [...carried];
  }

  get full(): boolean {
    return this.messages.length >= MOST_BUFFERED;
  }

  add(message: Message): void {
    if (!this.full) this.messages.push(message);
  }

  /** Everything in it, in the order in which it came; it is empty afterwards. */
  takeAll(): Message[] {
    return this.messages.splice(0);
  }

  carried(): Message[] {
    return [...this.messages];
  }
}

import { condition, proxyLocalActivities, setCurrentDetails } from '@temporalio/workflow';
import type { RecordActivities } from '../../activities/subjects.ts';
import type { EventHeader } from '../../domain/journeys/events.ts';
import { type EscalationStep, WAIT_MESSAGES, type Wait } from '../../domain/journeys/waits.ts';
import type { RecordBatch, RecordedEvent, RecordResult, SubjectKind } from '../../domain/record.ts';
import { type Instant, iso } from '../../domain/time.ts';

/**
 * Where one activation of the workflow ends. The engine applies all jobs of an activation (signals, updates, results),
 * then runs what they released, until nothing moves any more. `atRest` is that moment: everything that the activation
 * set in motion has run. It counts what was released, never how often the engine looked.
 *
 * It knows of what waits through `when`, so no part of a subject waits through the engine's own `condition`.
 */
export class Activation {
  private released = 0;

  /** Resolves when `holds`: true. False where `timeout` (milliseconds of real time) passed before. */
  async when(holds: () => boolean, timeout?: number, summary?: string): Promise<boolean> {
    const counted = (): boolean => {
      if (!holds()) return false;
      this.released += 1;
      return true;
    };
    if (timeout !== undefined) return condition(counted, timeout, summary === undefined ? {} : { summary });
    await condition(counted);
    return true;
  }

  /** Resolves when nothing that was released has anything left to do without a new activation. */
  async atRest(): Promise<void> {
    for (let before = -1; before !== this.released; ) {
      before = this.released;
      await nextLook();
    }
  }
}

/**
 * Resolves when the engine next looks at conditions, which it does only after the queue of microtasks is empty. The
 * condition does not hold while it is made, because the engine asks it once at that moment too.
 */
async function nextLook(): Promise<void> {
  const look = { made: false };
  const looked = condition(() => look.made);
  look.made = true;
  await looked;
}

type Call = { order: string; start: () => Promise<void> };

type Activity = (input: unknown) => Promise<unknown>;

/** What goes before every other call while it is due. */
export type Due = { due: () => boolean; start: () => Promise<void> };

/**
 * The local activities of one workflow, one at a time, and the next is chosen when the activation is at rest. While a
 * workflow runs, the results of local activities come one by one; in a replay those of one task come together. With one
 * on its way there is one order, and what is recorded together is the same in both.
 */
export class LocalCalls {
  private readonly activation: Activation;
  private readonly first: Due;
  private readonly waiting: Call[] = [];
  private calling = false;

  constructor(activation: Activation, first: Due) {
    this.activation = activation;
    this.first = first;
  }

  get idle(): boolean {
    return !this.calling && this.waiting.length === 0 && !this.first.due();
  }

  /** @param order the order of calls that wait together: the lowest goes first, whichever came first */
  call<T>(order: string, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ order, start: () => work().then(resolve, reject) });
    });
  }

  /** The same activities, each call of which waits for its continuation. */
  inTurn<A extends { [Name in keyof A]: (input: never) => Promise<unknown> }>(activities: A): A {
    return new Proxy(activities, {
      get: (target, name): unknown => {
        const activity: unknown = Reflect.get<object, PropertyKey>(target, name);
        return (input: unknown) => this.call(String(name), () => (activity as Activity)(input));
      },
    });
  }

  /** Runs for as long as the workflow does. Rejects, and so fails the workflow task, only where recording fails. */
  async run(): Promise<never> {
    for (;;) {
      await this.activation.when(() => this.waiting.length > 0 || this.first.due());
      await this.activation.atRest();
      this.calling = true;
      await (this.first.due() ? this.first.start() : this.next()?.start());
      this.calling = false;
    }
  }

  private next(): Call | undefined {
    const [least] = this.waiting.toSorted((a, b) => (a.order < b.order ? -1 : 1));
    if (least) this.waiting.splice(this.waiting.indexOf(least), 1);
    return least;
  }
}

const { record } = proxyLocalActivities<Pick<RecordActivities, 'record'>>({
  startToCloseTimeout: '20s',
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '10s' },
  localRetryThreshold: '30s',
});

type Options<State extends { seq: number }> = {
  subject: string;
  subjectKind: SubjectKind;
  operationId: string;
  activation: Activation;
  /** the subject now; a run begins with all of it recorded */
  state: () => State;
  evolve: (state: State, event: RecordedEvent) => State;
  /** the event log has more than was put here, or another order: this is the state that it makes */
  rebase: (state: State, recorded: readonly RecordedEvent[]) => void;
  /** what holds now; asked when a batch leaves, so that it goes with the last event of the batch */
  snapshot: () => { projection: Record<string, unknown>; waits: Wait[] };
  onRecorded: (result: RecordResult) => void;
};

/**
 * The only way of a workflow to the event log. Events and waits of one activation leave together, in one transaction;
 * `recorded` resolves after it has committed. What is put while a batch is on its way goes with the next one.
 * Where the event log has another order than the workflow (domain/record.ts, `merged`), the state is made again from
 * what was recorded. A gap in the event log fails the workflow task again and again: the subject stops, visibly, until
 * somebody has looked.
 */
export class Recorder<State extends { seq: number }> {
  private readonly options: Options<State>;
  private events: Array<Omit<RecordedEvent, 'seq'>> = [];
  private escalationSteps: NonNullable<RecordBatch['escalationSteps']> = [];
  private changed = false;
  /** the state after the last event recorded */
  private settled: State;
  private given = 0;
  private written = 0;

  constructor(options: Options<State>) {
    this.options = options;
    this.settled = options.state();
  }

  /** Hands an event on: the next of its subject. */
  put(event: EventHeader & { type: string; phase?: string; data: object }): void {
    this.given += 1;
    this.events.push({ ...event, data: { ...event.data } });
    this.changed = true;
  }

  /** The waits have changed without an event. */
  touch(): void {
    this.changed = true;
  }

  /** An escalation step of a wait was reached; how late is measured when it is written. */
  reached(key: string, escalationStep: EscalationStep, dueReal: Instant): void {
    this.escalationSteps.push({ key, escalationStep, dueReal });
    this.changed = true;
  }

  /** Whether there is anything to write. */
  get due(): boolean {
    return this.changed;
  }

  /** Resolves when everything put so far has committed. */
  async recorded(): Promise<void> {
    const upTo = this.given;
    await this.options.activation.when(() => this.written >= upTo);
  }

  /** Writes one batch: everything that has been put by now. */
  async write(): Promise<void> {
    const { subject, subjectKind, operationId, snapshot, state, onRecorded } = this.options;
    const { projection, waits } = snapshot();
    const after = this.settled.seq;
    const leaving = state();
    const upTo = this.given;
    const batch: RecordBatch = {
      subject,
      subjectKind,
      operationId,
      after,
      events: this.events.map((event, index) => ({ ...event, seq: after + index + 1 })),
      projection: { ...projection, seq: leaving.seq },
      waits,
      ...(this.escalationSteps.length > 0 ? { escalationSteps: this.escalationSteps } : {}),
    };
    this.events = [];
    this.escalationSteps = [];
    this.changed = false;
    setCurrentDetails(detailsOf(waits));
    const result = await record(batch);
    this.settled = result.alreadyRecorded === undefined ? leaving : this.rebased(result.alreadyRecorded);
    this.written = upTo;
    onRecorded(result);
  }

  /** Makes the state again in the order of the event log, with what was put meanwhile after it. */
  private rebased(recorded: readonly RecordedEvent[]): State {
    const { evolve, rebase } = this.options;
    const settled = recorded.reduce(evolve, this.settled);
    const since = this.events.map((event, index) => ({ ...event, seq: settled.seq + index + 1 }));
    rebase(since.reduce(evolve, settled), recorded);
    this.changed = true;
    return settled;
  }
}

/** What Temporal's own UI shows of a workflow: the waits in the words of the field, without anything personal. */
function detailsOf(waits: readonly Wait[]): string {
  if (waits.length === 0) return 'Waits for nobody.';
  return waits
    .map((wait) => {
      const due = wait.due === undefined ? '' : `, due ${iso(wait.due)}, then ${WAIT_MESSAGES[wait.what].then}`;
      return `Waiting for ${WAIT_MESSAGES[wait.what].what} (${wait.whom.id}) since ${iso(wait.since)}${due}.`;
    })
    .join('\n');
}

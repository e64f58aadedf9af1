import { condition, proxyLocalActivities, setCurrentDetails } from '@temporalio/workflow';
import type { RecordActivities } from '../activities/ports.ts';
import type { EventHeader } from '../domain/journeys/events.ts';
import { type EscalationStep, WAIT_MESSAGES, type Wait } from '../domain/journeys/waits.ts';
import type { RecordBatch, RecordedEvent, RecordResult, SubjectKind } from '../domain/record.ts';
import { type Instant, iso } from '../domain/time.ts';

const { record } = proxyLocalActivities<Pick<RecordActivities, 'record'>>({
  startToCloseTimeout: '20s',
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '10s' },
  localRetryThreshold: '30s',
});

type Options<State extends { seq: number }> = {
  subject: string;
  subjectKind: SubjectKind;
  operationId: string;
  /** the subject as it alreadyRecorded; a run begins with all of it recorded */
  state: () => State;
  apply: (state: State, event: RecordedEvent) => State;
  /** the event_log tells more than was handed to it, or in another order: this is how the subject alreadyRecorded */
  rebase: (state: State, alreadyRecorded: readonly RecordedEvent[]) => void;
  /** what holds now; asked when a batch leaves, so that it goes with the last event of the batch */
  snapshot: () => { projection: Record<string, unknown>; waits: Wait[] };
  onRecorded?: (result: RecordResult) => void;
};

/**
 * The one door of a workflow to the event_log. Events and waits of one moment leave together, in one transaction;
 * `recorded` resolves after it has committed. Events that are put while a batch is on its way go with the next one.
 * The order of the event_log is the order of the world: where it is another one than here (domain/record.ts, `merged`), the
 * state is told again from what was recorded before. A gap in the event_log fails the workflow task again and again: the
 * subject alreadyRecorded still, visibly, until somebody has looked.
 */
export class Recorder<State extends { seq: number }> {
  private readonly options: Options<State>;
  private events: Array<Omit<RecordedEvent, 'seq'>> = [];
  private escalationSteps: NonNullable<RecordBatch['escalationSteps']> = [];
  private dirty = false;
  private writing = false;
  /** the state after the last event recorded */
  private settled: State;
  private given = 0;
  private kept = 0;

  constructor(options: Options<State>) {
    this.options = options;
    this.settled = options.state();
    void this.run();
  }

  /** Hands a event on: the next of its subject. */
  put(event: EventHeader & { type: string; phase?: string; data: object }): void {
    this.given += 1;
    this.events.push({ ...event, data: { ...event.data } });
    this.dirty = true;
  }

  /** The waits have changed without a event. */
  touch(): void {
    this.dirty = true;
  }

  /** A escalationStep of a wait was reached; how late is measured when it is written. */
  reached(key: string, escalationStep: EscalationStep, dueReal: Instant): void {
    this.escalationSteps.push({ key, escalationStep, dueReal });
    this.dirty = true;
  }

  get idle(): boolean {
    return !this.dirty && !this.writing;
  }

  /** Resolves when everything put so far has committed. */
  async recorded(): Promise<void> {
    const upTo = this.given;
    await condition(() => this.kept >= upTo);
  }

  private async run(): Promise<void> {
    for (;;) {
      await condition(() => this.dirty);
      await momentOver();
      const { projection, waits } = this.options.snapshot();
      const after = this.settled.seq;
      const leaving = this.options.state();
      const upTo = this.given;
      const batch: RecordBatch = {
        subject: this.options.subject,
        subjectKind: this.options.subjectKind,
        operationId: this.options.operationId,
        after,
        events: this.events.map((event, index) => ({ ...event, seq: after + index + 1 })),
        projection: { ...projection, seq: leaving.seq },
        waits,
        ...(this.escalationSteps.length > 0 ? { escalationSteps: this.escalationSteps } : {}),
      };
      this.events = [];
      this.escalationSteps = [];
      this.dirty = false;
      this.writing = true;
      setCurrentDetails(detailsOf(waits));
      const result = await record(batch);
      this.writing = false;
      this.settled = result.alreadyRecorded === undefined ? leaving : this.rebased(result.alreadyRecorded);
      this.kept = upTo;
      this.options.onRecorded?.(result);
    }
  }

  /** Tells the state again in the event_log's order, with what was put meanwhile after it. */
  private rebased(alreadyRecorded: readonly RecordedEvent[]): State {
    const { apply, rebase } = this.options;
    const settled = alreadyRecorded.reduce(apply, this.settled);
    const since = this.events.map((event, index) => ({ ...event, seq: settled.seq + index + 1 }));
    rebase(since.reduce(apply, settled), alreadyRecorded);
    this.dirty = true;
    return settled;
  }
}

/**
 * Lets everything else that this activation set in motion run first, so that what belongs to one moment is one
 * batch: the condition is false when it is made and true when conditions are looked at again.
 */
async function momentOver(): Promise<void> {
  let looks = 0;
  await condition(() => ++looks > 1);
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

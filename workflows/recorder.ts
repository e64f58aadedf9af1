import { condition, proxyLocalActivities, setCurrentDetails } from '@temporalio/workflow';
import type { RecordActivities } from '../activities/ports.ts';
import type { FactHeader } from '../domain/journey/facts.ts';
import { type Rung, WAIT_WORDS, type Wait } from '../domain/journey/waits.ts';
import type { RecordBatch, RecordedFact, RecordResult, SubjectKind } from '../domain/record.ts';
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
  /** the subject as it stands; a run begins with all of it recorded */
  state: () => State;
  apply: (state: State, fact: RecordedFact) => State;
  /** the journal tells more than was handed to it, or in another order: this is how the subject stands */
  restate: (state: State, stands: readonly RecordedFact[]) => void;
  /** what holds now; asked when a batch leaves, so that it goes with the last fact of the batch */
  snapshot: () => { projection: Record<string, unknown>; waits: Wait[] };
  onRecorded?: (result: RecordResult) => void;
};

/**
 * The one door of a workflow to the journal. Facts and waits of one moment leave together, in one transaction;
 * `recorded` resolves after it has committed. Facts that are put while a batch is on its way go with the next one.
 * The order of the journal is the order of the world: where it is another one than here (domain/record.ts, `merged`), the
 * state is told again from what was recorded before. A gap in the journal fails the workflow task again and again: the
 * subject stands still, visibly, until somebody has looked.
 */
export class Recorder<State extends { seq: number }> {
  private readonly options: Options<State>;
  private facts: Array<Omit<RecordedFact, 'seq'>> = [];
  private rungs: NonNullable<RecordBatch['rungs']> = [];
  private dirty = false;
  private writing = false;
  /** the state after the last fact recorded */
  private settled: State;
  private given = 0;
  private kept = 0;

  constructor(options: Options<State>) {
    this.options = options;
    this.settled = options.state();
    void this.run();
  }

  /** Hands a fact on: the next of its subject. */
  put(fact: FactHeader & { type: string; chapter?: string; data: object }): void {
    this.given += 1;
    this.facts.push({ ...fact, data: { ...fact.data } });
    this.dirty = true;
  }

  /** The waits have changed without a fact. */
  touch(): void {
    this.dirty = true;
  }

  /** A rung of a wait was reached; how late is measured when it is written. */
  reached(key: string, rung: Rung, dueReal: Instant): void {
    this.rungs.push({ key, rung, dueReal });
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
        facts: this.facts.map((fact, index) => ({ ...fact, seq: after + index + 1 })),
        projection: { ...projection, seq: leaving.seq },
        waits,
        ...(this.rungs.length > 0 ? { rungs: this.rungs } : {}),
      };
      this.facts = [];
      this.rungs = [];
      this.dirty = false;
      this.writing = true;
      setCurrentDetails(detailsOf(waits));
      const result = await record(batch);
      this.writing = false;
      this.settled = result.stands === undefined ? leaving : this.retold(result.stands);
      this.kept = upTo;
      this.options.onRecorded?.(result);
    }
  }

  /** Tells the state again in the journal's order, with what was put meanwhile after it. */
  private retold(stands: readonly RecordedFact[]): State {
    const { apply, restate } = this.options;
    const settled = stands.reduce(apply, this.settled);
    const since = this.facts.map((fact, index) => ({ ...fact, seq: settled.seq + index + 1 }));
    restate(since.reduce(apply, settled), stands);
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
      const due = wait.due === undefined ? '' : `, due ${iso(wait.due)}, then ${WAIT_WORDS[wait.what].then}`;
      return `Waiting for ${WAIT_WORDS[wait.what].what} (${wait.whom.id}) since ${iso(wait.since)}${due}.`;
    })
    .join('\n');
}

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { bundleWorkflowCode, Worker, type WorkflowBundleOption } from '@temporalio/worker';
import type { RecordBatch } from '../../domain/record.ts';

export type RecordedHistory = { events: Array<Record<string, unknown>> };

/** A run as it was recorded (recordHistories.ts), and the runs that it continued, the first one first. */
export type Recorded = { name: string; workflowId: string; history: RecordedHistory; before?: RecordedHistory[] };

const folder = join(import.meta.dirname, 'histories');

export const RECORDED: Recorded[] = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => ({ ...JSON.parse(readFileSync(join(folder, name), 'utf8')), name }) as Recorded);

/** Replays one history. @returns the failure, or undefined */
export async function replay(
  workflowBundle: WorkflowBundleOption,
  { workflowId, history }: { workflowId: string; history: object },
  options: Partial<Parameters<typeof Worker.runReplayHistories>[0]> = {},
): Promise<Error | undefined> {
  const played = Worker.runReplayHistories({ workflowBundle, ...options }, [
    { workflowId, history: historyFromJSON(history) },
  ]);
  for await (const { error } of played) return error;
  throw new Error('Nothing was replayed');
}

/** The workflows with an interceptor that notes the batches that they record. */
export function notingBundle(): ReturnType<typeof bundleWorkflowCode> {
  const root = join(import.meta.dirname, '../..');
  return bundleWorkflowCode({
    workflowsPath: join(root, 'workflows/index.ts'),
    workflowInterceptorModules: [join(import.meta.dirname, 'noteBatches.ts')],
  });
}

/** What a run and those before it handed to `record`, in order. */
export async function batchesOf(
  bundle: Awaited<ReturnType<typeof notingBundle>>,
  { workflowId, history, before = [] }: Recorded,
): Promise<RecordBatch[]> {
  const batches: RecordBatch[] = [];
  const sinks = {
    notes: { batch: { fn: (_info: unknown, batch: RecordBatch) => void batches.push(batch), callDuringReplay: true } },
  };
  for (const run of [...before, history]) {
    const failure = await replay(bundle, { workflowId, history: run }, { sinks });
    if (failure) throw failure;
  }
  return batches;
}

/** The input of a run, and that of the run after it where it continued as new. */
export function inputsOf({ history }: Recorded): { input: unknown; next: unknown } {
  const [first] = history.events;
  const last = history.events.at(-1);
  return {
    input: argumentOf(first?.['workflowExecutionStartedEventAttributes']),
    next: argumentOf(last?.['workflowExecutionContinuedAsNewEventAttributes']),
  };
}

function argumentOf(attributes: unknown): unknown {
  const { input } = (attributes ?? {}) as { input?: { payloads: Array<{ data: string }> } };
  const [payload] = input?.payloads ?? [];
  return payload === undefined ? undefined : JSON.parse(Buffer.from(payload.data, 'base64').toString('utf8'));
}

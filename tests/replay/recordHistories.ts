/**
 * `npm run histories`: records histories from the system that runs here, after a drill: of each kind of workflow and each
 * way it stands the longest and the shortest. They hold ids, codes and times alone. A history that is recorded is never
 * changed: it is what a worker of tomorrow must still understand.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { readLocalConfig } from '../../processes/config.ts';

/** Longer ones say nothing new and cost time in every run of the checks. */
const LONGEST = 600;

const { ports, temporal } = readLocalConfig();
const connection = await Connection.connect({ address: temporal?.connection.address ?? `127.0.0.1:${ports.temporal}` });
const client = new Client({ connection });
const folder = join(import.meta.dirname, 'histories');
mkdirSync(folder, { recursive: true });

type Found = { workflowId: string; runId: string; length: number };
const groups = new Map<string, Found[]>();
for await (const { workflowId, runId, type, status, historyLength } of client.workflow.list()) {
  if (historyLength > LONGEST) continue;
  const key = `${type}-${status.name.toLowerCase()}`;
  groups.set(key, [...(groups.get(key) ?? []), { workflowId, runId, length: historyLength }]);
}
for (const [key, found] of groups) {
  const sorted = found.toSorted((a, b) => a.length - b.length);
  for (const [which, one] of [
    ['shortest', sorted[0]],
    ['longest', sorted.at(-1)],
  ] as const) {
    if (!one || (which === 'longest' && one === sorted[0])) continue;
    const [history, ...before] = await runsOf(one.workflowId, one.runId);
    const day = new Date().toISOString().slice(0, 10);
    const file = join(folder, `${key}-${which}-${day}.json`);
    if (existsSync(file)) continue;
    writeFileSync(
      file,
      `${JSON.stringify({ workflowId: one.workflowId, history, ...(before.length > 0 ? { before: before.toReversed() } : {}) })}\n`,
    );
    process.stdout.write(`${file}: ${one.length} events\n`);
  }
}
await connection.close();

/** A run and those that it continued, the last one first. */
async function runsOf(workflowId: string, runId: string): Promise<object[]> {
  const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  const earlier = history.events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId;
  return [JSON.parse(historyToJSON(history)), ...(earlier ? await runsOf(workflowId, earlier) : [])];
}

import type { RecordedEvent } from '../../domain/record.ts';
import { type Restartable, restartFrom } from '../../domain/restart.ts';
import type { PendingStart } from './start.ts';

export type StartAgainPorts = {
  /** how the workflow was started first; undefined where it never was */
  readStart(workflowId: string): Promise<PendingStart | undefined>;
  /** the whole event log of a subject, in order */
  readEvents(subjectKind: Restartable, subject: string): Promise<RecordedEvent[]>;
  /** @throws WorkflowExecutionAlreadyStartedError while a workflow of this id runs */
  startAgain(start: PendingStart): Promise<void>;
};

const KINDS: readonly string[] = ['journey', 'movement', 'operation'] satisfies Restartable[];

/**
 * Starts a journey, movement or operation again under its id, from its event log alone: its workflow is gone (terminated,
 * or lost with its server), and people still wait for it.
 * @returns the sequence number from which it goes on
 * @throws RangeError where nothing of this id can be started again
 */
export async function startAgain(ports: StartAgainPorts, workflowId: string): Promise<number> {
  const start = await ports.readStart(workflowId);
  if (start === undefined || !isRestartable(start.workflow))
    throw new RangeError(`${workflowId} is no journey, movement or operation that was ever started`);
  const events = await ports.readEvents(start.workflow, workflowId.slice(workflowId.indexOf(':') + 1));
  const carried = restartFrom(start.workflow, events);
  // Without events it has not begun: it begins as it would have.
  const input = events.length === 0 ? start.input : { ...Object(start.input), carried };
  await ports.startAgain({ ...start, input });
  return carried.state.seq;
}

function isRestartable(workflow: string): workflow is Restartable {
  return KINDS.includes(workflow);
}

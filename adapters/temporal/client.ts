import {
  Client,
  Connection,
  type ConnectionOptions,
  ScheduleAlreadyRunning,
  type ScheduleOptions,
  ScheduleOverlapPolicy,
} from '@temporalio/client';

export type TemporalSettings = { connection: ConnectionOptions; namespace: string };

/**
 * A client that connects at the first call and again after every loss. A process may start before the server and
 * survives its restart. Calls hang while the server is away, so each has a deadline.
 */
export function openTemporal({ connection, namespace }: TemporalSettings): Client {
  return new Client({ connection: Connection.lazy(connection), namespace });
}

/** Whether the server answers within `deadlineMs`. */
export async function temporalAnswers(client: Client, deadlineMs: number): Promise<boolean> {
  try {
    const { connection } = client;
    const namespace = client.options.namespace;
    await connection.withDeadline(Date.now() + deadlineMs, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
    return true;
  } catch {
    return false;
  }
}

export type WantedSchedule = {
  id: string;
  every: '1 hour' | '1 second';
  workflow: string;
  input: unknown;
  taskQueue: string;
};

/**
 * Creates a schedule or brings it up to date, and starts a run now. A schedule that a person has paused stays paused. A
 * run that is due while another runs is left out.
 */
export async function keepSchedule(client: Client, wanted: WantedSchedule): Promise<void> {
  const { id, every, workflow, input, taskQueue } = wanted;
  const options: Pick<ScheduleOptions, 'spec' | 'policies' | 'action'> = {
    spec: { intervals: [{ every }] },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 minute' },
    action: {
      type: 'startWorkflow',
      workflowType: workflow,
      workflowId: id,
      args: [input],
      taskQueue,
      workflowExecutionTimeout: '1 hour',
    },
  };
  const handle = client.schedule.getHandle(id);
  let paused = false;
  try {
    await client.schedule.create({ scheduleId: id, ...options });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await handle.update(({ state }) => {
      paused = state.paused;
      return { ...options, state };
    });
  }
  if (!paused) await handle.trigger(ScheduleOverlapPolicy.SKIP);
}

import { Client, Connection, type ConnectionOptions } from '@temporalio/client';

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

import type { Client } from '../sandbox/client.ts';

/** Opens an operation as a coordinator does, over HTTP, and has it run. Needs the API and a worker. @returns its id */
export async function openOperation(coordinator: Client, details: Record<string, unknown> = {}): Promise<string> {
  const { id } = (await coordinator.post('/operations', {
    kind: 'evacuation',
    name: 'Bench',
    country: 'VUT',
    ...details,
  })) as { id: string };
  await coordinator.post(`/operations/${id}/commands/activate`, {
    args: { government_request_ref: 'BENCH', leads: { protection: 'a', health: 'b', movement: 'c' } },
  });
  return id;
}

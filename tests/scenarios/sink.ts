import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import type { Client } from '../../sandbox/client.ts';

type Event = { id: string; type: string; subject: string; seq: number };

/** A partner's webhook receiver. It stores correctly signed events in the order of arrival. */
export type Sink = { events: Event[]; bodies: string[]; unverified: number; endpoint: string; close(): Promise<void> };

/**
 * Registers a receiving agency with an endpoint for every event type of this operation.
 * @param reachedAt the port in its address, when a link is in front of it
 * @param validFrom operation time from which it gets events; the default is now
 */
export async function openSink(
  coordinator: Client,
  operationId: string,
  {
    reachedAt = (port) => Promise.resolve(port),
    validFrom,
  }: { reachedAt?: (port: number) => Promise<number>; validFrom?: string } = {},
): Promise<Sink> {
  const sink: Sink = { events: [], bodies: [], unverified: 0, endpoint: '', close: () => Promise.resolve() };
  let secret: string | undefined;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      try {
        new Webhook(secret ?? '').verify(body, request.headers as Record<string, string>);
      } catch {
        sink.unverified += 1;
        response.writeHead(400).end();
        return;
      }
      sink.bodies.push(body);
      const { type, data } = JSON.parse(body) as { type: string; data: { journey_id: string; sequence: number } };
      const id = String(request.headers['webhook-id']);
      // A repeated id is a repeated delivery.
      if (!sink.events.some((event) => event.id === id))
        sink.events.push({ id, type, subject: data.journey_id, seq: data.sequence });
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  sink.close = () =>
    new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  const url = `http://127.0.0.1:${await reachedAt((server.address() as AddressInfo).port)}/events`;
  const types = [
    'journey.registered',
    'journey.seated',
    'journey.boarded',
    'journey.departed',
    'journey.arrived',
    'journey.ended',
  ];
  const partner = (await coordinator.post('/partners', { kind: 'agency', name: 'Sink' })) as { id: string };
  await coordinator.post(`/operations/${operationId}/partners`, { partner_id: partner.id });
  await coordinator.post(`/partners/${partner.id}/agreements`, {
    operation_id: operationId,
    purposes: ['reception'],
    fields: ['reference'],
    event_types: types,
    reference: 'test',
    ...(validFrom === undefined ? {} : { valid_from: validFrom }),
  });
  const endpoint = (await coordinator.post(`/partners/${partner.id}/endpoints`, { url, event_types: types })) as {
    id: string;
    secret: string;
  };
  secret = endpoint.secret;
  sink.endpoint = endpoint.id;
  return sink;
}

/** Subjects whose events did not come in the order of their sequence. */
export function outOfOrder(events: readonly Event[]): string[] {
  const last = new Map<string, number>();
  return events.flatMap(({ subject, seq }) => {
    const before = last.get(subject) ?? 0;
    last.set(subject, seq);
    return seq < before ? [`${subject}: ${seq} after ${before}`] : [];
  });
}

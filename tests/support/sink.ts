import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

export type SinkMessage = {
  id: string;
  timestamp: string;
  body: { type: string; timestamp: string; data: Record<string, unknown> };
};

/** How the sink answers: a status with headers, or `hang` for no answer at all. */
export type SinkAnswer = number | { status: number; headers: Record<string, string> } | 'hang';

export type Sink = {
  url: string;
  /** every attempt whose signature is good, in order of arrival, whatever was answered */
  received: SinkMessage[];
  /** attempts whose signature was not good: there must be none */
  forged: number;
  answer: (message: SinkMessage) => SinkAnswer;
  stop(): Promise<void>;
};

/** A partner's server outside the system under test, which checks each signature by the standard's own library. */
export async function startSink(secret: string): Promise<Sink> {
  const webhook = new Webhook(secret);
  const sink: Sink = { url: '', received: [], forged: 0, answer: () => 204, stop: async () => {} };
  const server = createServer((request, response) => void take(request, response));

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    const headers = request.headers as Record<string, string>;
    try {
      webhook.verify(text, headers);
    } catch {
      sink.forged += 1;
      response.writeHead(401).end();
      return;
    }
    const message = {
      id: headers['webhook-id'] ?? '',
      timestamp: headers['webhook-timestamp'] ?? '',
      body: JSON.parse(text),
    };
    sink.received.push(message);
    const answer = sink.answer(message);
    if (answer === 'hang') return;
    if (typeof answer === 'number') response.writeHead(answer).end();
    else response.writeHead(answer.status, answer.headers).end();
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  sink.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`;
  sink.stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return sink;
}

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

export type PartnerCall = { method: string; path: string; body: Record<string, unknown> };

/**
 * How the partner treats a call: as it should; a status instead; a body that is not JSON; the effect is done and the
 * answer lost (`lose`: the connection is cut; `hang`: nothing comes) or comes only `after` something else; or neither
 * is the effect done nor does an answer come (`ignore`).
 */
export type Treatment =
  | 'answer'
  | 'lose'
  | 'hang'
  | 'ignore'
  | 'garbage'
  | { status: number; headers?: Record<string, string> }
  | { after: Promise<void> };

export type TestPartner = {
  url: string;
  /** shared with the system; a system that makes its own secrets tells it later */
  secret: string;
  /** requests by id: the effects, as the partner itself knows them */
  requests: Map<string, Record<string, unknown>>;
  /** every call whose signature is good */
  calls: PartnerCall[];
  notified: Array<{ requestId: string; action: string; body: Record<string, unknown> }>;
  forged: number;
  treat: (call: PartnerCall) => Treatment;
  /** the answer given at once */
  answer: Record<string, unknown> | undefined;
  stop(): Promise<void>;
};

/** A small partner that speaks the protocol of docs/partner-protocol.md and keeps its own ledger. */
export async function startTestPartner(secret: string): Promise<TestPartner> {
  const partner: TestPartner = {
    url: '',
    secret,
    requests: new Map(),
    calls: [],
    notified: [],
    forged: 0,
    treat: () => 'answer',
    answer: undefined,
    stop: async () => {},
  };
  const server = createServer((request, response) => void take(request, response));

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    if (!isSigned(request, text)) {
      partner.forged += 1;
      response.writeHead(401).end();
      return;
    }
    const call = { method: request.method ?? '', path: request.url ?? '', body: text === '' ? {} : JSON.parse(text) };
    partner.calls.push(call);
    const treatment = partner.treat(call);
    if (treatment === 'ignore') return;
    if (typeof treatment === 'object' && 'status' in treatment) {
      response.writeHead(treatment.status, treatment.headers ?? {}).end();
      return;
    }
    const [status, body] = effect(call);
    if (typeof treatment === 'object') await treatment.after;
    if (treatment === 'lose') request.socket.destroy();
    else if (treatment === 'garbage') response.writeHead(status, { 'content-type': 'application/json' }).end('<html>');
    else if (treatment !== 'hang')
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  /** Recomputed, not verified: the library's `verify` also parses the body, and a look-up has none. */
  function isSigned(request: IncomingMessage, text: string): boolean {
    const headers = request.headers as Record<string, string>;
    const at = new Date(Number(headers['webhook-timestamp']) * 1_000);
    return headers['webhook-signature'] === new Webhook(partner.secret).sign(headers['webhook-id'] ?? '', at, text);
  }

  function effect({ method, path, body }: PartnerCall): [number, Record<string, unknown>] {
    const [, , requestId = '', action] = path.split('/');
    const reply = (id: string) => ({
      reference: `R-${id.slice(-6)}`,
      acknowledged: true,
      ...(partner.answer ? { answer: partner.answer } : {}),
    });
    if (method === 'POST' && requestId === '') {
      const id = String(body['request_id']);
      const known = partner.requests.has(id);
      if (!known) partner.requests.set(id, body);
      return [known ? 409 : partner.answer ? 200 : 202, reply(id)];
    }
    if (!partner.requests.has(requestId)) return [404, { code: 'not_known' }];
    if (method === 'GET') return [200, { ...reply(requestId), status: partner.answer ? 'answered' : 'acknowledged' }];
    partner.notified.push({ requestId, action: action ?? '', body });
    return [200, {}];
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  partner.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  partner.stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return partner;
}

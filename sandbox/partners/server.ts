import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import type { ClockSegment } from '../../domain/time.ts';
import type { Knobs } from './requests.ts';
import { DrillPartners, type Reply, type RequestBody } from './standIn.ts';
import { type Drill, type PartnerEndpoint, PartnerRequestStore } from './store.ts';

const LONGEST_BODY = 1024 * 1024;
const LOOPBACK = ['127.0.0.1', '[::1]', 'localhost'];

export type StandInPartners = { url: string; port: number; stop(): Promise<void> };

export type StandInPartnersOptions = {
  /** 0: any free port */
  port: number;
  /** where the partners remember: a restart on the same folder goes on */
  dataDir: string;
  log?: (message: string) => void;
};

/**
 * Starts the stand-in partners on loopback. Under `/drills/{drill}/{partner}` each speaks "Homeward partner protocol 1"
 * (docs/partner-protocol.md); `/drills`, `/ledger` and `/knobs` are for whoever runs the drill.
 */
export async function startPartners(options: StandInPartnersOptions): Promise<StandInPartners> {
  const log = options.log ?? (() => undefined);
  const store = new PartnerRequestStore(options.dataDir);
  const drills = new Map<string, DrillPartners>();
  for (const { drill } of store.drills.values()) {
    try {
      drills.set(drill.id, new DrillPartners(store, drill, log));
    } catch (error) {
      log(`drill ${drill.id} is left closed: ${String(error)}`);
    }
  }
  const server = createServer((request, response) => {
    void handle(request, response, { store, drills, log }).catch((error: unknown) => {
      log(`${request.method} ${request.url}: ${String(error)}`);
      if (!response.headersSent) send(response, { status: 500, body: { code: 'fault' } });
    });
  });
  await listen(server, options.port);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    stop: async () => {
      const closed = new Promise<void>((done) => server.close(() => done()));
      server.closeAllConnections();
      await Promise.all([...drills.values()].map((partners) => partners.stop()));
      await closed;
    },
  };
}

type System = { store: PartnerRequestStore; drills: Map<string, DrillPartners>; log: (message: string) => void };

async function handle(request: IncomingMessage, response: ServerResponse, system: System): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const raw = await bodyOf(request);
  if (raw === undefined) return send(response, { status: 413, body: { code: 'too_large' } });
  const call: Call = {
    method: request.method ?? 'GET',
    path: url.pathname.split('/').filter(Boolean).map(decodeURIComponent),
    query: url.searchParams,
    headers: request.headers,
    raw,
  };
  send(response, answer(call, system));
}

type Call = {
  method: string;
  path: string[];
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  raw: string;
};

function answer(call: Call, system: System): Reply {
  const [room, drillId, ...rest] = call.path;
  if (room === 'livez') return { status: 200, body: { status: 'ok' } };
  if (room === 'drills' && drillId === undefined) return call.method === 'POST' ? openDrill(call, system) : notThere();
  if (room === 'ledger') return ledger(call, system);
  if (room === 'knobs') return knobs(call, system);
  const partners = drillId === undefined ? undefined : system.drills.get(drillId);
  if (room !== 'drills') return notThere();
  // partners exist before their drill is opened here: ask again in a moment
  if (!partners) return { status: 503, body: { code: 'not_open_yet' } };
  if (rest.length === 0)
    return { status: 200, body: { id: partners.id, operation_time: new Date(partners.now()).toISOString() } };
  if (rest[0] === 'movements' && rest[2] === 'ready' && call.method === 'POST') return partners.ready(rest[1] ?? '');
  return partnerAnswer(call, partners, rest);
}

/** `{partner path}/requests[/{id}[/evidence|recall|reminders]]` */
function partnerAnswer(call: Call, partners: DrillPartners, path: string[]): Reply {
  const at = path.indexOf('requests');
  const partner = at < 1 ? undefined : partners.partner(path.slice(0, at).join('/'));
  if (!partner) return notThere();
  const knobsNow = partners.knobs(partner.path);
  if (knobsNow.down === true) return { status: 503, body: { code: 'down' } };
  if (!signed(call, partner)) return { status: 401, body: { code: 'signature' } };
  const requestId = path[at + 1];
  const part = path[at + 2];
  if (requestId === undefined) return call.method === 'POST' ? request(call, partners, partner) : notThere();
  if (part === undefined) return call.method === 'GET' ? partners.lookUp(partner, requestId) : notThere();
  if (call.method !== 'POST') return notThere();
  switch (part) {
    case 'evidence':
      return partners.evidence(partner, requestId, (json(call) as { kinds?: string[] }).kinds ?? []);
    case 'recall':
      return partners.recall(partner, requestId);
    case 'reminders':
      return partners.remind(partner, requestId);
    default:
      return notThere();
  }
}

function request(call: Call, partners: DrillPartners, partner: PartnerEndpoint): Reply {
  const body = json(call) as RequestBody;
  if (!body.request_id || !body.kind || Number.isNaN(Date.parse(body.requested_at ?? '')))
    return { status: 400, body: { code: 'malformed' } };
  // a stand-in speaks to its own machine and to nobody else
  if (!onLoopback(body.reply_to)) return { status: 400, body: { code: 'reply_to_not_loopback' } };
  return partners.request(partner, body);
}

function signed(call: Call, partner: PartnerEndpoint): boolean {
  const headers = Object.fromEntries(
    ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => [name, String(call.headers[name] ?? '')]),
  );
  try {
    new Webhook(partner.secret).verify(call.raw, headers);
    return true;
  } catch {
    return false;
  }
}

type OpenBody = {
  id: string;
  operation: string;
  scenario_dir: string;
  clock: Array<{ from_operation_time: string; from_real_time: string; seconds_per_day: number }>;
  partners: Array<{ path: string; kind: string; state?: string; partner_id: string; secret: string }>;
};

function openDrill(call: Call, system: System): Reply {
  const body = json(call) as OpenBody;
  const clock: ClockSegment[] = body.clock.map((segment) => ({
    fromOperationTime: Date.parse(segment.from_operation_time),
    fromRealTime: Date.parse(segment.from_real_time),
    secondsPerDay: segment.seconds_per_day,
  }));
  const partners = body.partners.map(({ partner_id, ...partner }) => ({ ...partner, partnerId: partner_id }));
  const drill: Drill = {
    id: body.id,
    operation: body.operation,
    scenarioDir: body.scenario_dir,
    clock,
    partners,
  };
  if (system.drills.has(drill.id)) return { status: 200, body: { id: drill.id } };
  system.store.add({ type: 'opened', drill });
  system.drills.set(drill.id, new DrillPartners(system.store, drill, system.log));
  return { status: 201, body: { id: drill.id } };
}

function ledger(call: Call, system: System): Reply {
  const partners = system.drills.get(call.query.get('drill') ?? '');
  return partners ? { status: 200, body: { data: partners.ledger() } } : notThere();
}

function knobs(call: Call, system: System): Reply {
  const { drill, partner, ...turned } = json(call) as { drill: string; partner: string } & Knobs;
  const partners = system.drills.get(drill);
  if (!partners?.partner(partner)) return notThere();
  if (call.method === 'POST') partners.setKnobs(partner, turned);
  return { status: 200, body: { partner, ...partners.knobs(partner) } };
}

function json(call: Call): unknown {
  return call.raw === '' ? {} : JSON.parse(call.raw);
}

function onLoopback(address: string | undefined): boolean {
  try {
    return LOOPBACK.includes(new URL(address ?? '').hostname);
  } catch {
    return false;
  }
}

async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > LONGEST_BODY) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

function send(response: ServerResponse, reply: Reply): void {
  response.writeHead(reply.status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(reply.body));
}

function notThere(): Reply {
  return { status: 404, body: { code: 'not_there' } };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((done, fail) => {
    server.once('error', fail);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', fail);
      done();
    });
  });
}

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import type { ClockSegment } from '../../domain/clock.ts';
import type { Knobs } from './asked.ts';
import { Desk, type QuestionBody, type Reply } from './desk.ts';
import { type Drill, type Office, OfficeStore } from './store.ts';

const LONGEST_BODY = 1024 * 1024;
const LOOPBACK = ['127.0.0.1', '[::1]', 'localhost'];

export type Offices = { url: string; port: number; stop(): Promise<void> };

export type OfficesOptions = {
  /** 0: any free port */
  port: number;
  /** where the offices remember: a restart on the same folder goes on */
  dataDir: string;
  log?: (message: string) => void;
};

/**
 * Starts the stand-in offices on loopback. Under `/drills/{drill}/{office}` each speaks "Homeward office protocol 1"
 * (docs/office-protocol.md); `/drills`, `/ledger` and `/knobs` are for whoever runs the drill.
 */
export async function startOffices(options: OfficesOptions): Promise<Offices> {
  const log = options.log ?? (() => undefined);
  const store = new OfficeStore(options.dataDir);
  const desks = new Map<string, Desk>();
  for (const { drill } of store.drills.values()) {
    try {
      desks.set(drill.id, new Desk(store, drill, log));
    } catch (error) {
      log(`drill ${drill.id} is left closed: ${String(error)}`);
    }
  }
  const server = createServer((request, response) => {
    void handle(request, response, { store, desks, log }).catch((error: unknown) => {
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
      await Promise.all([...desks.values()].map((desk) => desk.stop()));
      await closed;
    },
  };
}

type House = { store: OfficeStore; desks: Map<string, Desk>; log: (message: string) => void };

async function handle(request: IncomingMessage, response: ServerResponse, house: House): Promise<void> {
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
  send(response, answer(call, house));
}

type Call = {
  method: string;
  path: string[];
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  raw: string;
};

function answer(call: Call, house: House): Reply {
  const [room, drillId, ...rest] = call.path;
  if (room === 'livez') return { status: 200, body: { status: 'ok' } };
  if (room === 'drills' && drillId === undefined) return call.method === 'POST' ? openDrill(call, house) : notThere();
  if (room === 'ledger') return ledger(call, house);
  if (room === 'knobs') return knobs(call, house);
  const desk = drillId === undefined ? undefined : house.desks.get(drillId);
  if (room !== 'drills') return notThere();
  // partners exist before their drill is opened here: ask again in a moment
  if (!desk) return { status: 503, body: { code: 'not_open_yet' } };
  if (rest.length === 0)
    return { status: 200, body: { id: desk.id, operation_time: new Date(desk.now()).toISOString() } };
  if (rest[0] === 'movements' && rest[2] === 'ready' && call.method === 'POST') return desk.ready(rest[1] ?? '');
  return officeAnswer(call, desk, rest);
}

/** `{office path}/requests[/{id}[/evidence|recall|reminders]]` */
function officeAnswer(call: Call, desk: Desk, path: string[]): Reply {
  const at = path.indexOf('requests');
  const office = at < 1 ? undefined : desk.office(path.slice(0, at).join('/'));
  if (!office) return notThere();
  const knobsNow = desk.knobs(office.path);
  if (knobsNow.down === true) return { status: 503, body: { code: 'down' } };
  if (!signed(call, office)) return { status: 401, body: { code: 'signature' } };
  const requestId = path[at + 1];
  const part = path[at + 2];
  if (requestId === undefined) return call.method === 'POST' ? question(call, desk, office) : notThere();
  if (part === undefined) return call.method === 'GET' ? desk.lookUp(office, requestId) : notThere();
  if (call.method !== 'POST') return notThere();
  switch (part) {
    case 'evidence':
      return desk.evidence(office, requestId, (json(call) as { kinds?: string[] }).kinds ?? []);
    case 'recall':
      return desk.recall(office, requestId);
    case 'reminders':
      return desk.remind(office, requestId);
    default:
      return notThere();
  }
}

function question(call: Call, desk: Desk, office: Office): Reply {
  const body = json(call) as QuestionBody;
  if (!body.request_id || !body.kind || Number.isNaN(Date.parse(body.asked_at ?? '')))
    return { status: 400, body: { code: 'malformed' } };
  // a stand-in speaks to its own machine and to nobody else
  if (!onLoopback(body.reply_to)) return { status: 400, body: { code: 'reply_to_not_loopback' } };
  return desk.ask(office, body);
}

function signed(call: Call, office: Office): boolean {
  const headers = Object.fromEntries(
    ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => [name, String(call.headers[name] ?? '')]),
  );
  try {
    new Webhook(office.secret).verify(call.raw, headers);
    return true;
  } catch {
    return false;
  }
}

type OpenBody = {
  id: string;
  operation: string;
  caseload_dir: string;
  clock: Array<{ from_operation_time: string; from_real_time: string; seconds_per_day: number }>;
  offices: Array<{ path: string; kind: string; state?: string; partner_id: string; secret: string }>;
};

function openDrill(call: Call, house: House): Reply {
  const body = json(call) as OpenBody;
  const clock: ClockSegment[] = body.clock.map((segment) => ({
    fromOperationTime: Date.parse(segment.from_operation_time),
    fromRealTime: Date.parse(segment.from_real_time),
    secondsPerDay: segment.seconds_per_day,
  }));
  const offices = body.offices.map(({ partner_id, ...office }) => ({ ...office, partnerId: partner_id }));
  const drill: Drill = {
    id: body.id,
    operation: body.operation,
    caseloadDir: body.caseload_dir,
    clock,
    offices,
  };
  if (house.desks.has(drill.id)) return { status: 200, body: { id: drill.id } };
  house.store.add({ type: 'opened', drill });
  house.desks.set(drill.id, new Desk(house.store, drill, house.log));
  return { status: 201, body: { id: drill.id } };
}

function ledger(call: Call, house: House): Reply {
  const desk = house.desks.get(call.query.get('drill') ?? '');
  return desk ? { status: 200, body: { data: desk.ledger() } } : notThere();
}

function knobs(call: Call, house: House): Reply {
  const { drill, office, ...turned } = json(call) as { drill: string; office: string } & Knobs;
  const desk = house.desks.get(drill);
  if (!desk?.office(office)) return notThere();
  if (call.method === 'POST') desk.turn(office, turned);
  return { status: 200, body: { office, ...desk.knobs(office) } };
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

import { isIP, type LookupFunction } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, buildConnector, request } from 'undici';
import { checkTarget, type GuardSettings, type Refusal, readTarget } from './guard.ts';

/** Connects to `addresses` alone, whatever the name resolves to later. */
export type Dial = (addresses: readonly string[]) => buildConnector.connector;

/** The one way to call addresses of partners. Make one for each process, and close it at the end. */
export type GuardedClient = { settings: GuardSettings; agent: Agent; close(): Promise<void> };

const CONNECT_TIMEOUT_MS = 5_000;
/** An unused connection closes soon, so that a changed name is resolved again. */
const KEEP_ALIVE_MS = 10_000;
const CONNECTIONS_PER_PARTNER = 8;
const MOST_HEADER_BYTES = 16_384;

/**
 * The check runs inside the connector: a name is resolved once for each connection, every address is checked, and the
 * socket uses the checked ones. It follows no redirects and uses no proxy of the environment.
 * @param dial for tests that must not open sockets
 */
export function openGuardedClient(settings: GuardSettings, dial: Dial = dialChecked): GuardedClient {
  const agent = new Agent({
    connect: (options, callback) => void connect(settings, dial, options, callback),
    connections: CONNECTIONS_PER_PARTNER,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: MOST_HEADER_BYTES,
    allowH2: false,
  });
  return { settings, agent, close: () => agent.destroy() };
}

/** What failed before there was a status. `sent: false`: the receiver cannot have seen the request. */
export type ExchangeFailure =
  | { kind: 'refused_by_guard'; reason: Refusal; sent: false }
  | { kind: 'timeout'; sent: boolean }
  | { kind: 'connection'; sent: boolean; code: string };

export type Exchange = {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Awaited<ReturnType<typeof request>>['body'];
};

/** One request and the head of its answer. The caller reads or drops the body, under the same signal. */
export async function exchange(
  client: GuardedClient,
  input: {
    method: 'GET' | 'POST';
    url: string;
    headers: Record<string, string>;
    body?: string | undefined;
    lastQuestion?: BodyGate | undefined;
    signal: AbortSignal;
  },
): Promise<Exchange | ExchangeFailure> {
  const target = readTarget(input.url, client.settings);
  if (!target.ok) return { kind: 'refused_by_guard', reason: target.reason, sent: false };
  const gated = input.lastQuestion && gatedBody(input.body ?? '', input.lastQuestion);
  try {
    const answer = await request(target.url, {
      dispatcher: client.agent,
      method: input.method,
      headers: { 'user-agent': 'Homeward', ...gated?.headers, ...input.headers },
      body: gated?.body ?? input.body ?? null,
      signal: input.signal,
    });
    return { status: answer.statusCode, headers: answer.headers, body: answer.body };
  } catch (error) {
    if (gated?.refused.by) throw gated.refused.by;
    return failureOf(error);
  }
}

/** Asked when the connection is open; `hand` writes the body and resolves when the socket has it. */
export type BodyGate = (hand: () => Promise<void>) => Promise<void>;

/** Whoever asks holds a lock meanwhile: a receiver that does not read keeps it no longer than this. */
const HANDED_WITHIN_MS = 1_000;

/**
 * A body that is written only after `lastQuestion` has let it. The client asks for it when the connection is open, and
 * writes the head of the request together with the first bytes, so a refusal leaves nothing on the wire.
 */
function gatedBody(text: string, lastQuestion: BodyGate) {
  const bytes = Buffer.from(text);
  const refused: { by?: Error } = {};

  async function* written(): AsyncGenerator<Uint8Array> {
    const opened = Promise.withResolvers<void>();
    const handed = Promise.withResolvers<void>();
    const asked = lastQuestion(() => {
      opened.resolve();
      return Promise.race([handed.promise, sleep(HANDED_WITHIN_MS)]);
    });
    try {
      await Promise.race([opened.promise, asked.then(() => Promise.reject(new Error('The body was not handed on')))]);
    } catch (refusal) {
      if (refusal instanceof Error) refused.by = refusal;
      throw refusal;
    }
    try {
      yield bytes;
    } finally {
      handed.resolve();
      await asked;
    }
  }
  return {
    headers: { 'content-length': String(bytes.byteLength) },
    body: Readable.from(written(), { objectMode: false }),
    refused,
  };
}

/** What an error of a request or of reading its answer means. */
export function failureOf(error: unknown): ExchangeFailure {
  if (error instanceof NotConnected) {
    if (error.refusal) return { kind: 'refused_by_guard', reason: error.refusal, sent: false };
    const code = codeOf(error.cause);
    return code === 'UND_ERR_CONNECT_TIMEOUT'
      ? { kind: 'timeout', sent: false }
      : { kind: 'connection', sent: false, code };
  }
  const code = codeOf(error);
  const late = error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError');
  if (late || code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT')
    return { kind: 'timeout', sent: true };
  return { kind: 'connection', sent: true, code };
}

/** The delay in milliseconds that the receiver requests: seconds or a date (RFC 9110, 10.2.3); undefined without one. */
export function retryAfterOf(headers: Exchange['headers'], now: number): number | undefined {
  const value = headers['retry-after'];
  if (typeof value !== 'string') return undefined;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1_000;
  // Date.parse is too lenient: it makes a date of "-5".
  const until = /^[A-Z][a-z]{2,8}, \d/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(until) ? undefined : Math.max(0, until - now);
}

/** No connection was made, so nothing was sent: the guard refused, or no server answered. */
class NotConnected extends Error {
  readonly refusal: Refusal | undefined;

  constructor(refusal: Refusal | undefined, cause?: unknown) {
    super('No connection', { cause });
    this.name = 'NotConnected';
    this.refusal = refusal;
  }
}

async function connect(
  settings: GuardSettings,
  dial: Dial,
  options: buildConnector.Options,
  callback: buildConnector.Callback,
): Promise<void> {
  const host = isIP(options.hostname) === 6 ? `[${options.hostname}]` : options.hostname;
  const decision = await checkTarget(`${options.protocol}//${host}${options.port ? `:${options.port}` : ''}`, settings);
  if (!decision.ok) {
    callback(new NotConnected(decision.reason), null);
    return;
  }
  dial(decision.addresses)(options, (...[error, socket]) => {
    if (error) callback(new NotConnected(undefined, error), null);
    else if (socket) callback(null, socket);
  });
}

/** The connector of the system: TCP or TLS to the checked addresses, with the certificate checked against the name. */
export function dialChecked(addresses: readonly string[]): buildConnector.connector {
  const checked = addresses.map((address) => ({ address, family: isIP(address) }));
  const lookup: LookupFunction = (_hostname, { all, family }, done) => {
    const fitting = checked.filter(
      (entry) => !family || family === 'IPv4' || family === 'IPv6' || entry.family === family,
    );
    const [first] = fitting;
    if (!first) done(Object.assign(new Error('No address of this family'), { code: 'ENOTFOUND' }), '', 0);
    else if (all) done(null, fitting);
    else done(null, first.address, first.family);
  };
  return buildConnector({
    lookup,
    timeout: CONNECT_TIMEOUT_MS,
    allowH2: false,
    autoSelectFamily: true,
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN';
}

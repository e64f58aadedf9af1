import { randomUUID } from 'node:crypto';

const TIMEOUT_MS = 30_000;
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 5_000;

/** How one member of staff signs in at the local issuer. */
export type SignIn = { clientId: string; clientSecret: string };

/** An answer of the API that is no success, as the problem document says it. */
export class ApiProblem extends Error {
  override name = 'ApiProblem';
  readonly status: number;
  readonly code: string;
  readonly body: Record<string, unknown>;

  constructor(method: string, path: string, status: number, body: Record<string, unknown>) {
    const detail =
      typeof body['detail'] === 'string' ? body['detail'] : typeof body['title'] === 'string' ? body['title'] : '';
    const places = Array.isArray(body['errors']) ? ` ${JSON.stringify(body['errors'])}` : '';
    super(`${method} ${path}: ${status} ${detail}${places}`.trim());
    this.status = status;
    // `type` is a path that ends with the problem's code
    const type = typeof body['type'] === 'string' ? body['type'] : '';
    this.code = typeof body['code'] === 'string' ? body['code'] : (type.split('/').pop() ?? '');
    this.body = body;
  }
}

/** A bearer token; `refused`: the last one was not accepted, take another. */
export type Token = (refused?: string) => Promise<string>;

/** Takes tokens from the issuer and renews them before they end. */
export function tokens(tokenEndpoint: string, signIn: SignIn): Token {
  let token: { value: string; until: number } | undefined;
  let pending: Promise<string> | undefined;
  const ask = async (): Promise<string> => {
    const response = await fetch(tokenEndpoint, {
      method: 'POST',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `Basic ${Buffer.from(`${signIn.clientId}:${signIn.clientSecret}`).toString('base64')}`,
      },
      body: 'grant_type=client_credentials',
    });
    if (!response.ok) throw new Error(`${signIn.clientId} was given no token (${response.status})`);
    const body = (await response.json()) as { access_token: string; expires_in: number };
    token = { value: body.access_token, until: Date.now() + (body.expires_in - 60) * 1_000 };
    return token.value;
  };
  return async (refused) => {
    if (token && token.until > Date.now() && token.value !== refused) return token.value;
    pending ??= ask().finally(() => {
      pending = undefined;
    });
    return pending;
  };
}

type Call = { key?: string; body?: unknown; raw?: Buffer; contentType?: string };

/**
 * Speaks to the public API as one member of staff. What the network or a restarting part of the system swallows is tried
 * again under the same idempotency key, so that it has one effect; a refusal is thrown at once.
 */
export class Client {
  readonly #base: string;
  readonly #token: Token;
  readonly #stop: AbortSignal | undefined;

  /** @param base address of the API without `/v1` */
  constructor(base: string, token: Token, stop?: AbortSignal) {
    this.#base = base.replace(/\/$/, '');
    this.#token = token;
    this.#stop = stop;
  }

  async get(path: string): Promise<unknown> {
    return this.#call('GET', path, {});
  }

  /** All pages of a list. */
  async all(path: string, limit = 200): Promise<unknown[]> {
    const found: unknown[] = [];
    let cursor: string | null = null;
    do {
      const url: string = `${path}${path.includes('?') ? '&' : '?'}limit=${limit}${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
      const page = (await this.get(url)) as { data: unknown[]; next_cursor: string | null };
      found.push(...page.data);
      cursor = page.next_cursor;
    } while (cursor !== null && cursor !== undefined);
    return found;
  }

  /** @param key fixed where doing it again after a restart must be the same deed; else one is made */
  async post(path: string, body: unknown, key: string = randomUUID()): Promise<unknown> {
    return this.#call('POST', path, { body, key });
  }

  async upload(path: string, raw: Buffer, contentType: string, key: string): Promise<unknown> {
    return this.#call('POST', path, { raw, contentType, key });
  }

  async #call(method: string, path: string, call: Call): Promise<unknown> {
    let wait = FIRST_RETRY_MS;
    let refused: string | undefined;
    for (;;) {
      this.#stop?.throwIfAborted();
      const answer = await this.#once(method, path, call, refused);
      if (answer.status >= 200 && answer.status < 300) return answer.body;
      // a token that ended early, or an issuer that has other keys now: once more with a new one
      const again = answer.status === 401 && refused === undefined && answer.token !== undefined;
      if (again) refused = answer.token;
      else if (!passes(answer)) {
        throw new ApiProblem(method, path, answer.status, answer.body as Record<string, unknown>);
      }
      await pause(answer.retryAfterMs ?? wait, this.#stop);
      wait = Math.min(wait * 2, LONGEST_RETRY_MS);
    }
  }

  async #once(
    method: string,
    path: string,
    call: Call,
    refused: string | undefined,
  ): Promise<{ status: number; body: unknown; token?: string; retryAfterMs?: number }> {
    try {
      const token = await this.#token(refused);
      const content = call.raw
        ? new Uint8Array(call.raw)
        : call.body === undefined
          ? undefined
          : JSON.stringify(call.body);
      const response = await fetch(`${this.#base}/v1${path}`, {
        method,
        signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), ...(this.#stop ? [this.#stop] : [])]),
        headers: {
          authorization: `Bearer ${token}`,
          ...(content === undefined ? {} : { 'content-type': call.contentType ?? 'application/json' }),
          ...(call.key === undefined ? {} : { 'idempotency-key': call.key }),
        },
        ...(content === undefined ? {} : { body: content }),
      });
      const text = await response.text();
      const retryAfter = Number(response.headers.get('retry-after'));
      return {
        status: response.status,
        token,
        body: text === '' ? {} : (JSON.parse(text) as unknown),
        ...(retryAfter > 0 ? { retryAfterMs: Math.min(retryAfter * 1_000, LONGEST_RETRY_MS) } : {}),
      };
    } catch (error) {
      this.#stop?.throwIfAborted();
      // no connection, a cut answer, an issuer that is coming up: as good as "try later"
      return { status: 0, body: { detail: String(error) } };
    }
  }
}

/** Whether trying again can help: the part that was asked is away, busy, or still at work on the same key. */
function passes({ status, body }: { status: number; body: unknown }): boolean {
  if (status === 0 || status === 429 || status === 502 || status === 503 || status === 504) return true;
  return status === 409 && String((body as { type?: unknown }).type).includes('idempotency_key_running');
}

export async function pause(ms: number, stop?: AbortSignal): Promise<void> {
  await new Promise<void>((done) => {
    const timer = setTimeout(done, ms);
    stop?.addEventListener('abort', () => (clearTimeout(timer), done()), { once: true });
  });
}

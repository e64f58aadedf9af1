import { Webhook } from 'standardwebhooks';
import { type OperationClock, toReal } from '../../domain/time.ts';
import type { Announcement } from './requests.ts';

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 15_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const CALL_TIMEOUT_MS = 15_000;

export type AnnouncerDeps = {
  clock: OperationClock;
  secretOf: (partner: string) => string;
  /** called once the system has accepted the announcement (2xx) */
  delivered: (eventId: string, status: number) => void;
  log: (message: string) => void;
  /** how many callbacks may be under way at once */
  atOnce?: number;
};

/**
 * Sends announcements at their operation time. Those about one request or one vehicle are sent in order: the next
 * waits until the system accepts the one before. Each is tried until the system answers 2xx.
 */
export class Announcer {
  readonly #deps: AnnouncerDeps;
  readonly #lines = new Map<string, Promise<void>>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #known = new Set<string>();
  readonly #void = new Set<string>();
  readonly #waiting: Array<() => void> = [];
  #free: number;
  readonly #stop = new AbortController();

  constructor(deps: AnnouncerDeps) {
    this.#deps = deps;
    this.#free = deps.atOnce ?? 16;
  }

  /** Schedules an announcement, sent `times` times. A known announcement is ignored. */
  plan(announcement: Announcement, times = 1): void {
    if (this.#known.has(announcement.eventId)) return;
    this.#known.add(announcement.eventId);
    this.#at(toReal(this.#deps.clock, announcement.at), () => this.#enqueue(announcement, times));
  }

  /** Cancels the planned announcements about a request. */
  forget(requestId: string): void {
    this.#void.add(requestId);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    for (const timer of this.#timers) clearTimeout(timer);
    for (const go of this.#waiting.splice(0)) go();
    await Promise.allSettled(this.#lines.values());
  }

  #at(real: number, act: () => void): void {
    const wait = Math.max(0, real - Date.now());
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        if (wait > LONGEST_TIMER_MS) this.#at(real, act);
        else act();
      },
      Math.min(wait, LONGEST_TIMER_MS),
    );
    this.#timers.add(timer);
  }

  #enqueue(announcement: Announcement, times: number): void {
    const line = announcement.requestId ?? `movement:${announcement.movementReference ?? announcement.eventId}`;
    const before = this.#lines.get(line) ?? Promise.resolve();
    const mine = before
      .then(() => this.#deliver(announcement, times))
      .catch((error: unknown) => this.#deps.log(`callback: ${String(error)}`));
    this.#lines.set(line, mine);
    void mine.finally(() => {
      if (this.#lines.get(line) === mine) this.#lines.delete(line);
    });
  }

  async #deliver(announcement: Announcement, times: number): Promise<void> {
    await this.#slot();
    try {
      for (let time = 0; time < times; time++) {
        const status = await this.#untilAccepted(announcement);
        if (status === undefined) return;
        if (time === 0) this.#deps.delivered(announcement.eventId, status);
      }
    } finally {
      this.#free++;
      this.#waiting.shift()?.();
    }
  }

  async #slot(): Promise<void> {
    while (this.#free === 0) await new Promise<void>((go) => this.#waiting.push(go));
    this.#free--;
  }

  async #untilAccepted(announcement: Announcement): Promise<number | undefined> {
    const body = JSON.stringify(callbackBody(announcement));
    let wait = FIRST_RETRY_MS;
    while (!this.#stop.signal.aborted) {
      if (announcement.requestId !== undefined && this.#void.has(announcement.requestId)) return undefined;
      const status = await this.#post(announcement, body);
      if (status >= 200 && status < 300) return status;
      if (wait === LONGEST_RETRY_MS)
        this.#deps.log(`${announcement.type} ${announcement.eventId} not accepted yet (${status || 'no connection'})`);
      await new Promise((go) => {
        const timer = setTimeout(go, wait);
        this.#stop.signal.addEventListener('abort', () => (clearTimeout(timer), go(undefined)), { once: true });
      });
      wait = Math.min(wait * 2, LONGEST_RETRY_MS);
    }
    return undefined;
  }

  /** HTTP status, or 0 where there was no answer. */
  async #post(announcement: Announcement, body: string): Promise<number> {
    const now = new Date();
    const signature = new Webhook(this.#deps.secretOf(announcement.partner)).sign(webhookId(announcement), now, body);
    try {
      const response = await fetch(announcement.replyTo, {
        method: 'POST',
        body,
        redirect: 'error',
        signal: AbortSignal.any([this.#stop.signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]),
        headers: {
          'content-type': 'application/json',
          'webhook-id': webhookId(announcement),
          'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
          'webhook-signature': signature,
        },
      });
      await response.body?.cancel();
      return response.status;
    } catch {
      return 0;
    }
  }
}

/** The event's id in the webhook header. Standard Webhooks allows no full stop in it, because the signed text is `id.timestamp.body`. */
function webhookId({ eventId }: Announcement): string {
  return eventId.replaceAll('.', '_');
}

/** The body of a callback as the protocol has it. */
function callbackBody(announcement: Announcement): Record<string, unknown> {
  return {
    event_id: webhookId(announcement),
    ...(announcement.requestId === undefined ? {} : { request_id: announcement.requestId }),
    ...(announcement.movementReference === undefined ? {} : { movement_reference: announcement.movementReference }),
    type: announcement.type,
    occurred_at: new Date(announcement.at).toISOString(),
    data: announcement.data,
  };
}

import { eventPayload, type OutgoingEvent } from '../domain/eventPayload.ts';
import { MINUTE, SECOND } from '../domain/time.ts';
import { type DeliveryFailure, isGone, nextAttempt, type Outcome, outcomeOf } from '../domain/webhooks/schedule.ts';

/** Activities of a partner's feed. */
export type FeedActivities = {
  /**
   * Sends the deliveries that are due at an endpoint. `next`: milliseconds of real time until the next one, 0 for at
   * once, null for none. `ended`: the endpoint was removed.
   */
  sendDue(input: { endpointId: string }): Promise<{ next: number | null; ended: boolean }>;
};

/** A claimed delivery, and whether it may still be sent. */
export type DueEvent = OutgoingEvent & { outboxId: string; attempts: number; withhold?: 'not_shared' | 'no_agreement' };

export type AttemptEnd = { ms: number; retryAfter?: number } & ({ status: number } | { failure: DeliveryFailure });

/** The result of a claimed delivery. */
export type Settlement = {
  outboxId: string;
  status: 'delivered' | 'retrying' | 'suspended' | 'redacted';
  nextInMs?: number;
  redactedReason?: string;
  attempt?: { sentAt: Date; tookMs: number; httpStatus?: number; failure?: string };
};

export type FeedEndpoint = { partnerId: string; url: string; secrets: string[]; open: boolean; removed: boolean };

export type FeedPorts = {
  endpoint(endpointId: string): Promise<FeedEndpoint | undefined>;
  /** the oldest open delivery of each subject, if it is due; agreement, consent and holds are checked again here */
  claim(endpointId: string, partnerId: string, limit: number): Promise<DueEvent[]>;
  /** one attempt; never throws for what the receiver does */
  send(endpoint: FeedEndpoint, message: { id: string; body: string; timestamp: number }): Promise<AttemptEnd>;
  settle(endpointId: string, settled: Settlement[]): Promise<void>;
  postpone(endpointId: string, outboxIds: string[], inMs: number): Promise<void>;
  nextDueIn(endpointId: string): Promise<number | null>;
  /** records whether the endpoint answers; returns since when it does not, epoch milliseconds of real time */
  noteHealth(endpointId: string, answers: boolean): Promise<number | null>;
  /** disables the endpoint, with an alarm and a task */
  disable(endpointId: string, because: 'gone' | 'failing', last: DueEvent): Promise<void>;
  /** opens a task for an event without attempts left; its subject is blocked until a replay */
  suspended(endpointId: string, event: DueEvent): Promise<void>;
  /** sends a heartbeat to Temporal */
  heartbeat(): void;
  /** whether the worker has asked the activity to stop */
  leaving(): boolean;
  /** epoch milliseconds of real time */
  now(): number;
  /** 0..1 */
  jitter(): number;
};

/** Claimed together. With this many lanes and a timeout of 15 s a batch ends well before its lease. */
const BATCH = 24;
const LANES = 8;
/** After this time a feed ends its activity and starts another, so that other feeds get a slot. */
const TURN = 30 * SECOND;
/** After this many failures in a row the batch ends, because the other events would fail too. */
const BREAK_AFTER = LANES;
const SHORTEST_BREAK = 30 * SECOND;
const LONGEST_BREAK = 15 * MINUTE;

export function feedActivities(ports: FeedPorts): FeedActivities {
  return {
    async sendDue({ endpointId }) {
      const begun = ports.now();
      for (;;) {
        const endpoint = await ports.endpoint(endpointId);
        if (!endpoint || endpoint.removed) return { next: null, ended: true };
        // No event is lost: enabling the endpoint nudges the feed.
        if (!endpoint.open) return { next: null, ended: false };
        const due = await ports.claim(endpointId, endpoint.partnerId, BATCH);
        if (due.length === 0) return { next: await ports.nextDueIn(endpointId), ended: false };
        await sendBatch(ports, endpointId, endpoint, due);
        ports.heartbeat();
        if (ports.leaving() || ports.now() - begun >= TURN) return { next: 0, ended: false };
      }
    },
  };
}

async function sendBatch(ports: FeedPorts, endpointId: string, endpoint: FeedEndpoint, due: DueEvent[]): Promise<void> {
  const waiting = [...due];
  const settled: Settlement[] = [];
  const suspended: DueEvent[] = [];
  const run: Run = { failures: 0, answered: false, failed: false };

  const lane = async (): Promise<void> => {
    while (run.stop === undefined && !ports.leaving()) {
      const event = waiting.shift();
      if (!event) return;
      const settlement = event.withhold ? redacted(event.withhold, event) : await attempt(ports, endpoint, event, run);
      settled.push(settlement);
      if (settlement.status === 'suspended') suspended.push(event);
      ports.heartbeat();
    }
  };
  await Promise.all(Array.from({ length: Math.min(LANES, due.length) }, lane));
  await ports.settle(endpointId, settled);
  for (const event of suspended) await ports.suspended(endpointId, event);

  const since = run.answered || run.failed ? await ports.noteHealth(endpointId, run.answered) : null;
  const [last] = due;
  if (run.gone && last) await ports.disable(endpointId, 'gone', last);
  else if (isGone(since, ports.now()) && last) await ports.disable(endpointId, 'failing', last);
  if (waiting.length === 0) return;
  const left = waiting.map(({ outboxId }) => outboxId);
  await ports.postpone(endpointId, left, run.stop === undefined ? 0 : pauseOf(ports, run.stop, since));
}

/** How a batch continues: `stop` ends it early, with the delay in milliseconds that the receiver requested. */
type Run = { failures: number; answered: boolean; failed: boolean; gone?: boolean; stop?: { requestedMs: number } };

async function attempt(ports: FeedPorts, endpoint: FeedEndpoint, event: DueEvent, run: Run): Promise<Settlement> {
  const sentAt = ports.now();
  const body = JSON.stringify(eventPayload(event));
  const end = await ports.send(endpoint, { id: event.outboxId, body, timestamp: sentAt / SECOND });
  const outcome = outcomeOf(end);
  note(run, outcome, end.retryAfter ?? 0);
  const made = {
    sentAt: new Date(sentAt),
    tookMs: Math.round(end.ms),
    ...('status' in end ? { httpStatus: end.status } : { failure: end.failure }),
  };
  const { outboxId } = event;
  if (outcome === 'delivered') return { outboxId, status: 'delivered', attempt: made };
  // The endpoint is gone, so this counts no attempt of the event.
  if (outcome === 'disable') return { outboxId, status: 'retrying', nextInMs: 0, attempt: made };
  const next = nextAttempt(event.attempts + 1, outcome, {
    jitter: ports.jitter(),
    ...(end.retryAfter === undefined ? {} : { retryAfter: end.retryAfter }),
  });
  return next === 'suspended'
    ? { outboxId, status: 'suspended', attempt: made }
    : { outboxId, status: 'retrying', nextInMs: next, attempt: made };
}

function note(run: Run, outcome: Outcome, requestedMs: number): void {
  if (outcome === 'delivered') {
    run.failures = 0;
    run.answered = true;
    return;
  }
  run.failures += 1;
  run.failed = true;
  if (outcome === 'disable') run.gone = true;
  if (outcome !== 'retry' || run.failures >= BREAK_AFTER)
    run.stop = { requestedMs: Math.max(requestedMs, run.stop?.requestedMs ?? 0) };
}

function redacted(reason: string, { outboxId }: DueEvent): Settlement {
  return { outboxId, status: 'redacted', redactedReason: reason };
}

/** The delay grows with the time that an endpoint has failed. It is at least what the receiver requested, up to a day. */
function pauseOf(ports: FeedPorts, { requestedMs }: { requestedMs: number }, since: number | null): number {
  const failedFor = since === null ? 0 : ports.now() - since;
  const pause = Math.min(LONGEST_BREAK, Math.max(SHORTEST_BREAK, failedFor / 10)) * (1 + ports.jitter() / 10);
  return Math.round(Math.max(pause, Math.min(requestedMs, 24 * 60 * MINUTE)));
}

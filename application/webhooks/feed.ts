import { type EventType, eventPayload, type OutgoingEvent } from '../../domain/outboxEvents.ts';
import { type Instant, iso, MINUTE, SECOND } from '../../domain/time.ts';
import {
  type AttemptEnd,
  type DeliveryFailure,
  isGone,
  nextAttempt,
  type Outcome,
  outcomeOf,
  type RedactedReason,
} from '../../domain/webhooks/deliveries.ts';
import type { Alarm } from '../alarms/alarms.ts';
import type { Attempt } from './endpoints.ts';

/** A published event, with its position. */
export type PositionedEvent = {
  id: string;
  position: number;
  operationId: string;
  subject: string;
  seq: number;
  type: EventType;
  at: Instant;
  data: Record<string, unknown>;
};

/** The reader: staff in these operations, or a partner under its agreements. */
export type EventReader = { operations: 'all' | readonly string[] } | { partnerId: string };

export type EventReads = {
  /**
   * Events after a position, without a gap; one more than `limit` where there are more. A partner gets the types that a
   * valid agreement names for the operation. For a person, consent and holds are checked at this moment, and redacted
   * events are skipped.
   */
  from(
    reader: EventReader,
    filter: { after: number; operation?: string | undefined },
    limit: number,
  ): Promise<PositionedEvent[]>;
};

export type OutboxPorts = {
  /** Gives the next positions and makes the deliveries, in one transaction. Returns the endpoints with new ones. */
  stamp(limit: number): Promise<{ stamped: number; endpoints: string[] }>;
  /** active endpoints with due deliveries */
  feedsWithDue(): Promise<string[]>;
  nudge(endpointIds: readonly string[]): void;
};

const PUBLISHED_AT_ONCE = 1_000;
/** How often to search for due deliveries that no feed sends. */
const SWEEP_MS = 30_000;

/** One pass: gives committed events their positions and deliveries, and nudges the feeds. */
export function publishOutbox(now: () => number): (ports: OutboxPorts) => Promise<'more' | 'idle'> {
  let sweptAt = Number.NEGATIVE_INFINITY;
  return async ({ stamp, feedsWithDue, nudge }) => {
    const { stamped, endpoints } = await stamp(PUBLISHED_AT_ONCE);
    nudge(endpoints);
    if (now() - sweptAt >= SWEEP_MS) {
      nudge(await feedsWithDue());
      sweptAt = now();
    }
    return stamped >= PUBLISHED_AT_ONCE ? 'more' : 'idle';
  };
}

/** A claimed delivery. */
export type DueEvent = OutgoingEvent & {
  outboxId: string;
  /** of the current schedule; a replay starts again */
  attempts: number;
  /** false with a hold that blocks disclosure, or without consent to sharing: the result does not say which */
  mayShare: boolean;
};

/** The result of a claimed delivery. */
export type Settlement = {
  outboxId: string;
  status: 'delivered' | 'retrying' | 'suspended' | 'redacted';
  /** milliseconds until the next attempt, for `retrying` */
  nextInMs?: number;
  redactedReason?: RedactedReason;
  /** the attempt; absent if nothing was sent */
  attempt?: { sentAt: Date; tookMs: number; httpStatus?: number; failure?: DeliveryFailure };
};

export type FeedEndpoint = Pick<Attempt, 'url' | 'secrets'> & { partnerId: string; open: boolean; removed: boolean };

/** A task about an endpoint or a suspended event; it is reopened if it is closed. */
export type FeedTask = {
  id: string;
  operationId: string;
  subject: string;
  kind: 'webhook_suspended' | 'endpoint_disabled';
  role: 'admin' | 'duty_supervisor';
  data: Record<string, unknown>;
};

export type FeedPorts = {
  endpoint(endpointId: string): Promise<FeedEndpoint | undefined>;
  /** the oldest open delivery of each subject, if it is due; nobody else gets it meanwhile */
  claim(endpointId: string, limit: number): Promise<DueEvent[]>;
  /** the event types that the partner may receive now, by operation */
  agreedTypes(
    partnerId: string,
    operationIds: readonly string[],
    real: Instant,
  ): Promise<ReadonlyMap<string, ReadonlySet<string>>>;
  /** one attempt; never throws for what the receiver does */
  send(attempt: Attempt): Promise<AttemptEnd>;
  settle(endpointId: string, settled: readonly Settlement[]): Promise<void>;
  /** releases claimed deliveries unsent, without counting an attempt */
  postpone(endpointId: string, outboxIds: readonly string[], inMs: number): Promise<void>;
  nextDueIn(endpointId: string): Promise<number | null>;
  /** records whether the endpoint answers; returns since when it does not, epoch milliseconds of real time */
  noteHealth(endpointId: string, answers: boolean): Promise<Instant | null>;
  /** false if it was not active */
  disable(endpointId: string): Promise<boolean>;
  openTask(task: FeedTask, real: Instant): Promise<void>;
  raiseAlarm(alarm: Alarm, occasion: string): Promise<void>;
  /** epoch milliseconds of real time */
  now(): Instant;
  /** 0..1 */
  jitter(): number;
};

/** How the run goes on: signs of life, and whether the worker has asked it to stop. */
export type FeedRun = { heartbeat(): void; leaving(): boolean };

/** Claimed together. With this many lanes and a timeout of 15 s a batch ends well before its lease. */
const BATCH = 24;
const LANES = 8;
/** After this time a feed ends its activity and starts another, so that other feeds get a slot. */
const TURN = 30 * SECOND;
/** After this many failures in a row the batch ends, because the other events would fail too. */
const BREAK_AFTER = LANES;
const SHORTEST_BREAK = 30 * SECOND;
const LONGEST_BREAK = 15 * MINUTE;

/** Sends the deliveries that are due at an endpoint, until none is due or another feed needs the slot. */
export async function deliverFeed(
  ports: FeedPorts,
  run: FeedRun,
  endpointId: string,
): Promise<{ next: number | null; ended: boolean }> {
  const begun = ports.now();
  for (;;) {
    const endpoint = await ports.endpoint(endpointId);
    if (!endpoint || endpoint.removed) return { next: null, ended: true };
    // No event is lost: enabling the endpoint nudges the feed.
    if (!endpoint.open) return { next: null, ended: false };
    const due = await ports.claim(endpointId, BATCH);
    if (due.length === 0) return { next: await ports.nextDueIn(endpointId), ended: false };
    await sendBatch(ports, run, endpointId, endpoint, due);
    run.heartbeat();
    if (run.leaving() || ports.now() - begun >= TURN) return { next: 0, ended: false };
  }
}

async function sendBatch(
  ports: FeedPorts,
  { heartbeat, leaving }: FeedRun,
  endpointId: string,
  endpoint: FeedEndpoint,
  due: readonly DueEvent[],
): Promise<void> {
  const operations = due.map(({ operationId }) => operationId);
  const agreed = await ports.agreedTypes(endpoint.partnerId, operations, ports.now());
  const waiting = [...due];
  const settled: Settlement[] = [];
  const suspended: DueEvent[] = [];
  const batch: Batch = { failures: 0, answered: false, failed: false };

  const lane = async (): Promise<void> => {
    while (batch.stop === undefined && !leaving()) {
      const event = waiting.shift();
      if (!event) return;
      // Agreement, consent and holds are checked at the moment of sending.
      const isAgreed = agreed.get(event.operationId)?.has(event.type) ?? false;
      const settlement: Settlement =
        isAgreed && event.mayShare
          ? await attempt(ports, endpoint, event, batch)
          : {
              outboxId: event.outboxId,
              status: 'redacted',
              redactedReason: isAgreed ? 'not_shared' : 'no_agreement',
            };
      settled.push(settlement);
      if (settlement.status === 'suspended') suspended.push(event);
      heartbeat();
    }
  };
  await Promise.all(Array.from({ length: Math.min(LANES, due.length) }, lane));
  await ports.settle(endpointId, settled);
  for (const event of suspended) await openSuspendedTask(ports, endpointId, event);

  const since = batch.answered || batch.failed ? await ports.noteHealth(endpointId, batch.answered) : null;
  const [last] = due;
  if (last && (batch.gone || isGone(since, ports.now())))
    await disable(ports, endpointId, batch.gone ? 'gone' : 'failing', last.operationId);
  if (waiting.length === 0) return;
  const left = waiting.map(({ outboxId }) => outboxId);
  await ports.postpone(endpointId, left, batch.stop === undefined ? 0 : pauseOf(ports, batch.stop, since));
}

/** Disables the endpoint, with an alarm and a task. */
async function disable(
  ports: FeedPorts,
  endpointId: string,
  because: 'gone' | 'failing',
  operationId: string,
): Promise<void> {
  if (!(await ports.disable(endpointId))) return;
  const kind = 'endpoint_disabled';
  const about = { operationId, subject: endpointId, kind } as const;
  const now = ports.now();
  await ports.raiseAlarm({ ...about, detail: { because } }, iso(now));
  await ports.openTask({ ...about, id: `${kind}.${endpointId}`, role: 'admin', data: { because } }, now);
}

/** An event without attempts left: its subject is blocked until a replay. */
async function openSuspendedTask(ports: FeedPorts, endpointId: string, event: DueEvent): Promise<void> {
  const { outboxId, operationId, subject, position, type } = event;
  await ports.openTask(
    {
      id: `webhook_suspended.${endpointId}.${subject}`,
      operationId,
      subject: endpointId,
      kind: 'webhook_suspended',
      role: 'duty_supervisor',
      data: { event: outboxId, subject, position, type },
    },
    ports.now(),
  );
}

/** How a batch continues: `stop` ends it early, with the delay in milliseconds that the receiver requested. */
type Batch = { failures: number; answered: boolean; failed: boolean; gone?: boolean; stop?: { requestedMs: number } };

async function attempt(ports: FeedPorts, endpoint: FeedEndpoint, event: DueEvent, batch: Batch): Promise<Settlement> {
  const sentAt = ports.now();
  const body = JSON.stringify(eventPayload(event));
  const { url, secrets } = endpoint;
  const end = await ports.send({ url, secrets, id: event.outboxId, body, timestamp: sentAt / SECOND });
  const retryAfter = 'status' in end ? end.retryAfter : undefined;
  const outcome = outcomeOf(end);
  note(batch, outcome, retryAfter ?? 0);
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
    ...(retryAfter === undefined ? {} : { retryAfter }),
  });
  return next === 'suspended'
    ? { outboxId, status: 'suspended', attempt: made }
    : { outboxId, status: 'retrying', nextInMs: next, attempt: made };
}

function note(batch: Batch, outcome: Outcome, requestedMs: number): void {
  if (outcome === 'delivered') {
    batch.failures = 0;
    batch.answered = true;
    return;
  }
  batch.failures += 1;
  batch.failed = true;
  if (outcome === 'disable') batch.gone = true;
  if (outcome !== 'retry' || batch.failures >= BREAK_AFTER)
    batch.stop = { requestedMs: Math.max(requestedMs, batch.stop?.requestedMs ?? 0) };
}

/** The delay grows with the time that an endpoint has failed. It is at least what the receiver requested, up to a day. */
function pauseOf(ports: FeedPorts, { requestedMs }: { requestedMs: number }, since: number | null): number {
  const failedFor = since === null ? 0 : ports.now() - since;
  const pause = Math.min(LONGEST_BREAK, Math.max(SHORTEST_BREAK, failedFor / 10)) * (1 + ports.jitter() / 10);
  return Math.round(Math.max(pause, Math.min(requestedMs, 24 * 60 * MINUTE)));
}

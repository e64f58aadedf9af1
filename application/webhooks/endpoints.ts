import type { EventType } from '../../domain/outboxEvents.ts';
import type { Instant } from '../../domain/time.ts';
import type {
  AttemptEnd,
  DeliveryFailure,
  DeliveryStatus,
  EndpointStatus,
  RedactedReason,
} from '../../domain/webhooks/deliveries.ts';
import type { PartnerFeedInput } from '../../domain/workflowInputs.ts';
import { TASK_QUEUE, workflowId } from '../../workflows/messages.ts';
import { newId } from '../ids.ts';
import type { AddressRefused, Encrypted, PartnerPorts } from '../partners/partners.ts';
import type { PendingStart } from '../starts/start.ts';

/** An address of a partner that receives events. Times are real time. */
export type Endpoint = {
  id: string;
  partnerId: string;
  url: string;
  eventTypes: EventType[];
  status: EndpointStatus;
  failingSince: Instant | null;
  createdAt: Instant;
};

/** An event for an endpoint, with its attempts. */
export type Delivery = {
  outboxId: string;
  position: number;
  subject: string;
  type: EventType;
  status: DeliveryStatus;
  attempts: number;
  nextAttemptAt: Instant;
  redactedReason: RedactedReason | null;
  deliveredAt: Instant | null;
  tries: Array<{
    attempt: number;
    sentAt: Instant;
    tookMs: number;
    httpStatus: number | null;
    failure: DeliveryFailure | null;
  }>;
};

/** Lists have one more than `limit` where there are more. */
export type EndpointReads = {
  endpoints(partnerId: string, limit: number, after?: string): Promise<Endpoint[]>;
  /** Newest first. @param after position */
  deliveries(
    endpointId: string,
    status: DeliveryStatus | undefined,
    limit: number,
    after?: number,
  ): Promise<Delivery[]>;
};

/** One event again, or all of a range of positions; without `to` up to the last. */
export type Replay = { eventId: string } | { from: number; to?: number | undefined };

/** One signed message to one address. */
export type Attempt = {
  url: string;
  /** of the event, the same for all attempts */
  id: string;
  /** seconds since 1970, of this attempt */
  timestamp: number;
  /** JSON, sent and signed unchanged; ids and codes alone, under 20 kB */
  body: string;
  /** of the endpoint, all that are valid now */
  secrets: readonly string[];
};

export type NewEndpoint = Pick<Endpoint, 'id' | 'partnerId' | 'url' | 'eventTypes'> & { createdBy: string };

export type EndpointPorts = Pick<PartnerPorts, 'secrets' | 'refusedAddress'> & {
  /** adds the endpoint and the order to start its feed; idempotent by id */
  add(endpoint: NewEndpoint & { secrets: Encrypted; feed: PendingStart }): Promise<void>;
  /** undefined for an unknown or removed endpoint */
  read(id: string): Promise<(Endpoint & { secrets: Encrypted }) | undefined>;
  /** false for an unknown or removed endpoint */
  remove(id: string): Promise<boolean>;
  /** Enables it; what waits is due at once. False if it was not disabled. */
  enable(id: string): Promise<boolean>;
  setSecrets(id: string, secrets: Encrypted): Promise<void>;
  /**
   * Queues events again from the start of the schedule. A range covers what the endpoint subscribes to and an agreement
   * names, also from before the endpoint. Returns their number.
   */
  replay(id: string, what: Replay): Promise<number>;
  send(attempt: Attempt): Promise<AttemptEnd>;
};

export function endpoints({ secrets, send, refusedAddress, add, setSecrets, ...ports }: EndpointPorts) {
  return {
    ...ports,

    async register(endpoint: NewEndpoint): Promise<{ secret: string; workflowId: string } | AddressRefused> {
      const reason = await refusedAddress(endpoint.url);
      if (reason !== undefined) return { refused: 'address', reason };
      const secret = secrets.issue();
      const input: PartnerFeedInput = { version: 1, endpointId: endpoint.id };
      const feed = { workflowId: workflowId.feed(endpoint.id), workflow: 'partnerFeed', taskQueue: TASK_QUEUE, input };
      await add({ ...endpoint, secrets: secrets.encrypt(endpoint.id, [secret]), feed });
      return { secret, workflowId: feed.workflowId };
    },

    /** The old secret signs too until the next rotation. Returns the new one; undefined for an unknown endpoint. */
    async rotateSecret(id: string): Promise<string | undefined> {
      const endpoint = await ports.read(id);
      if (!endpoint) return undefined;
      const secret = secrets.issue();
      const before = secrets.open(id, endpoint.secrets);
      await setSecrets(id, secrets.encrypt(id, [secret, ...before.slice(0, 1)]));
      return secret;
    },

    /** Sends one signed event without meaning, at once, so that a partner can test an endpoint. */
    async sendTest(id: string): Promise<AttemptEnd | undefined> {
      const endpoint = await ports.read(id);
      if (!endpoint) return undefined;
      const now = new Date();
      return send({
        url: endpoint.url,
        id: newId('event'),
        timestamp: now.getTime() / 1_000,
        body: JSON.stringify({ type: 'endpoint.test', timestamp: now.toISOString(), data: { endpoint_id: id } }),
        secrets: secrets.open(id, endpoint.secrets),
      });
    },
  };
}

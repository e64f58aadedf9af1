import type { RequestKind } from '../../domain/requests/index.ts';
import { type Instant, type OperationClock, toOperation } from '../../domain/time.ts';
import { type Answers, readScenario, type Scenario } from '../scenarioData.ts';
import { Announcer } from './announcer.ts';
import { afterEvidence, announcements, examinationOf, UNLISTED } from './answers.ts';
import { changesOf, departureOf, plainSailing, type Sailing, sailingLike, sailingOf } from './carrier.ts';
import type { Announcement, Knobs, ReceivedRequest } from './requests.ts';
import type { Drill, DrillState, PartnerEndpoint, PartnerRequest, PartnerRequestStore } from './store.ts';

/** The immediate response of a partner. */
export type Reply = { status: number; body: Record<string, unknown> };

/** The body of a request over HTTP. */
export type RequestBody = {
  request_id: string;
  kind: RequestKind;
  requested_at: string;
  person?: Record<string, string>;
  movement?: { reference: string; departs_at?: string; arrives_at?: string; origin?: string; destination?: string };
  reply_to: string;
};

/**
 * The partners of one drill. They accept requests and send the answers of the scenario at their operation time. All
 * state is in the store, so a new instance on the same store goes on where the last one stopped.
 */
export class DrillPartners {
  readonly #store: PartnerRequestStore;
  readonly #state: DrillState;
  readonly #scenario: Scenario;
  readonly #clock: OperationClock;
  readonly #announcer: Announcer;

  constructor(store: PartnerRequestStore, drill: Drill, log: (message: string) => void) {
    const state = store.drills.get(drill.id);
    if (!state) throw new Error(`The drill ${drill.id} is not open`);
    this.#store = store;
    this.#state = state;
    this.#scenario = readScenario(drill.scenarioDir);
    this.#clock = drill.clock;
    this.#announcer = new Announcer({
      clock: drill.clock,
      secretOf: (path) => this.partner(path)?.secret ?? '',
      delivered: (eventId, status) => store.add({ type: 'delivered', drill: drill.id, eventId, status }),
      log,
    });
    for (const open of state.open.values()) this.#schedule(open);
  }

  get id(): string {
    return this.#state.drill.id;
  }

  partner(path: string): PartnerEndpoint | undefined {
    return this.#state.drill.partners.find((partner) => partner.path === path);
  }

  knobs(path: string): Knobs {
    return this.#state.knobs.get(path) ?? {};
  }

  setKnobs(path: string, knobs: Knobs): void {
    this.#store.add({ type: 'knobs', drill: this.id, partner: path, knobs });
  }

  now(): Instant {
    return toOperation(this.#clock, Date.now());
  }

  /** Accepts a request. A repeated request gets the first response again. */
  request(partner: PartnerEndpoint, body: RequestBody): Reply {
    const known = this.#state.requests.get(body.request_id);
    if (known) return known.received.partner === partner.path ? this.#reply(body.request_id, 409) : notFound();
    const received = readRequest(partner, body);
    const knobs = this.knobs(partner.path);
    this.#store.add({ type: 'received', drill: this.id, received, receivedAt: Date.now() });
    if (knobs.refuse !== undefined) {
      this.#store.add({ type: 'refused', drill: this.id, requestId: received.requestId, code: knobs.refuse });
      return this.#reply(received.requestId);
    }
    if (received.kind === 'registry' && knobs.silent !== true) {
      this.#store.add({
        type: 'answeredAtOnce',
        drill: this.id,
        requestId: received.requestId,
        answer: { outcome: 'match' },
      });
    }
    this.#plan(this.#followsFrom(received, partner, knobs));
    return this.#reply(received.requestId);
  }

  /** The status of a request, for a system that lost the first response. */
  lookUp(partner: PartnerEndpoint, requestId: string): Reply {
    const request = this.#state.requests.get(requestId);
    return request?.received.partner === partner.path ? this.#reply(requestId) : notFound();
  }

  evidence(partner: PartnerEndpoint, requestId: string, kinds: string[]): Reply {
    const request = this.#state.requests.get(requestId);
    if (request?.received.partner !== partner.path) return notFound();
    const at = this.now();
    const first = request.evidence === 0;
    this.#store.add({ type: 'evidence', drill: this.id, requestId, kinds, at });
    // evidence sent twice is one round
    if (first)
      this.#plan(afterEvidence(request.received, at, this.#answersFor(request.received), this.knobs(partner.path)));
    return this.#reply(requestId);
  }

  recall(partner: PartnerEndpoint, requestId: string): Reply {
    const request = this.#state.requests.get(requestId);
    if (request?.received.partner !== partner.path) return notFound();
    this.#store.add({ type: 'recalled', drill: this.id, requestId, at: this.now() });
    this.#announcer.forget(requestId);
    return this.#reply(requestId);
  }

  remind(partner: PartnerEndpoint, requestId: string): Reply {
    const request = this.#state.requests.get(requestId);
    if (request?.received.partner !== partner.path) return notFound();
    this.#store.add({ type: 'reminded', drill: this.id, requestId, at: this.now() });
    return this.#reply(requestId);
  }

  /** Staff notify the crew that boarding is over: the vehicle leaves at its time, or now if that has passed. */
  ready(reference: string): Reply {
    const booking = [...this.#state.requests.values()].find(
      ({ received }) => received.kind === 'booking' && received.movement?.reference === reference,
    );
    if (!booking) return notFound();
    if (!this.#state.ready.has(reference)) {
      const at = this.now();
      this.#store.add({ type: 'ready', drill: this.id, movement: reference, at });
      this.#plan(departureOf(this.#sailing(booking.received), at, lineOf(booking.received)));
    }
    return { status: 200, body: { reference, ready: true } };
  }

  /** Every request with its time and fields. The ledger is outside the system, so the system can be checked against it. */
  ledger(): Array<Record<string, unknown>> {
    return [...this.#state.requests.values()].map(({ received, receivedAt, ...request }) => ({
      request_id: received.requestId,
      partner: received.partner,
      kind: received.kind,
      requested_at: new Date(received.requestedAt).toISOString(),
      received_at: new Date(receivedAt).toISOString(),
      ...(received.person === undefined ? {} : { person_ref: received.person }),
      ...(received.movement === undefined ? {} : { movement: received.movement.reference }),
      fields: received.fields,
      status: statusOf({ received, receivedAt, ...request }),
      reminders: request.reminders,
      evidence: request.evidence,
    }));
  }

  async stop(): Promise<void> {
    await this.#announcer.stop();
  }

  #followsFrom(received: ReceivedRequest, partner: PartnerEndpoint, knobs: Knobs): Announcement[] {
    if (received.kind === 'booking') {
      const changes =
        knobs.silent === true ? [] : changesOf(this.#sailing(received), received.requestedAt, lineOf(received));
      return [...announcements(received, { answers: UNLISTED, knobs }), ...changes];
    }
    const person = received.person;
    const firstExamAt = person === undefined ? undefined : this.#state.firstExam.get(person);
    if (received.kind === 'fitness' && person !== undefined && firstExamAt === undefined) {
      this.#store.add({ type: 'examined', drill: this.id, person, at: examinationOf(received) });
    }
    return announcements(received, {
      answers: this.#answersFor(received),
      knobs,
      state: partner.state,
      firstExamAt,
    });
  }

  #answersFor(received: ReceivedRequest): Answers {
    return (received.person === undefined ? undefined : this.#scenario.answers.get(received.person)) ?? UNLISTED;
  }

  #sailing(received: ReceivedRequest): Sailing {
    const way = received.movement ?? { reference: '' };
    const { reference, departsAt = received.requestedAt, arrivesAt = departsAt } = way;
    const { movements } = this.#scenario;
    const listed = movements.find((movement) => movement.id === reference);
    if (listed) return sailingOf(listed);
    const like = movements.findLast(
      (movement) => movement.origin.code === way.origin && movement.destination.code === way.destination,
    );
    if (like) return sailingLike(like, reference, departsAt);
    return plainSailing(reference, departsAt, arrivesAt, way.destination ?? '');
  }

  #plan(planned: Announcement[]): void {
    if (planned.length === 0) return;
    this.#store.add({ type: 'planned', drill: this.id, announcements: planned });
    const byEvent = Map.groupBy(planned, (one) => one.eventId);
    for (const same of byEvent.values()) this.#schedule(same);
  }

  #schedule(same: Announcement[]): void {
    const [first] = same;
    if (first) this.#announcer.plan(first, same.length);
  }

  /** A repeated request gets the same body as the first time, with status 409. */
  #reply(requestId: string, repeated?: 409): Reply {
    const request = this.#state.requests.get(requestId);
    if (!request) return notFound();
    const reference = `REF-${requestId.slice(-8).toUpperCase()}`;
    if (request.refused !== undefined) return { status: 422, body: { code: request.refused, reference } };
    const status = statusOf(request);
    const body = {
      reference,
      status,
      // a consulate acknowledges by a callback of its own, or not at all
      acknowledged: status !== 'received',
      ...(request.answer === undefined ? {} : { answer: request.answer }),
    };
    return { status: repeated ?? (request.answer === undefined ? 202 : 200), body };
  }
}

function readRequest(partner: PartnerEndpoint, body: RequestBody): ReceivedRequest {
  const { person, movement } = body;
  return {
    requestId: body.request_id,
    kind: body.kind,
    partner: partner.path,
    requestedAt: Date.parse(body.requested_at),
    fields: Object.keys(person ?? {}),
    ...(person?.['reference'] === undefined ? {} : { person: person['reference'] }),
    ...(movement === undefined
      ? {}
      : {
          movement: {
            reference: movement.reference,
            ...(movement.departs_at === undefined ? {} : { departsAt: Date.parse(movement.departs_at) }),
            ...(movement.arrives_at === undefined ? {} : { arrivesAt: Date.parse(movement.arrives_at) }),
            ...(movement.origin === undefined ? {} : { origin: movement.origin }),
            ...(movement.destination === undefined ? {} : { destination: movement.destination }),
          },
        }),
    replyTo: body.reply_to,
  };
}

function lineOf(received: ReceivedRequest): { partner: string; replyTo: string } {
  return { partner: received.partner, replyTo: received.replyTo };
}

function statusOf({ received, answer, refused, recalled }: PartnerRequest): string {
  if (refused !== undefined) return 'refused';
  if (recalled) return 'recalled';
  if (answer !== undefined) return 'answered';
  return received.kind === 'verification' ? 'received' : 'acknowledged';
}

function notFound(): Reply {
  return { status: 404, body: { code: 'not_known' } };
}

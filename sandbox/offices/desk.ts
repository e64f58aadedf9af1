import { type OperationClock, toOperation } from '../../domain/clock.ts';
import type { RequestKind } from '../../domain/offices/protocol.ts';
import type { Instant } from '../../domain/time.ts';
import { type Answers, type Caseload, readCaseload } from '../caseload.ts';
import { Announcer } from './announcer.ts';
import { afterEvidence, announcements, examinationOf, UNLISTED } from './answers.ts';
import type { Announcement, Asked, Knobs } from './asked.ts';
import { changesOf, departureOf, plainSailing, type Sailing, sailingLike, sailingOf } from './carrier.ts';
import type { Drill, DrillState, Office, OfficeStore, Question } from './store.ts';

/** What an office says right away. */
export type Reply = { status: number; body: Record<string, unknown> };

/** A question as it comes over the wire. */
export type QuestionBody = {
  request_id: string;
  kind: RequestKind;
  asked_at: string;
  person?: Record<string, string>;
  movement?: { reference: string; departs_at?: string; arrives_at?: string; origin?: string; destination?: string };
  reply_to: string;
};

/**
 * The offices of one drill: takes questions, knows what its caseload lets them say, and has it said when the operation's
 * clock comes to it. Everything it knows is in the store, so a new desk on the same store goes on where the last stopped.
 */
export class Desk {
  readonly #store: OfficeStore;
  readonly #state: DrillState;
  readonly #caseload: Caseload;
  readonly #clock: OperationClock;
  readonly #announcer: Announcer;

  constructor(store: OfficeStore, drill: Drill, log: (message: string) => void) {
    const state = store.drills.get(drill.id);
    if (!state) throw new Error(`The drill ${drill.id} is not open`);
    this.#store = store;
    this.#state = state;
    this.#caseload = readCaseload(drill.caseloadDir);
    this.#clock = drill.clock;
    this.#announcer = new Announcer({
      clock: drill.clock,
      secretOf: (path) => this.office(path)?.secret ?? '',
      told: (eventId, status) => store.add({ type: 'told', drill: drill.id, eventId, status }),
      log,
    });
    for (const open of state.open.values()) this.#say(open);
  }

  get id(): string {
    return this.#state.drill.id;
  }

  office(path: string): Office | undefined {
    return this.#state.drill.offices.find((office) => office.path === path);
  }

  knobs(path: string): Knobs {
    return this.#state.knobs.get(path) ?? {};
  }

  turn(path: string, knobs: Knobs): void {
    this.#store.add({ type: 'knobs', drill: this.id, office: path, knobs });
  }

  now(): Instant {
    return toOperation(this.#clock, Date.now());
  }

  /** Takes a question, or says again what was said when it came before. */
  ask(office: Office, body: QuestionBody): Reply {
    const known = this.#state.questions.get(body.request_id);
    if (known) return known.asked.office === office.path ? this.#standing(body.request_id, 409) : notFound();
    const asked = askedOf(office, body);
    const knobs = this.knobs(office.path);
    this.#store.add({ type: 'asked', drill: this.id, asked, receivedAt: Date.now() });
    if (knobs.refuse !== undefined) {
      this.#store.add({ type: 'refused', drill: this.id, requestId: asked.requestId, code: knobs.refuse });
      return this.#standing(asked.requestId);
    }
    if (asked.kind === 'registry' && knobs.silent !== true) {
      this.#store.add({
        type: 'answeredAtOnce',
        drill: this.id,
        requestId: asked.requestId,
        answer: { outcome: 'match' },
      });
    }
    this.#plan(this.#followsFrom(asked, office, knobs));
    return this.#standing(asked.requestId);
  }

  /** What stands of a question, for a house that lost our first answer. */
  lookUp(office: Office, requestId: string): Reply {
    const question = this.#state.questions.get(requestId);
    return question?.asked.office === office.path ? this.#standing(requestId) : notFound();
  }

  evidence(office: Office, requestId: string, kinds: string[]): Reply {
    const question = this.#state.questions.get(requestId);
    if (question?.asked.office !== office.path) return notFound();
    const at = this.now();
    const first = question.evidence === 0;
    this.#store.add({ type: 'evidence', drill: this.id, requestId, kinds, at });
    // evidence sent twice is one round
    if (first) this.#plan(afterEvidence(question.asked, at, this.#answersFor(question.asked), this.knobs(office.path)));
    return this.#standing(requestId);
  }

  recall(office: Office, requestId: string): Reply {
    const question = this.#state.questions.get(requestId);
    if (question?.asked.office !== office.path) return notFound();
    this.#store.add({ type: 'recalled', drill: this.id, requestId, at: this.now() });
    this.#announcer.forget(requestId);
    return this.#standing(requestId);
  }

  remind(office: Office, requestId: string): Reply {
    const question = this.#state.questions.get(requestId);
    if (question?.asked.office !== office.path) return notFound();
    this.#store.add({ type: 'reminded', drill: this.id, requestId, at: this.now() });
    return this.#standing(requestId);
  }

  /** Staff tell the crew that boarding is over: the vehicle leaves at its time, or now if that has passed. */
  ready(reference: string): Reply {
    const booking = [...this.#state.questions.values()].find(
      ({ asked }) => asked.kind === 'booking' && asked.movement?.reference === reference,
    );
    if (!booking) return notFound();
    if (!this.#state.ready.has(reference)) {
      const at = this.now();
      this.#store.add({ type: 'ready', drill: this.id, movement: reference, at });
      this.#plan(departureOf(this.#sailing(booking.asked), at, lineOf(booking.asked)));
    }
    return { status: 200, body: { reference, ready: true } };
  }

  /** Who asked what, when, by which fields: kept outside the house, so that the house can be checked against it. */
  ledger(): Array<Record<string, unknown>> {
    return [...this.#state.questions.values()].map(({ asked, receivedAt, ...question }) => ({
      request_id: asked.requestId,
      office: asked.office,
      kind: asked.kind,
      asked_at: new Date(asked.askedAt).toISOString(),
      received_at: new Date(receivedAt).toISOString(),
      ...(asked.person === undefined ? {} : { person_ref: asked.person }),
      ...(asked.movement === undefined ? {} : { movement: asked.movement.reference }),
      fields: asked.fields,
      status: statusOf({ asked, receivedAt, ...question }),
      reminders: question.reminders,
      evidence: question.evidence,
    }));
  }

  async stop(): Promise<void> {
    await this.#announcer.stop();
  }

  #followsFrom(asked: Asked, office: Office, knobs: Knobs): Announcement[] {
    if (asked.kind === 'booking') {
      const changes = knobs.silent === true ? [] : changesOf(this.#sailing(asked), asked.askedAt, lineOf(asked));
      return [...announcements(asked, { answers: UNLISTED, knobs }), ...changes];
    }
    const person = asked.person;
    const firstExamAt = person === undefined ? undefined : this.#state.firstExam.get(person);
    if (asked.kind === 'fitness' && person !== undefined && firstExamAt === undefined) {
      this.#store.add({ type: 'examined', drill: this.id, person, at: examinationOf(asked) });
    }
    return announcements(asked, {
      answers: this.#answersFor(asked),
      knobs,
      ...(office.state === undefined ? {} : { state: office.state }),
      ...(firstExamAt === undefined ? {} : { firstExamAt }),
    });
  }

  #answersFor(asked: Asked): Answers {
    return (asked.person === undefined ? undefined : this.#caseload.answers.get(asked.person)) ?? UNLISTED;
  }

  #sailing(asked: Asked): Sailing {
    const way = asked.movement ?? { reference: '' };
    const { reference, departsAt = asked.askedAt, arrivesAt = departsAt } = way;
    const { movements } = this.#caseload;
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
    for (const same of byEvent.values()) this.#say(same);
  }

  #say(same: Announcement[]): void {
    const [first] = same;
    if (first) this.#announcer.plan(first, same.length);
  }

  /** `fresh` 409: the same question again gets the same answer as the first time, under the code that says so. */
  #standing(requestId: string, repeated?: 409): Reply {
    const question = this.#state.questions.get(requestId);
    if (!question) return notFound();
    const reference = `REF-${requestId.slice(-8).toUpperCase()}`;
    if (question.refused !== undefined) return { status: 422, body: { code: question.refused, reference } };
    const status = statusOf(question);
    const body = {
      reference,
      status,
      // a consulate acknowledges by a callback of its own, or not at all
      acknowledged: status !== 'received',
      ...(question.answer === undefined ? {} : { answer: question.answer }),
    };
    return { status: repeated ?? (question.answer === undefined ? 202 : 200), body };
  }
}

function askedOf(office: Office, body: QuestionBody): Asked {
  const { person, movement } = body;
  return {
    requestId: body.request_id,
    kind: body.kind,
    office: office.path,
    askedAt: Date.parse(body.asked_at),
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

function lineOf(asked: Asked): { office: string; replyTo: string } {
  return { office: asked.office, replyTo: asked.replyTo };
}

function statusOf({ asked, answer, refused, recalled }: Question): string {
  if (refused !== undefined) return 'refused';
  if (recalled) return 'recalled';
  if (answer !== undefined) return 'answered';
  return asked.kind === 'verification' ? 'received' : 'acknowledged';
}

function notFound(): Reply {
  return { status: 404, body: { code: 'not_known' } };
}

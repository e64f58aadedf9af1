import { allHandlersFinished, condition, isCancellation, patched } from '@temporalio/workflow';
import { SYSTEM } from '../../domain/actor.ts';
import type { EventHeader, JourneyEvent, JourneyEvents, JourneyEventType } from '../../domain/journeys/events.ts';
import { projectionOf } from '../../domain/journeys/projection.ts';
import {
  apply,
  emptyJourney,
  type JourneyState,
  type OpenRequest,
  phaseOf,
  statusOf,
} from '../../domain/journeys/state.ts';
import type { EscalationStep, Wait } from '../../domain/journeys/waits.ts';
import type { RecordedEvent } from '../../domain/record.ts';
import type { Rules } from '../../domain/rules.ts';
import type { Instant } from '../../domain/time.ts';
import { Memory } from '../memory.ts';
import type { JourneyAnswer, JourneyCarried, JourneyInput, PartnerAnswered } from '../messages.ts';
import { Recorder } from '../recorder.ts';
import { newVersionWanted } from '../versions.ts';
import { now, type Waiter } from '../waiting.ts';
import { notify, partners } from './activities.ts';

/** How many inFlightDuring keys and answered commands are remembered, in this run and over continue-as-new. */
const REMEMBERED = 200;

type NoPartner = { outcome: 'no_partner' };

/** One person's journey while it runs: the state, its one door to the event_log, and what it has on the way. */
export class JourneyRun implements Waiter {
  readonly subject: string;
  readonly operationId: string;
  readonly householdId: string;
  readonly clock: JourneyInput['clock'];
  readonly rules: Rules;
  readonly waits: Wait[];
  readonly recorder: Recorder<JourneyState>;
  readonly memory: Memory<JourneyAnswer>;
  /** update of partners that came before the request they answer was known here */
  readonly buffered: PartnerAnswered[] = [];
  state: JourneyState;
  private continuation = false;
  private inFlight = 0;
  private requests = 0;
  /** set by the update handlers: firstSeen again what came buffered */
  handleBuffered: () => void = () => {};

  constructor(input: JourneyInput) {
    const { carried } = input;
    this.subject = input.journeyId;
    this.operationId = input.operationId;
    this.householdId = input.householdId;
    this.clock = input.clock;
    this.rules = input.rules;
    this.state = carried?.state ?? emptyJourney();
    this.waits = carried?.waits ?? [];
    this.memory = new Memory(REMEMBERED, carried);
    this.recorder = new Recorder({
      subject: input.journeyId,
      subjectKind: 'journey',
      operationId: input.operationId,
      state: () => this.state,
      apply: (state, event) => apply(state, event as RecordedEvent & JourneyEvent),
      rebase: (state, alreadyRecorded) => this.rebase(state, alreadyRecorded),
      snapshot: () => ({ projection: projectionOf(this.state, this.rules), waits: this.waits }),
      onRecorded: ({ seatedOn }) => {
        for (const movementId of seatedOn) void this.leaveGroup(movementId);
      },
    });
  }

  now(): Instant {
    return now(this);
  }

  /** A moment that an outsider names, kept between the start of the journey and now. */
  moment(at: Instant): Instant {
    return Math.min(Math.max(at, this.state.startedAt), this.now());
  }

  /** Makes a event true: state and event_log change together. Events cannot fail. */
  event<T extends JourneyEventType>(type: T, data: JourneyEvents[T], header: Partial<EventHeader> = {}): void {
    const made = { at: this.now(), actor: SYSTEM, ...header, type, data } as JourneyEvent;
    this.state = apply(this.state, made);
    this.recorder.put({ ...made, phase: phaseOf(this.state, this.rules) });
  }

  over(): boolean {
    return this.state.ending !== undefined;
  }

  continuingAsNew(): boolean {
    // Kept: a version that is taken back meanwhile must not leave half of the waits ended and half going on.
    this.continuation ||= newVersionWanted();
    return this.continuation;
  }

  /** Ends this run at the next wait, so that the journey goes on in a new one. */
  continueAsNewSoon(): void {
    this.continuation = true;
  }

  escalationReached(key: string, escalationStep: Exclude<EscalationStep, 'waiting'>): void {
    const type = { reminded: 'waitReminded', due: 'waitDue', escalated: 'waitEscalated' } as const;
    this.event(type[escalationStep], { key });
    const request = escalationStep === 'reminded' ? this.openRequestOf(key) : undefined;
    if (request && patched('partners-are-reminded')) this.remind(request.requestId);
  }

  /** Does something inFlightDuring; the run is not left while it is on its way. */
  async inFlightDuring<T>(work: Promise<T>): Promise<T> {
    this.inFlight += 1;
    try {
      return await work;
    } finally {
      this.inFlight -= 1;
    }
  }

  /** Asks a partner, and makes its event before update that came buffered is seen. */
  async request<T extends { outcome: string }>(
    request: Promise<T>,
    answered: (outcome: T | NoPartner) => void,
  ): Promise<T | NoPartner> {
    this.requests += 1;
    try {
      const outcome = await this.inFlightDuring(request).catch((failure: unknown): NoPartner => {
        if (isCancellation(failure)) throw failure;
        // A partner that cannot be asked at all is as good as none: a person decides what to do.
        return { outcome: 'no_partner' };
      });
      if (!this.over()) answered(outcome);
      return outcome;
    } finally {
      this.requests -= 1;
      this.handleBuffered();
    }
  }

  /** Whether a request is on its way whose id is not known here yet. */
  get asking(): boolean {
    return this.requests > 0;
  }

  answer(): JourneyAnswer {
    return { seq: this.state.seq, status: statusOf(this.state, this.rules), phase: phaseOf(this.state, this.rules) };
  }

  /** Everything is written, every handler has answered, nothing is on its way: the run may be left. */
  async drained(): Promise<void> {
    await condition(() => allHandlersFinished() && this.recorder.idle && this.inFlight === 0);
  }

  carried(): JourneyCarried {
    const { answered, seen } = this.memory;
    return { state: this.state, waits: this.waits, answered, seen };
  }

  private rebase(state: JourneyState, alreadyRecorded: readonly RecordedEvent[]): void {
    this.state = state;
    for (const { commandId } of alreadyRecorded)
      if (commandId !== undefined) this.memory.remember(commandId, this.answer());
  }

  private openRequestOf(key: string): OpenRequest | undefined {
    const { nationality, document, fitness, exitPermit } = this.state;
    const of: Record<string, { request?: OpenRequest }> = {
      acknowledgement: nationality,
      verification: nationality,
      document,
      fitness,
      exitPermit,
    };
    return of[key]?.request;
  }

  /** Nobody waits for it: where a partner cannot be reminded, the escalationPolicy goes on to people all the same. */
  private remind(requestId: string): void {
    partners.remindPartner({ operationId: this.operationId, requestId, at: this.now() }).catch(() => {});
  }

  private async leaveGroup(movementId: string): Promise<void> {
    const cause = this.over() ? 'ending' : this.state.consent.status === 'withdrawn' ? 'withdrawal' : 'hold';
    await this.inFlightDuring(
      notify.householdMustLeave({
        movementId,
        householdId: this.state.householdId ?? this.householdId,
        key: `${this.subject}:${this.state.seq}`,
        at: this.now(),
        cause,
      }),
    );
  }
}

import { CancellationScope } from '@temporalio/workflow';
import type { SendInput, SendOutcome } from '../../activities/requests.ts';
import type { EventHeader, JourneyEvent } from '../../domain/journeys/events.ts';
import { JOURNEY, type JourneyState, phaseOf, projectionOf, statusOf } from '../../domain/journeys/state.ts';
import { JOURNEY_CARRIED, type JourneyAnswer, type JourneyInput } from '../../domain/journeys/stored.ts';
import type { EscalationStep } from '../../domain/journeys/waits.ts';
import type { RecordResult } from '../../domain/record.ts';
import { JOURNEY_REQUESTS } from '../../domain/requests/index.ts';
import type { Instant } from '../../domain/time.ts';
import { notify, recallRequest, remindRequest, sendRequest, setAnswerAside } from '../activities.ts';
import type { SignalModules } from '../aggregate/live.ts';
import { AggregateRun, type Kind } from '../aggregate/run.ts';
import type { HouseholdMessage, journeySignals, MovementUpdate, PartnerAnswered } from '../messages.ts';

export type JourneyTypes = {
  state: JourneyState;
  event: JourneyEvent;
  answer: JourneyAnswer;
  message: PartnerAnswered;
};

const KIND: Kind<JourneyTypes> = {
  ...JOURNEY,
  kind: 'journey',
  isOver: (state) => state.ending !== undefined,
  phase: phaseOf,
  projection: projectionOf,
  answer: (state, rules) => ({ seq: state.seq, status: statusOf(state, rules), phase: phaseOf(state, rules) }),
};

/** One person's journey while it runs. */
export class JourneyRun extends AggregateRun<JourneyTypes> {
  readonly householdId: string;
  private readonly input: JourneyInput;
  private requests = 0;

  constructor(input: JourneyInput) {
    const { journeyId, operationId, clock, rules } = input;
    const carried = input.carried === undefined ? undefined : JOURNEY_CARRIED.read(input.carried);
    super(KIND, { subject: journeyId, operationId, clock, rules, carried });
    this.input = input;
    this.householdId = input.householdId;
  }

  /** What registration knew is where a journey begins. */
  begin(): void {
    const { registeredAt, consent, holds, route, routeDecided, document } = this.input.registration;
    const at = Math.min(registeredAt, this.now());
    this.event('journeyStarted', { consent, holds, route, routeDecided }, { at });
    if (document) this.event('documentHeld', document, { at });
  }

  /** A moment that an outsider names, kept between the start of the journey and now. */
  moment(at: Instant): Instant {
    return Math.min(Math.max(at, this.state.startedAt), this.now());
  }

  override escalationReached(key: string, escalationStep: Exclude<EscalationStep, 'waiting'>): void {
    super.escalationReached(key, escalationStep);
    const late = JOURNEY_REQUESTS.find(({ waits }) => Object.values(waits).some((wait) => wait.key === key));
    const request = escalationStep === 'reminded' ? late?.journey.open(this.state) : undefined;
    // Nobody waits for it: where a partner cannot be reminded, the escalation goes on to people all the same.
    if (request) remindRequest({ requestId: request.requestId, at: this.now() }).catch(() => {});
  }

  /**
   * Sends a request to a partner, and records what came of it before messages that came early are handled. A phase that
   * is left does not wait for the partner; what comes of it is recorded, or recalled after the end, all the same.
   */
  async request(
    request: Pick<SendInput, 'kind' | 'round' | 'partnerId'>,
    recorded: (sent: SendOutcome) => void,
  ): Promise<SendOutcome> {
    const { subject, operationId } = this;
    const input = { ...request, subject, operationId, at: this.now() };
    let sent: SendOutcome | undefined;
    this.requests += 1;
    void CancellationScope.nonCancellable(() => this.trackInFlight(this.send(input, recorded))).then((outcome) => {
      sent = outcome;
    });
    await this.when(() => sent !== undefined);
    return sent ?? { outcome: 'no_partner' };
  }

  private async send(input: SendInput, recorded: (sent: SendOutcome) => void): Promise<SendOutcome> {
    try {
      // A partner that cannot be asked at all is as good as none: a person decides what to do.
      const sent = await sendRequest(input).catch((): SendOutcome => ({ outcome: 'no_partner' }));
      if (!this.over()) recorded(sent);
      else if (sent.outcome === 'requested') await recallRequest({ requestId: sent.requestId, at: this.now() });
      return sent;
    } finally {
      this.requests -= 1;
      handleEarly(this);
    }
  }

  /** An answer that nobody waits for any more: the inbox has kept it, and a person looks at it. */
  setAside({ requestId, partnerId, eventKey, at }: PartnerAnswered): void {
    void this.trackInFlight(setAnswerAside({ requestId, partnerId, eventKey, at: this.moment(at) }));
  }

  /** Whether a request is on its way whose id is not known here yet. */
  get requesting(): boolean {
    return this.requests > 0;
  }

  /** A journey with a seat notifies the movement that its household must leave. */
  protected override onRecorded({ seatedOn }: RecordResult): void {
    for (const movementId of seatedOn) void this.leaveGroup(movementId);
  }

  private async leaveGroup(movementId: string): Promise<void> {
    const cause = this.over() ? 'ending' : this.state.consent.status === 'withdrawn' ? 'withdrawal' : 'hold';
    await this.trackInFlight(
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

export type JourneyMessages = Record<typeof journeySignals.partnerAnswered, PartnerAnswered> &
  Record<typeof journeySignals.movementUpdated, MovementUpdate> &
  Record<typeof journeySignals.householdChanged, HouseholdMessage>;

/** What others may say to a journey. */
export const SIGNALS: SignalModules<JourneyRun, JourneyMessages> = {
  partnerAnswered: { key: ({ eventKey }) => eventKey, handle: handlePartnerAnswer },
  movementUpdated: { key: ({ key }) => key, handle: handleMovementUpdate },
  householdChanged: {
    key: ({ key }) => key,
    handle: (run, update) => {
      if (run.over() || run.state.travel.underway || run.state.arrivedAt !== undefined) return;
      run.event('householdChanged', { journeyId: update.journeyId }, { at: run.moment(update.at) });
    },
  },
};

/** An answer that came before we knew that we had asked was kept, and is handled when the request is on record. */
function handleEarly(run: JourneyRun): void {
  for (const update of run.buffer.takeAll()) handlePartnerAnswer(run, update);
}

/** Each kind of request says which events an answer makes. One that fits none is late, and a person looks at it. */
function handlePartnerAnswer(run: JourneyRun, update: PartnerAnswered): void {
  const { answer, requestId, partnerId } = update;
  const by: Partial<EventHeader> = { at: run.moment(update.at), actor: { kind: 'partner', id: partnerId } };
  if (!run.over()) {
    for (const { journey } of JOURNEY_REQUESTS) {
      const events = journey.answered(answer, run.state, { requestId, partnerId });
      if (events === undefined) continue;
      for (const { type, data, reasonCode } of events)
        run.event(type, data, { ...by, ...(reasonCode && { reasonCode }) });
      return;
    }
    if (run.requesting) return run.buffer.add(update);
  }
  if (answer.kind !== 'acknowledged') run.setAside(update);
}

/** Which statuses an update may follow. A late message never moves a person back. */
function handleMovementUpdate(run: JourneyRun, { update, at, actor, reasonCode }: MovementUpdate): void {
  if (run.over()) return;
  const by: Partial<EventHeader> = { at: run.moment(at), actor, ...(reasonCode ? { reasonCode } : {}) };
  const { travel } = run.state;
  const { movementId } = update;
  if (update.kind === 'seatAssigned') {
    if (travel.status === 'none') run.event('seatAssigned', { movementId, leg: update.leg, kind: update.seat }, by);
    return;
  }
  if (travel.movementId !== movementId) return;
  const onGround = travel.status === 'seated' || travel.status === 'checked_in' || travel.status === 'boarded';
  switch (update.kind) {
    case 'checkedIn':
      if (travel.status === 'seated') run.event('checkedIn', { movementId }, by);
      return;
    case 'boarded':
      if (travel.status === 'seated' || travel.status === 'checked_in') run.event('boarded', { movementId }, by);
      return;
    case 'departed':
      if (onGround) run.event('departed', { movementId }, by);
      return;
    case 'arrived': {
      if (onGround) run.event('departed', { movementId }, by);
      const lastOfRoute = run.state.routeDecided && run.state.route.at(-1) === update.leg;
      run.event('arrived', { movementId, leg: update.leg, lastOfRoute }, by);
      return;
    }
    case 'seatReleased':
    case 'noShow':
    case 'deniedBoarding':
    case 'offloaded':
      if (onGround) run.event(update.kind, { movementId }, by);
  }
}

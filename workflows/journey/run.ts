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
import type {
  HoldsMessage,
  HouseholdMessage,
  journeySignals,
  MembersMessage,
  MovementUpdate,
  PartnerAnswered,
} from '../messages.ts';

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
  private readonly input: JourneyInput;
  /** a member of the household cannot be asked about yet, so nothing is requested for the way of anybody in it */
  membersOpen = false;
  /** a member lacks more than a health check, so none is renewed */
  membersUnready = false;
  /** how often this has been told */
  membersTold = 0;
  private requests = 0;

  constructor(input: JourneyInput) {
    const { journeyId, operationId, clock, rules } = input;
    const carried = input.carried === undefined ? undefined : JOURNEY_CARRIED.read(input.carried);
    super(KIND, { subject: journeyId, operationId, clock, rules, carried });
    this.input = input;
  }

  /** The household as it is now: whoever was parted from the one of the beginning has another. */
  get householdId(): string {
    return this.state.householdId ?? this.input.householdId;
  }

  /** What registration knew is where a journey begins. */
  begin(): void {
    const { registeredAt, document, joins, ...registration } = this.input.registration;
    const at = Math.min(registeredAt, this.now());
    this.event('journeyStarted', registration, { at });
    if (document) this.event('documentHeld', document, { at });
    // Whoever came to a household that was there changes what it is for every member.
    if (joins) void this.tellHolds(this.householdId);
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
  protected override onRecorded({ seatedOn, members, held = [] }: RecordResult): void {
    for (const movementId of seatedOn) void this.leaveGroup(movementId);
    for (const householdId of held) void this.tellHolds(householdId);
    if (!members) return;
    const { householdId, open, unready, tell } = members;
    // Whoever has left for a household of their own waits for nobody of the one before.
    const stays = householdId === this.householdId;
    if (!stays) this.membersAreReady({ unready: false });
    else if (!open) this.membersAreReady({ unready });
    if (tell && !open) void this.tellMembers(householdId, unready);
  }

  /** Only what is over is told: messages may come in another order, and the next request is judged again all the same. */
  membersAreReady({ unready }: { unready: boolean }): void {
    this.membersOpen = false;
    if (!unready) this.membersUnready = false;
    this.membersTold += 1;
  }

  /**
   * Whether a request was refused for the sake of other members. They tell when that is over; what they told since it was
   * asked (`told`) is newer.
   */
  isOfMembers(sent: SendOutcome, told: number): boolean {
    if (sent.outcome !== 'blocked') return false;
    const open = sent.reasons.includes('members_open');
    const unready = sent.reasons.includes('members_unready');
    if (this.membersTold === told) {
      this.membersOpen ||= open;
      this.membersUnready ||= unready;
    }
    return open || unready;
  }

  private async tellMembers(householdId: string, unready: boolean): Promise<void> {
    const { subject, state } = this;
    await this.trackInFlight(
      notify.tellMembers({
        householdId,
        journeyId: subject,
        key: `${subject}:members:${state.seq}`,
        unready,
      }),
    );
  }

  private async tellHolds(householdId: string): Promise<void> {
    const key = `${this.subject}:holds:${this.state.seq}`;
    await this.trackInFlight(notify.tellHolds({ householdId, key, at: this.now() }));
  }

  private async leaveGroup(movementId: string): Promise<void> {
    await this.trackInFlight(
      notify.householdMustLeave({
        movementId,
        householdId: this.householdId,
        key: `${this.subject}:${this.state.seq}`,
        at: this.now(),
      }),
    );
  }
}

export type JourneyMessages = Record<typeof journeySignals.partnerAnswered, PartnerAnswered> &
  Record<typeof journeySignals.movementUpdated, MovementUpdate> &
  Record<typeof journeySignals.householdChanged, HouseholdMessage> &
  Record<typeof journeySignals.membersReady, MembersMessage> &
  Record<typeof journeySignals.holdsFound, HoldsMessage>;

/** What others may say to a journey. */
export const SIGNALS: SignalModules<JourneyRun, JourneyMessages> = {
  partnerAnswered: { key: ({ eventKey }) => eventKey, handle: handlePartnerAnswer },
  movementUpdated: { key: ({ key }) => key, handle: handleMovementUpdate },
  householdChanged: {
    key: ({ key }) => key,
    handle: (run, update) => {
      if (run.over() || run.state.arrivedAt !== undefined) return;
      const { journeyId, child = false } = update;
      run.event('householdChanged', { journeyId, child }, { at: run.moment(update.at) });
    },
  },
  membersReady: {
    key: ({ key }) => key,
    handle: (run, { unready }) => run.membersAreReady({ unready }),
  },
  holdsFound: {
    key: ({ key }) => key,
    handle: (run, { holdIds, at }) => {
      // On the way nobody can wait for a day until protection has looked.
      const urgent = run.state.travel.underway;
      for (const holdId of run.over() ? [] : holdIds)
        if (!run.state.holds.includes(holdId)) run.event('holdRaised', { holdId, urgent }, { at: run.moment(at) });
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

import { isCancellation } from '@temporalio/workflow';
import type { JourneyEvent } from '../../domain/journeys/events.ts';
import { projectionOf } from '../../domain/journeys/projection.ts';
import { JOURNEY, type JourneyState, type OpenRequest, phaseOf, statusOf } from '../../domain/journeys/state.ts';
import { JOURNEY_CARRIED, type JourneyAnswer, type JourneyInput } from '../../domain/journeys/stored.ts';
import type { EscalationStep } from '../../domain/journeys/waits.ts';
import type { RecordResult } from '../../domain/record.ts';
import type { Instant } from '../../domain/time.ts';
import { AggregateRun, type Kind } from '../aggregate/run.ts';
import type { PartnerAnswered } from '../messages.ts';
import { notify, partners } from './activities.ts';
import { handleEarly } from './messages.ts';

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

type NoPartner = { outcome: 'no_partner' };

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
    const request = escalationStep === 'reminded' ? this.openRequestOf(key) : undefined;
    if (request) this.remind(request.requestId);
  }

  /** Asks a partner, and makes its event before messages that came buffered are handled. */
  async request<T extends { outcome: string }>(
    request: Promise<T>,
    answered: (outcome: T | NoPartner) => void,
  ): Promise<T | NoPartner> {
    this.requests += 1;
    try {
      const outcome = await this.trackInFlight(request).catch((failure: unknown): NoPartner => {
        if (isCancellation(failure)) throw failure;
        // A partner that cannot be asked at all is as good as none: a person decides what to do.
        return { outcome: 'no_partner' };
      });
      if (!this.over()) answered(outcome);
      return outcome;
    } finally {
      this.requests -= 1;
      handleEarly(this);
    }
  }

  /** Whether a request is on its way whose id is not known here yet. */
  get requesting(): boolean {
    return this.requests > 0;
  }

  /** A journey with a seat notifies the movement that its household must leave. */
  protected override onRecorded({ seatedOn }: RecordResult): void {
    for (const movementId of seatedOn) void this.leaveGroup(movementId);
  }

  private openRequestOf(key: string): OpenRequest | undefined {
    const { nationality, document, fitness, exitPermit } = this.state;
    const of: Record<string, { request?: OpenRequest | undefined }> = {
      acknowledgement: nationality,
      verification: nationality,
      document,
      fitness,
      exitPermit,
    };
    return of[key]?.request;
  }

  /** Nobody waits for it: where a partner cannot be reminded, the escalation goes on to people all the same. */
  private remind(requestId: string): void {
    partners.remindPartner({ operationId: this.operationId, requestId, at: this.now() }).catch(() => {});
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

import type { SendOutcome } from '../../activities/requests.ts';
import type { Whom } from '../../domain/journeys/waits.ts';
import { JOURNEY_REQUESTS, type JourneyRequest, type RequestDefinition } from '../../domain/requests/index.ts';
import type { DeadlineKey } from '../../domain/rules.ts';
import { DAY, type Instant, toReal } from '../../domain/time.ts';
import { recallRequest } from '../activities.ts';
import { realNow, until, type WaitSpec, waitFor } from '../waiting.ts';
import type { JourneyRun } from './run.ts';

/*
 * The lifecycle of a request about a person, the same for every kind: sent, awaited, decided by a person where nobody
 * answers, recalled. What differs stands in the definition of the kind (domain/requests).
 */

/** Screened, agreed to travel, no hold, and no risk that protection has still to decide about. */
export function isUnhindered({ state }: JourneyRun): boolean {
  const { screened, riskOpen, consent, holds } = state;
  return screened && !riskOpen && consent.status === 'given' && holds.length === 0;
}

/** Nothing leaves the system about anybody else, or without their consent to it. The preconditions in the database decide. */
export function mayShare(run: JourneyRun): boolean {
  return isUnhindered(run) && run.state.consent.sharing;
}

/** Nothing is requested for the way home of somebody whose household is not ready for it: it would have no purpose. */
export function mayAsk(run: JourneyRun): boolean {
  return mayShare(run) && !run.membersOpen;
}

/** Sends the next request of this kind; that the partner has it is recorded, before messages that came early are handled. */
export function send(run: JourneyRun, { kind, journey }: JourneyRequest, partnerId?: string): Promise<SendOutcome> {
  const round = journey.rounds(run.state) + 1;
  return run.request({ kind, round, ...(partnerId !== undefined && { partnerId }) }, (sent) => {
    if (sent.outcome === 'requested')
      run.event(journey.requested, { requestId: sent.requestId, partnerId: sent.partnerId, round });
  });
}

/** What stopped a request is asked again after this time, because a partner or an agreement that comes tells no journey. */
const AGAIN_AFTER = DAY;

/**
 * Requests of this kind as soon as it may, for as long as it is wanted: until the partner has it. What stops it is
 * somebody's wait, which keeps its `since` whatever stops it next, and is on record once for each cause.
 */
export async function requestWhileWanted(
  run: JourneyRun,
  request: JourneyRequest,
  wanted: () => boolean,
  partnerId?: () => string | undefined,
): Promise<void> {
  const stop = new Stop(run, request);
  try {
    for (let again = false; wanted(); ) {
      await until(run, () => !wanted() || mayAsk(run) || (again && mayShare(run)));
      if (!wanted()) return;
      const before = hinderedBy(run);
      const told = run.membersTold;
      const sent = await send(run, request, partnerId?.());
      if (sent.outcome === 'requested') return;
      await stop.because(sent, told);
      const changed = () => !wanted() || hinderedBy(run) !== before || run.over() || run.continuingAsNew();
      again = !(await run.when(changed, toReal(run.clock, run.now() + AGAIN_AFTER) - realNow()));
    }
  } finally {
    // A run that is left hands its wait to the next.
    if (run.over() || !run.continuingAsNew()) stop.end();
  }
}

/** Changes when consent, holds or the other members of the household do. */
const hinderedBy = ({ state, membersTold }: JourneyRun): string =>
  JSON.stringify([state.consent.version, state.holds, state.riskOpen, membersTold]);

type Stopped = Exclude<SendOutcome, { outcome: 'requested' }>;

/** That the preconditions forbid a request, or that there is no partner for it. */
export function recordStopped(run: JourneyRun, { journey }: JourneyRequest, sent: Stopped): void {
  if (sent.outcome === 'no_partner') run.event('partnerMissing', { what: journey.missing });
  else run.event('disclosureBlocked', { reasons: sent.reasons });
}

/** The wait for whoever can do something about a request that is stopped. */
class Stop {
  private readonly run: JourneyRun;
  private readonly request: JourneyRequest;
  private readonly key: string;
  private since: Instant | undefined;
  private cause = '';
  private open: { ended: boolean; waiting: Promise<void> } | undefined;

  constructor(run: JourneyRun, request: JourneyRequest) {
    this.run = run;
    this.request = request;
    this.key = `${request.journey.missing}Stopped`;
    // An earlier run was stopped too: its wait goes on until this one knows better.
    const left = run.waits.find(({ key }) => key === this.key);
    if (left) this.begin(left.whom, left.what, left.since);
  }

  /** @param told how often the household had been told of its members when it was asked */
  async because(sent: Stopped, told: number): Promise<void> {
    const { run, request } = this;
    // The household has a wait of its own (standing.ts), and it is told when that ends.
    const ofMembers = run.isOfMembers(sent, told);
    const cause = sent.outcome === 'blocked' ? sent.reasons.join() : sent.outcome;
    if (cause === this.cause) return;
    this.cause = cause;
    if (ofMembers) return this.close();
    recordStopped(run, request, sent);
    await this.close();
    this.begin(...whoCanHelp(sent, request), (this.since ??= run.now()));
  }

  end(): void {
    if (this.open) this.open.ended = true;
  }

  private async close(): Promise<void> {
    this.end();
    await this.open?.waiting;
    this.open = undefined;
  }

  private begin(whom: Whom, what: DeadlineKey, since: Instant): void {
    const open = { ended: false, waiting: Promise.resolve() };
    const { phase } = this.request;
    open.waiting = waitFor(this.run, { key: this.key, phase, whom, what, since }, () => open.ended).catch(() => {});
    this.open = open;
    this.since = since;
  }
}

const COORDINATOR = { kind: 'role', id: 'coordinator' } as const;

function whoCanHelp(sent: Stopped, request: JourneyRequest): [Whom, DeadlineKey] {
  if (sent.outcome === 'no_partner') return [COORDINATOR, 'partnerMissing'];
  const { reasons } = sent;
  if (reasons.includes('operation_not_running')) return [{ kind: 'operation', id: 'operation' }, 'operationResumed'];
  if (reasons.includes('no_agreement') || reasons.includes('agreement_too_narrow'))
    return [COORDINATOR, 'agreementMissing'];
  if (reasons.includes('state_not_consented')) return [{ kind: 'role', id: 'case_worker' }, 'sharingDecision'];
  return [{ kind: 'role', id: request.decides }, request.waits.decision.what];
}

/** A day that is kept, not answered: nobody is late before it. Over when it has come, or `sooner` holds. */
export async function appointment(
  run: JourneyRun,
  about: Pick<WaitSpec, 'key' | 'phase' | 'what' | 'blocks'>,
  day: Instant,
  sooner: () => boolean,
): Promise<void> {
  const due = day - run.now();
  if (due <= 0) return;
  await waitFor(
    run,
    {
      ...{ blocks: false, ...about },
      whom: { kind: 'person', id: 'person' },
      rule: { due, remind: null, escalate: null },
      appointment: true,
      safety: true,
    },
    sooner,
  );
}

/** Waits for the partner, with a wait of its own for the acknowledgement where the kind has one. */
export async function awaitAnswer(
  run: JourneyRun,
  { phase, waits, journey }: JourneyRequest,
  answered: () => boolean,
  more: Partial<WaitSpec> = {},
): Promise<void> {
  const request = journey.open(run.state);
  if (!request) return;
  const whom = { kind: 'partner', id: request.partnerId } as const;
  // A partner that was given what it had asked for has its time again.
  const since = request.evidence?.at ?? request.requestedAt;
  const acknowledged = () => answered() || journey.open(run.state)?.acknowledged === true;
  await Promise.all([
    waits.acknowledgement
      ? waitFor(run, { ...waits.acknowledgement, phase, whom, since, blocks: false }, acknowledged)
      : undefined,
    waitFor(run, { ...waits.answer, phase, whom, since, ...more }, answered),
  ]);
}

/** Waits for the person who decides about this kind of request; silence decides nothing. */
export function awaitDecision(
  run: JourneyRun,
  { phase, waits, decides }: Extract<RequestDefinition, { about: 'person' }>,
  decided: () => boolean,
  more: Partial<WaitSpec> = {},
): Promise<void> {
  return waitFor(run, { ...waits.decision, phase, whom: { kind: 'role', id: decides }, ...more }, decided);
}

/** Recalls the open request of this kind. False where the partner does not take the recall. */
export async function recall(run: JourneyRun, { journey }: JourneyRequest): Promise<boolean> {
  const requestId = journey.open(run.state)?.requestId;
  if (requestId === undefined) return true;
  const { recalled } = await run.trackInFlight(recallRequest({ requestId, at: run.now() }));
  if (recalled && journey.open(run.state)?.requestId === requestId) run.event('requestRecalled', { requestId });
  return recalled;
}

/** A hold or a withdrawal recalls the open request of every kind, in whatever phase the person is. */
export const RECALLED_IN_BACKGROUND = JOURNEY_REQUESTS.map((request) => async (run: JourneyRun): Promise<never> => {
  const open = () => request.journey.open(run.state)?.requestId;
  for (;;) {
    await until(run, () => !run.over() && !mayShare(run) && open() !== undefined);
    const requestId = open();
    // An ending does not wait for a partner that cannot be reached: it recalls for itself.
    await Promise.race([recall(run, request), until(run, () => false)]);
    await until(run, () => mayShare(run) || open() !== requestId);
  }
});

import { isRole } from '../actor.ts';
import type { JourneyEvents, JourneyEventType } from '../journeys/events.ts';
import { JOURNEY_PHASES, type JourneyPhase } from '../journeys/statuses.ts';
import type { MovementEvents } from '../movements/events.ts';
import { type Instant, isoDay } from '../time.ts';
import { momentInWords } from './lengths.ts';
import { isMessageKey, list, t } from './t.ts';

/**
 * A row of the event log that concerns a journey: its own, or of its movement, its operation or a duplicate candidate.
 */
export type HistoryEvent = {
  source: 'journey' | 'movement' | 'operation' | 'pair';
  seq: number;
  type: string;
  phase?: string;
  at: Instant;
  actor: string;
  actorKind: 'staff' | 'partner' | 'system';
  role?: string;
  reasonCode?: string;
  noteId?: string;
  data: Record<string, unknown>;
};

/** Names for the ids in the event log. They hold only what the reader may know. */
export type HistoryNames = {
  /** display names of partners, references of movements */
  names: ReadonlyMap<string, string>;
  /** how often each request was sent to its partner */
  attempts: ReadonlyMap<string, number>;
  /** the text of notes that the reader may open */
  notes: ReadonlyMap<string, string>;
  /** the kind of each hold, for protection roles; else empty */
  holdKinds: ReadonlyMap<string, string>;
  mayKnowHolds: boolean;
};

export type HistoryEntry = {
  at: Instant;
  who: string;
  what: string;
  why?: string;
  note?: string;
  event: string;
  noteRedacted?: true;
};
export type HistoryPhase = { phase: JourneyPhase; title: string; entries: HistoryEntry[] };

type Sentence<D> = (data: D, names: HistoryNames) => string;

const JOURNEY_SENTENCES: { [T in JourneyEventType]: Sentence<JourneyEvents[T]> } = {
  journeyStarted: () => t('event.journeyStarted'),
  identityConfirmed: (d) => t(`event.identityConfirmed.${d.by}`),
  identityUnclear: (d) => t(`event.identityUnclear.${d.outcome}`),
  screened: () => t('event.screened'),
  consentGiven: (d) => t(d.sharing ? 'event.consentGiven.sharing' : 'event.consentGiven.travel'),
  consentRefused: () => t('event.consentRefused'),
  consentWithdrawn: () => t('event.consentWithdrawn'),
  consentReconfirmed: () => t('event.consentReconfirmed'),
  holdRaised: (d, n) => holdInWords(t('event.holdRaised'), d.holdId, n),
  holdReleased: (d, n) => holdInWords(t('event.holdReleased'), d.holdId, n),
  disclosureBlocked: (d) => t('event.disclosureBlocked', { reasons: list(d.reasons.map(plain)) }),
  verificationRequested: (d, n) => t('event.verificationRequested', requested(d, n)),
  verificationAcknowledged: (_d, n) => t('event.verificationAcknowledged', { partner: nameOf(undefined, n) }),
  evidenceRequested: (d, n) =>
    t('event.evidenceRequested', { partner: nameOf(undefined, n), kinds: kinds(d.requestedEvidence) }),
  evidenceProvided: (d) => t('event.evidenceProvided', { kinds: kinds(d.kinds) }),
  nationalityConfirmed: (d, n) => t('event.nationalityConfirmed', { partner: nameOf(d.partnerId, n) }),
  nationalityNotConfirmed: (d, n) => t(`event.nationalityNotConfirmed.${d.outcome}`, { partner: nameOf(undefined, n) }),
  nationalityRetracted: (_d, n) => t('event.nationalityRetracted', { partner: nameOf(undefined, n) }),
  nationalityDecided: (d) => t(`event.nationalityDecided.${d.decision}`),
  partnerMissing: (d) => t(`event.partnerMissing.${d.what}`),
  documentHeld: (d) => t('event.documentHeld', { until: isoDay(d.validUntil) }),
  documentRequested: (d, n) => t('event.documentRequested', requested(d, n)),
  documentIssued: (d) => t('event.documentIssued', { until: isoDay(d.validUntil) }),
  documentRefused: (_d, n) => t('event.documentRefused', { partner: nameOf(undefined, n) }),
  documentDecided: () => t('event.documentDecided'),
  documentExpired: () => t('event.documentExpired'),
  fitnessRequested: (d, n) => t('event.fitnessRequested', requested(d, n)),
  fitnessFound: (d) =>
    t(`event.fitnessFound.${d.result}`, {
      until: d.until === undefined ? '' : momentInWords(d.until),
      conditions: kinds(d.conditions),
    }),
  fitnessExpired: () => t('event.fitnessExpired'),
  exitPermitRequested: (d, n) => t('event.exitPermitRequested', requested(d, n)),
  exitPermitGranted: () => t('event.exitPermitGranted'),
  exitPermitRefused: () => t('event.exitPermitRefused'),
  exitPermitNotRequired: () => t('event.exitPermitNotRequired'),
  exitPermitDecided: () => t('event.exitPermitDecided'),
  requestRecalled: (_d, n) => t('event.requestRecalled', { partner: nameOf(undefined, n) }),
  routeDecided: (d) => t('event.routeDecided', { route: d.route.join(', ') }),
  seatAssigned: (d, n) => t('event.seatAssigned', onMovement(d, n)),
  seatReleased: (d, n) => t('event.seatReleased', onMovement(d, n)),
  checkedIn: (d, n) => t('event.checkedIn', onMovement(d, n)),
  boarded: (d, n) => t('event.boarded', onMovement(d, n)),
  noShow: (d, n) => t('event.noShow', onMovement(d, n)),
  deniedBoarding: (d, n) => t('event.deniedBoarding', onMovement(d, n)),
  offloaded: (d, n) => t('event.offloaded', onMovement(d, n)),
  departed: (d, n) => t('event.departed', onMovement(d, n)),
  arrived: (d, n) => t('event.arrived', onMovement(d, n)),
  withdrawalNoted: () => t('event.withdrawalNoted'),
  splitOff: () => t('event.splitOff'),
  householdChanged: () => t('event.householdChanged'),
  householdConfirmed: () => t('event.householdConfirmed'),
  received: () => t('event.received'),
  reintegrationPlanned: (d) => t('event.reintegrationPlanned', { dimensions: list(d.dimensions) }),
  followUpDone: (d) => t(d.reached ? 'event.followUpDone.reached' : 'event.followUpDone.missed', { month: d.month }),
  waitReminded: (d) => t('event.waitReminded', { what: awaited(d.key) }),
  waitDue: (d) => t('event.waitDue', { what: awaited(d.key) }),
  waitEscalated: (d) => t('event.waitEscalated', { what: awaited(d.key) }),
  cancelRequested: () => t('event.cancelRequested'),
  cancelRequestDismissed: () => t('event.cancelRequestDismissed'),
  journeyEnded: (d) => t('event.journeyEnded', { ending: t(`ending.${d.ending}`) }),
};

/** The phase that an event belongs to. `here`: the phase of the journey at that moment, which the event log holds. */
const PHASE_OF: { [T in JourneyEventType]: JourneyPhase | 'here' } = {
  journeyStarted: 'identify',
  identityConfirmed: 'identify',
  identityUnclear: 'identify',
  screened: 'screen',
  consentGiven: 'consent',
  consentRefused: 'consent',
  consentWithdrawn: 'consent',
  consentReconfirmed: 'consent',
  holdRaised: 'here',
  holdReleased: 'here',
  disclosureBlocked: 'here',
  verificationRequested: 'verifyNationality',
  verificationAcknowledged: 'verifyNationality',
  evidenceRequested: 'verifyNationality',
  evidenceProvided: 'verifyNationality',
  nationalityConfirmed: 'verifyNationality',
  nationalityNotConfirmed: 'verifyNationality',
  nationalityRetracted: 'verifyNationality',
  nationalityDecided: 'verifyNationality',
  partnerMissing: 'here',
  documentHeld: 'secureDocuments',
  documentRequested: 'secureDocuments',
  documentIssued: 'secureDocuments',
  documentRefused: 'secureDocuments',
  documentDecided: 'secureDocuments',
  documentExpired: 'secureDocuments',
  fitnessRequested: 'clearToTravel',
  fitnessFound: 'clearToTravel',
  fitnessExpired: 'clearToTravel',
  exitPermitRequested: 'clearToTravel',
  exitPermitGranted: 'clearToTravel',
  exitPermitRefused: 'clearToTravel',
  exitPermitNotRequired: 'clearToTravel',
  exitPermitDecided: 'clearToTravel',
  requestRecalled: 'here',
  routeDecided: 'travel',
  seatAssigned: 'travel',
  seatReleased: 'travel',
  checkedIn: 'travel',
  boarded: 'travel',
  noShow: 'travel',
  deniedBoarding: 'travel',
  offloaded: 'travel',
  departed: 'travel',
  arrived: 'travel',
  withdrawalNoted: 'travel',
  splitOff: 'here',
  householdChanged: 'here',
  householdConfirmed: 'here',
  received: 'receive',
  reintegrationPlanned: 'reintegrate',
  followUpDone: 'reintegrate',
  waitReminded: 'here',
  waitDue: 'here',
  waitEscalated: 'here',
  cancelRequested: 'here',
  cancelRequestDismissed: 'here',
  journeyEnded: 'close',
};

type HistoryMovementEvent = 'delayed' | 'vehicleChanged' | 'movementCancelled' | 'manifestLocked';
const MOVEMENT_SENTENCES: { [T in HistoryMovementEvent]: (data: MovementEvents[T], movement: string) => string } = {
  delayed: (d, movement) => t('event.delayed', { movement, departs: momentInWords(d.departsAt) }),
  vehicleChanged: (d, movement) => t('event.vehicleChanged', { movement, seats: d.seats }),
  movementCancelled: (_d, movement) => t('event.movementCancelled', { movement }),
  manifestLocked: (d, movement) => t('event.manifestLocked', { movement, version: d.version }),
};
export const HISTORY_MOVEMENT_EVENTS = Object.keys(MOVEMENT_SENTENCES);
export const HISTORY_OPERATION_EVENTS = ['operationSuspended', 'operationResumed'];

/**
 * The history in sentences: phases in the order of the journey, entries of a phase by time.
 * Readers outside protection learn only that a hold exists: no kind, no reason, no note, and not who decided.
 */
export function historyInWords(events: readonly HistoryEvent[], names: HistoryNames): HistoryPhase[] {
  const byPhase = new Map<JourneyPhase, HistoryEntry[]>(JOURNEY_PHASES.map((phase) => [phase, []]));
  let current: JourneyPhase = 'identify';
  for (const event of [...events].sort(inOrder)) {
    if (event.source === 'journey' && isPhase(event.phase)) current = event.phase;
    byPhase.get(phaseOf(event, current))?.push(entryOf(event, names));
  }
  return JOURNEY_PHASES.flatMap((phase) => {
    const entries = byPhase.get(phase) ?? [];
    return entries.length === 0 ? [] : [{ phase, title: t(`phase.${phase}`), entries }];
  });
}

function phaseOf(event: HistoryEvent, current: JourneyPhase): JourneyPhase {
  if (event.source === 'movement') return 'travel';
  if (event.source === 'pair') return 'identify';
  if (event.source === 'operation' || !isJourneyEvent(event.type)) return current;
  const phase = PHASE_OF[event.type];
  return phase === 'here' ? current : phase;
}

function isJourneyEvent(type: string): type is JourneyEventType {
  return Object.hasOwn(PHASE_OF, type);
}

function inOrder(a: HistoryEvent, b: HistoryEvent): number {
  if (a.source === b.source) return a.seq - b.seq;
  return a.at - b.at || (a.source < b.source ? -1 : 1);
}

function entryOf(event: HistoryEvent, names: HistoryNames): HistoryEntry {
  const aboutHold = event.type === 'holdRaised' || event.type === 'holdReleased';
  const redacted = aboutHold && !names.mayKnowHolds;
  const note = event.noteId === undefined || redacted ? undefined : names.notes.get(event.noteId);
  return {
    at: event.at,
    who: redacted ? t('who.redacted') : whoInWords(event, names),
    what: whatInWords(event, names),
    ...(event.reasonCode === undefined || redacted ? {} : { why: plain(event.reasonCode) }),
    ...(note === undefined ? {} : { note }),
    ...(event.noteId !== undefined && note === undefined && !redacted ? { noteRedacted: true } : {}),
    event: event.type,
  };
}

function whatInWords(event: HistoryEvent, names: HistoryNames): string {
  if (event.source === 'movement') {
    const sentence = MOVEMENT_SENTENCES[event.type as HistoryMovementEvent] as MovementSentence | undefined;
    return sentence ? sentence(event.data, names.names.get(textOf(event.data.movementId)) ?? '') : plain(event.type);
  }
  if (event.source === 'journey' && isJourneyEvent(event.type)) {
    const sentence = JOURNEY_SENTENCES[event.type] as Sentence<Record<string, unknown>>;
    return sentence(event.data, withRequest(event, names));
  }
  const key = `event.${event.type}`;
  return isMessageKey(key) ? t(key) : plain(event.type);
}

type MovementSentence = (data: Record<string, unknown>, movement: string) => string;

/** Where the event names no partner, it is the partner of the request; `names` holds requests as well. */
function withRequest(event: HistoryEvent, names: HistoryNames): HistoryNames {
  const partner =
    names.names.get(textOf(event.data.requestId)) ??
    (event.actorKind === 'partner' ? names.names.get(event.actor) : undefined);
  return partner === undefined ? names : { ...names, names: new Map([...names.names, ['', partner]]) };
}

function whoInWords(event: HistoryEvent, { names }: HistoryNames): string {
  if (event.actorKind === 'system') return t('who.system');
  if (event.actorKind === 'partner') return t('who.partner', { partner: names.get(event.actor) ?? t('whom.partner') });
  return event.role !== undefined && isRole(event.role)
    ? t('who.staff', { name: names.get(event.actor) ?? event.actor, role: t(`role.${event.role}`) })
    : (names.get(event.actor) ?? event.actor);
}

function holdInWords(what: string, holdId: string, names: HistoryNames): string {
  const kind = names.mayKnowHolds ? names.holdKinds.get(holdId) : undefined;
  return kind === undefined ? what : t('hold.kind', { what, kind: plain(kind) });
}

function requested(
  data: { requestId: string; partnerId: string },
  names: HistoryNames,
): { partner: string; attempts: string } {
  const attempts = names.attempts.get(data.requestId) ?? 1;
  return { partner: nameOf(data.partnerId, names), attempts: attempts > 1 ? t('attempts', { n: attempts }) : '' };
}

function nameOf(partnerId: string | undefined, { names }: HistoryNames): string {
  const name = names.get(partnerId ?? '') ?? names.get('');
  return name ?? t('whom.partner');
}

function onMovement(data: { movementId: string }, { names }: HistoryNames): { movement: string } {
  return { movement: names.get(data.movementId) ?? t('whom.movement', { reference: '' }).trim() };
}

function awaited(key: string): string {
  const what = `what.${key.split(':')[0]}`;
  return isMessageKey(what) ? t(what) : plain(key.split(':')[0] ?? key);
}

function kinds(codes: readonly string[]): string {
  return list(codes.map((code) => plain(code).toLowerCase()));
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A code as words: `UNPAID_FINE` and `unpaid_fine` become `unpaid fine`, `followUp3` becomes `follow up 3`. */
function plain(code: string): string {
  return code
    .replace(/([a-z])([A-Z0-9])/g, '$1 $2')
    .replaceAll('_', ' ')
    .toLowerCase();
}

function isPhase(text: string | undefined): text is JourneyPhase {
  return JOURNEY_PHASES.some((phase) => phase === text);
}

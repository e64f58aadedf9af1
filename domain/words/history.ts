import { isRole } from '../actor.ts';
import type { JourneyFacts, JourneyFactType } from '../journey/facts.ts';
import { CHAPTERS, type Chapter } from '../journey/stages.ts';
import type { MovementFacts } from '../movement/facts.ts';
import type { Instant } from '../time.ts';
import { dayInWords, momentInWords } from './lengths.ts';
import { isWordKey, list, say } from './say.ts';

/** A row of the journal that concerns a journey: its own, its movement's, its operation's, or that of a pair met twice. */
export type HistoryFact = {
  source: 'journey' | 'movement' | 'operation' | 'pair';
  seq: number;
  type: string;
  chapter?: string;
  at: Instant;
  actor: string;
  actorKind: 'staff' | 'partner' | 'system';
  role?: string;
  reasonCode?: string;
  noteId?: string;
  data: Record<string, unknown>;
};

/** What the journal names by id only, looked up for the reader; what the reader may not know is not in it. */
export type HistoryNames = {
  /** display names of partners, references of movements */
  names: ReadonlyMap<string, string>;
  /** how often each question was put to an office */
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
  fact: string;
  noteWithheld?: true;
};
export type HistoryChapter = { chapter: Chapter; title: string; entries: HistoryEntry[] };

type Say<D> = (data: D, names: HistoryNames) => string;

const JOURNEY_WORDS: { [T in JourneyFactType]: Say<JourneyFacts[T]> } = {
  journeyStarted: () => say('fact.journeyStarted'),
  identityConfirmed: (d) => say(`fact.identityConfirmed.${d.by}`),
  identityUnclear: (d) => say(`fact.identityUnclear.${d.outcome}`),
  screened: () => say('fact.screened'),
  consentGiven: (d) => say(d.sharing ? 'fact.consentGiven.sharing' : 'fact.consentGiven.travel'),
  consentRefused: () => say('fact.consentRefused'),
  consentWithdrawn: () => say('fact.consentWithdrawn'),
  consentReconfirmed: () => say('fact.consentReconfirmed'),
  holdRaised: (d, n) => holdInWords(say('fact.holdRaised'), d.holdId, n),
  holdReleased: (d, n) => holdInWords(say('fact.holdReleased'), d.holdId, n),
  disclosureBlocked: (d) => say('fact.disclosureBlocked', { reasons: list(d.reasons.map(plain)) }),
  verificationRequested: (d, n) => say('fact.verificationRequested', asked(d, n)),
  verificationAcknowledged: (_d, n) => say('fact.verificationAcknowledged', { partner: nameOf(undefined, n) }),
  evidenceRequested: (d, n) =>
    say('fact.evidenceRequested', { partner: nameOf(undefined, n), kinds: kinds(d.asksFor) }),
  evidenceProvided: (d) => say('fact.evidenceProvided', { kinds: kinds(d.kinds) }),
  nationalityConfirmed: (d, n) => say('fact.nationalityConfirmed', { partner: nameOf(d.partnerId, n) }),
  nationalityNotConfirmed: (d, n) =>
    say(`fact.nationalityNotConfirmed.${d.outcome}`, { partner: nameOf(undefined, n) }),
  nationalityRetracted: (_d, n) => say('fact.nationalityRetracted', { partner: nameOf(undefined, n) }),
  nationalityDecided: (d) => say(`fact.nationalityDecided.${d.decision}`),
  officeMissing: (d) => say(`fact.officeMissing.${d.what}`),
  documentHeld: (d) => say('fact.documentHeld', { until: dayInWords(d.validUntil) }),
  documentRequested: (d, n) => say('fact.documentRequested', asked(d, n)),
  documentIssued: (d) => say('fact.documentIssued', { until: dayInWords(d.validUntil) }),
  documentRefused: (_d, n) => say('fact.documentRefused', { partner: nameOf(undefined, n) }),
  documentDecided: () => say('fact.documentDecided'),
  documentExpired: () => say('fact.documentExpired'),
  fitnessRequested: (d, n) => say('fact.fitnessRequested', asked(d, n)),
  fitnessFound: (d) =>
    say(`fact.fitnessFound.${d.result}`, {
      until: d.until === undefined ? '' : momentInWords(d.until),
      conditions: kinds(d.conditions),
    }),
  fitnessExpired: () => say('fact.fitnessExpired'),
  exitPermitRequested: (d, n) => say('fact.exitPermitRequested', asked(d, n)),
  exitPermitGranted: () => say('fact.exitPermitGranted'),
  exitPermitRefused: () => say('fact.exitPermitRefused'),
  exitPermitNotRequired: () => say('fact.exitPermitNotRequired'),
  exitPermitDecided: () => say('fact.exitPermitDecided'),
  requestRecalled: (_d, n) => say('fact.requestRecalled', { partner: nameOf(undefined, n) }),
  routeDecided: (d) => say('fact.routeDecided', { route: d.route.join(', ') }),
  seatAssigned: (d, n) => say('fact.seatAssigned', onMovement(d, n)),
  seatReleased: (d, n) => say('fact.seatReleased', onMovement(d, n)),
  checkedIn: (d, n) => say('fact.checkedIn', onMovement(d, n)),
  boarded: (d, n) => say('fact.boarded', onMovement(d, n)),
  noShow: (d, n) => say('fact.noShow', onMovement(d, n)),
  deniedBoarding: (d, n) => say('fact.deniedBoarding', onMovement(d, n)),
  offloaded: (d, n) => say('fact.offloaded', onMovement(d, n)),
  departed: (d, n) => say('fact.departed', onMovement(d, n)),
  arrived: (d, n) => say('fact.arrived', onMovement(d, n)),
  withdrawalNoted: () => say('fact.withdrawalNoted'),
  splitOff: () => say('fact.splitOff'),
  householdChanged: () => say('fact.householdChanged'),
  householdConfirmed: () => say('fact.householdConfirmed'),
  received: () => say('fact.received'),
  reintegrationPlanned: (d) => say('fact.reintegrationPlanned', { dimensions: list(d.dimensions) }),
  followUpDone: (d) => say(d.reached ? 'fact.followUpDone.reached' : 'fact.followUpDone.missed', { month: d.month }),
  waitReminded: (d) => say('fact.waitReminded', { what: awaited(d.key) }),
  waitDue: (d) => say('fact.waitDue', { what: awaited(d.key) }),
  waitEscalated: (d) => say('fact.waitEscalated', { what: awaited(d.key) }),
  journeyEnded: (d) => say('fact.journeyEnded', { ending: say(`ending.${d.ending}`) }),
};

/** The chapter that a fact tells of. `here`: the one the person stood in, which the journal has. */
const CHAPTER_OF: { [T in JourneyFactType]: Chapter | 'here' } = {
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
  officeMissing: 'here',
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
  journeyEnded: 'close',
};

type ToldMovementFact = 'delayed' | 'vehicleChanged' | 'movementCancelled' | 'manifestLocked';
const MOVEMENT_WORDS: { [T in ToldMovementFact]: (data: MovementFacts[T], movement: string) => string } = {
  delayed: (d, movement) => say('fact.delayed', { movement, departs: momentInWords(d.departsAt) }),
  vehicleChanged: (d, movement) => say('fact.vehicleChanged', { movement, seats: d.seats }),
  movementCancelled: (_d, movement) => say('fact.movementCancelled', { movement }),
  manifestLocked: (d, movement) => say('fact.manifestLocked', { movement, version: d.version }),
};
export const TOLD_MOVEMENT_FACTS = Object.keys(MOVEMENT_WORDS);
export const TOLD_OPERATION_FACTS = ['operationSuspended', 'operationResumed'];

/**
 * The history in the field's words, grouped by chapter in the order of the journey, oldest first within each.
 * Outside protection nothing of a hold is told but that it is there: no kind, no reason, no note, and not who decided.
 */
export function historyInWords(facts: readonly HistoryFact[], names: HistoryNames): HistoryChapter[] {
  const byChapter = new Map<Chapter, HistoryEntry[]>(CHAPTERS.map((chapter) => [chapter, []]));
  let current: Chapter = 'identify';
  for (const fact of [...facts].sort(inOrder)) {
    if (fact.source === 'journey' && isChapter(fact.chapter)) current = fact.chapter;
    byChapter.get(chapterOf(fact, current))?.push(entryOf(fact, names));
  }
  return CHAPTERS.flatMap((chapter) => {
    const entries = byChapter.get(chapter) ?? [];
    return entries.length === 0 ? [] : [{ chapter, title: say(`chapter.${chapter}`), entries }];
  });
}

function chapterOf(fact: HistoryFact, current: Chapter): Chapter {
  if (fact.source === 'movement') return 'travel';
  if (fact.source === 'pair') return 'identify';
  if (fact.source === 'operation' || !isJourneyFact(fact.type)) return current;
  const chapter = CHAPTER_OF[fact.type];
  return chapter === 'here' ? current : chapter;
}

function isJourneyFact(type: string): type is JourneyFactType {
  return Object.hasOwn(CHAPTER_OF, type);
}

function inOrder(a: HistoryFact, b: HistoryFact): number {
  if (a.source === b.source) return a.seq - b.seq;
  return a.at - b.at || (a.source < b.source ? -1 : 1);
}

function entryOf(fact: HistoryFact, names: HistoryNames): HistoryEntry {
  const aboutHold = fact.type === 'holdRaised' || fact.type === 'holdReleased';
  const veiled = aboutHold && !names.mayKnowHolds;
  const note = fact.noteId === undefined || veiled ? undefined : names.notes.get(fact.noteId);
  return {
    at: fact.at,
    who: veiled ? say('who.withheld') : whoInWords(fact, names),
    what: whatInWords(fact, names),
    ...(fact.reasonCode === undefined || veiled ? {} : { why: plain(fact.reasonCode) }),
    ...(note === undefined ? {} : { note }),
    ...(fact.noteId !== undefined && note === undefined && !veiled ? { noteWithheld: true } : {}),
    fact: fact.type,
  };
}

function whatInWords(fact: HistoryFact, names: HistoryNames): string {
  if (fact.source === 'movement') {
    const words = MOVEMENT_WORDS[fact.type as ToldMovementFact] as SayOfMovement | undefined;
    return words ? words(fact.data, names.names.get(textOf(fact.data.movementId)) ?? '') : plain(fact.type);
  }
  if (fact.source === 'journey' && isJourneyFact(fact.type)) {
    const words = JOURNEY_WORDS[fact.type] as Say<Record<string, unknown>>;
    return words(fact.data, withRequest(fact, names));
  }
  const key = `fact.${fact.type}`;
  return isWordKey(key) ? say(key) : plain(fact.type);
}

type SayOfMovement = (data: Record<string, unknown>, movement: string) => string;

/** An office that is not named in the fact is the one that the question went to: names also knows requests. */
function withRequest(fact: HistoryFact, names: HistoryNames): HistoryNames {
  const partner =
    names.names.get(textOf(fact.data.requestId)) ??
    (fact.actorKind === 'partner' ? names.names.get(fact.actor) : undefined);
  return partner === undefined ? names : { ...names, names: new Map([...names.names, ['', partner]]) };
}

function whoInWords(fact: HistoryFact, { names }: HistoryNames): string {
  if (fact.actorKind === 'system') return say('who.system');
  if (fact.actorKind === 'partner')
    return say('who.partner', { partner: names.get(fact.actor) ?? say('whom.partner') });
  return fact.role !== undefined && isRole(fact.role)
    ? say('who.staff', { name: names.get(fact.actor) ?? fact.actor, role: say(`role.${fact.role}`) })
    : (names.get(fact.actor) ?? fact.actor);
}

function holdInWords(what: string, holdId: string, names: HistoryNames): string {
  const kind = names.mayKnowHolds ? names.holdKinds.get(holdId) : undefined;
  return kind === undefined ? what : say('hold.kind', { what, kind: plain(kind) });
}

function asked(
  data: { requestId: string; partnerId: string },
  names: HistoryNames,
): { partner: string; attempts: string } {
  const attempts = names.attempts.get(data.requestId) ?? 1;
  return { partner: nameOf(data.partnerId, names), attempts: attempts > 1 ? say('attempts', { n: attempts }) : '' };
}

function nameOf(partnerId: string | undefined, { names }: HistoryNames): string {
  const name = names.get(partnerId ?? '') ?? names.get('');
  return name ?? say('whom.partner');
}

function onMovement(data: { movementId: string }, { names }: HistoryNames): { movement: string } {
  return { movement: names.get(data.movementId) ?? say('whom.movement', { reference: '' }).trim() };
}

function awaited(key: string): string {
  const what = `what.${key.split(':')[0]}`;
  return isWordKey(what) ? say(what) : plain(key.split(':')[0] ?? key);
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

function isChapter(text: string | undefined): text is Chapter {
  return CHAPTERS.some((chapter) => chapter === text);
}

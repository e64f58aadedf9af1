import { isRole } from '../actor.ts';
import type { EventDefinition } from '../events.ts';
import { JOURNEY_EVENTS, type JourneyEventType } from '../journeys/events.ts';
import { JOURNEY_PHASES, type JourneyPhase } from '../journeys/statuses.ts';
import { MOVEMENT_EVENTS } from '../movements/events.ts';
import { OPERATION_EVENTS } from '../operations/events.ts';
import { SUBJECT_EVENTS } from '../record.ts';
import { type Instant, isoDay } from '../time.ts';
import { momentInWords } from './lengths.ts';
import { type Fill, isMessageKey, list, t } from './t.ts';

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

const inHistory = (definitions: Readonly<Record<string, EventDefinition>>): string[] =>
  Object.keys(definitions).filter((type) => definitions[type]?.sentence !== undefined);
export const HISTORY_MOVEMENT_EVENTS = inHistory(MOVEMENT_EVENTS);
export const HISTORY_OPERATION_EVENTS = inHistory(OPERATION_EVENTS);

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
  const { phase } = JOURNEY_EVENTS[event.type];
  return phase === 'here' ? current : phase;
}

function isJourneyEvent(type: string): type is JourneyEventType {
  return Object.hasOwn(JOURNEY_EVENTS, type);
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
  const sentence = event.source === 'pair' ? undefined : SUBJECT_EVENTS[event.source][event.type]?.sentence;
  const named = typeof sentence === 'function' ? sentence(event.data) : sentence;
  const key = named ?? `event.${event.type}`;
  if (!isMessageKey(key)) return plain(event.type);
  const words = t(key, fillOf(event, names));
  return typeof event.data.holdId === 'string' ? holdInWords(words, event.data.holdId, names) : words;
}

/** What sentences name of the data of their event. A sentence takes what it has a place for. */
function fillOf(event: HistoryEvent, names: HistoryNames): Fill {
  const { data } = event;
  const attempts = names.attempts.get(textOf(data.requestId)) ?? 1;
  const ending = `ending.${textOf(data.ending)}`;
  return {
    partner: partnerOf(event, names),
    attempts: attempts > 1 ? t('attempts', { n: attempts }) : '',
    movement: names.names.get(textOf(data.movementId)) ?? t('whom.movement', { reference: '' }).trim(),
    reasons: list(textsOf(data.reasons).map(plain)),
    kinds: kinds(textsOf(data.requestedEvidence ?? data.kinds)),
    conditions: kinds(textsOf(data.conditions)),
    until: typeof data.validUntil === 'number' ? isoDay(data.validUntil) : momentOf(data.until),
    departs: momentOf(data.departsAt),
    seats: numberOf(data.seats),
    version: numberOf(data.version),
    month: numberOf(data.month),
    route: textsOf(data.route).join(', '),
    dimensions: list(textsOf(data.dimensions)),
    what: awaited(textOf(data.key)),
    ending: isMessageKey(ending) ? t(ending) : '',
  };
}

/** Where the event names no partner, it is the partner of the request; `names` holds requests as well. */
function partnerOf({ data, actor, actorKind }: HistoryEvent, { names }: HistoryNames): string {
  const ofRequest = names.get(textOf(data.requestId)) ?? (actorKind === 'partner' ? names.get(actor) : undefined);
  return names.get(textOf(data.partnerId)) ?? ofRequest ?? t('whom.partner');
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

function awaited(key: string): string {
  const what = `what.${key.split(':')[0]}`;
  return isMessageKey(what) ? t(what) : plain(key.split(':')[0] ?? key);
}

function kinds(codes: readonly string[]): string {
  return list(codes.map((code) => plain(code).toLowerCase()));
}

function momentOf(value: unknown): string {
  return typeof value === 'number' ? momentInWords(value) : '';
}

function numberOf(value: unknown): number | string {
  return typeof value === 'number' ? value : '';
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(textOf) : [];
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

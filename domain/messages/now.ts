import type { Role } from '../actor.ts';
import type { Relationship } from '../imports/columns.ts';
import type { Ending, JourneyStatus } from '../journeys/statuses.ts';
import { STATUS_TABLE } from '../journeys/statuses.ts';
import { WAIT_MESSAGES, type Wait, whoTakesUp } from '../journeys/waits.ts';
import type { DeadlineKey } from '../rules.ts';
import type { Instant } from '../time.ts';
import { lengthInWords, momentInWords } from './lengths.ts';
import { isMessageKey, list, t, tCount } from './t.ts';

/** What the sentence about a person is made of. It never holds the kind of a hold. */
export type NowInput = {
  now: Instant;
  status: JourneyStatus;
  ending?: Ending;
  endedAt?: Instant;
  waits: readonly Wait[];
  /** display names of the partners and references of the movements that waits name */
  names: ReadonlyMap<string, string>;
  suspended: boolean;
  /** the members of the household for whom this person waits */
  groupWaitsFor: readonly MemberWaitedFor[];
};

/** A member of the household who is not ready: who it is to the head, and what they wait for. */
export type MemberWaitedFor = {
  personId: string;
  relationship: Relationship;
  status: JourneyStatus;
  waits: readonly Wait[];
};

export type WaitInWords = {
  kind: Wait['what'];
  whom: string;
  what: string;
  since: Instant;
  remindAt?: Instant;
  due?: Instant;
  escalateAt?: Instant;
  blocks: boolean;
  sentence: string;
};

export type Now = {
  sentence: string;
  waiting: WaitInWords[];
  more: number;
};

/** One sentence on a person: the earliest blocking deadline, and how many more waits. */
export function nowInWords(input: NowInput): Now {
  const ordered = [...input.waits].sort(byUrgency);
  const waiting = ordered.map((wait) => waitInWords(wait, input.now, input.names));
  const blocking = ordered.findIndex((wait) => wait.blocks);
  const shown = waiting[blocking === -1 ? 0 : blocking];
  const more = Math.max(0, waiting.length - 1);
  return { sentence: sentenceOf(input, shown, more), waiting, more };
}

function sentenceOf(input: NowInput, shown: WaitInWords | undefined, more: number): string {
  if (input.ending !== undefined) {
    return `${t('now.ended', { ending: t(`ending.${input.ending}`), at: momentInWords(input.endedAt ?? input.now) })}.`;
  }
  const parts: string[] = [];
  if (input.suspended) parts.push(t('now.suspended'));
  if (input.groupWaitsFor.length > 0) parts.push(t('now.group', { who: membersInWords(input) }));
  if (shown) parts.push(shown.sentence);
  else if (parts.length === 0)
    parts.push(t('now.status', { sentence: STATUS_TABLE[input.status].sentence }).replace(/\.$/, ''));
  if (more > 0) parts.push(tCount('now.more', more));
  return `${parts.join('; ')}.`;
}

/** Whom the household waits for, each with what they lack; the kind of a hold stands in no wait. */
function membersInWords({ groupWaitsFor, names }: NowInput): string {
  return list(groupWaitsFor.map((member) => `${t(`member.${member.relationship}`)} (${lackInWords(member, names)})`));
}

function lackInWords({ status, waits }: MemberWaitedFor, names: ReadonlyMap<string, string>): string {
  const wait = [...waits].sort(byUrgency).find(({ blocks }) => blocks);
  if (!wait) return STATUS_TABLE[status].sentence.replace(/\.$/, '').toLowerCase();
  return t('now.lacks', { whom: whomInWords(wait.whom, names), what: t(`what.${wait.what}`) });
}

/** What stops everything else, whenever it is due. */
const STOPS_ALL: readonly DeadlineKey[] = [
  'urgentHoldTriage',
  'holdTriage',
  'holdReview',
  'childHoldReview',
  'riskDecision',
];

/** Blocking first, of these what stops everything, then the earliest due; what has no deadline comes last. */
function byUrgency(a: Wait, b: Wait): number {
  if (a.blocks !== b.blocks) return a.blocks ? -1 : 1;
  const [stopsA, stopsB] = [STOPS_ALL.includes(a.what), STOPS_ALL.includes(b.what)];
  if (stopsA !== stopsB) return stopsA ? -1 : 1;
  const byDue = (a.due ?? Number.POSITIVE_INFINITY) - (b.due ?? Number.POSITIVE_INFINITY);
  if (byDue !== 0 && !Number.isNaN(byDue)) return byDue;
  return a.since - b.since || (a.key < b.key ? -1 : 1);
}

function waitInWords(wait: Wait, now: Instant, names: ReadonlyMap<string, string>): WaitInWords {
  const whom = whomInWords(wait.whom, names);
  const what = t(`what.${wait.what}`);
  const waiting =
    appointmentInWords(wait) ??
    t('now.waiting', {
      whom,
      what,
      length: lengthInWords(Math.max(0, now - wait.since)),
      since: momentInWords(wait.since),
    });
  return {
    kind: wait.what,
    whom,
    what,
    since: wait.since,
    ...(wait.remindAt === undefined ? {} : { remindAt: wait.remindAt }),
    ...(wait.due === undefined ? {} : { due: wait.due }),
    ...(wait.escalateAt === undefined ? {} : { escalateAt: wait.escalateAt }),
    blocks: wait.blocks,
    sentence: [
      waiting,
      ...(wait.whom.kind === 'person' && wait.due !== undefined ? [] : escalationInWords(wait, now)),
    ].join('; '),
  };
}

/** A wait for an agreed day. Nothing is late before that day; on that day it becomes a task. */
function appointmentInWords(wait: Wait): string | undefined {
  if (wait.whom.kind !== 'person' || wait.due === undefined) return undefined;
  const at = momentInWords(wait.due);
  const key = `now.appointment.${wait.what}`;
  return isMessageKey(key) ? t(key, { at }) : t('now.appointment', { what: t(`what.${wait.what}`), at });
}

function escalationInWords(wait: Wait, now: Instant): string[] {
  if (wait.due === undefined) return [t('now.noDeadline')];
  const parts: string[] = [];
  if (wait.due <= now) parts.push(t('now.overdue', { at: momentInWords(wait.due) }));
  else {
    if (wait.remindAt !== undefined && wait.remindAt > now)
      parts.push(t('now.remind', { at: momentInWords(wait.remindAt) }));
    parts.push(t('now.due', { at: momentInWords(wait.due), then: WAIT_MESSAGES[wait.what].then }));
  }
  if (wait.escalateAt !== undefined && wait.escalateAt > now)
    parts.push(t('now.escalate', { at: momentInWords(wait.escalateAt), whom: t(`role.${whoTakesUp(wait.what)}`) }));
  return parts;
}

export function whomInWords(whom: Wait['whom'], names: ReadonlyMap<string, string>): string {
  switch (whom.kind) {
    case 'role':
      return t(`role.${whom.id satisfies Role}`);
    case 'partner':
      return names.get(whom.id) ?? t('whom.partner');
    case 'movement': {
      // where no movement is known yet, the sentence names the leg that needs one
      const reference = names.get(whom.id);
      return reference === undefined ? t('whom.leg', { leg: whom.id }) : t('whom.movement', { reference });
    }
    case 'person':
    case 'household':
    case 'operation':
      return t(`whom.${whom.kind}`);
  }
}

import type { Role } from '../actor.ts';
import { JOURNEY_COMMANDS, type JourneyCommand } from '../journey/commands.ts';
import type { Ending, Stage } from '../journey/stages.ts';
import { STAGE_TABLE } from '../journey/stages.ts';
import { WAIT_WORDS, type Wait } from '../journey/waits.ts';
import type { Instant } from '../time.ts';
import { lengthInWords, momentInWords } from './lengths.ts';
import { isWordKey, list, say, sayCount } from './say.ts';

/** What is asked to say how a person stands: nothing of it tells the kind of a hold. */
export type NowFacts = {
  now: Instant;
  stage: Stage;
  ending?: Ending;
  endedAt?: Instant;
  waits: readonly Wait[];
  /** display names of the partners and references of the movements that waits name */
  names: ReadonlyMap<string, string>;
  suspended: boolean;
  /** stages of the other open members who are not ready, when this one is */
  unitWaitsFor: readonly Stage[];
  /** what the reader may do now */
  commands: readonly JourneyCommand[];
};

export type WaitInWords = {
  key: string;
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
  canDo: Array<{ command: JourneyCommand; sentence: string; reasonRequired: boolean }>;
};

/** One sentence on where a person stands: the earliest due that blocks, how many more, and what the reader can do. */
export function nowInWords(facts: NowFacts): Now {
  const ordered = [...facts.waits].sort(byUrgency);
  const waiting = ordered.map((wait) => waitInWords(wait, facts.now, facts.names));
  const canDo = facts.commands.map((command) => ({
    command,
    sentence: JOURNEY_COMMANDS[command].sentence,
    reasonRequired: JOURNEY_COMMANDS[command].reason,
  }));
  const blocking = ordered.findIndex((wait) => wait.blocks);
  const shown = waiting[blocking === -1 ? 0 : blocking];
  const more = Math.max(0, waiting.length - 1);
  return { sentence: sentenceOf(facts, shown, more), waiting, more, canDo };
}

function sentenceOf(facts: NowFacts, shown: WaitInWords | undefined, more: number): string {
  if (facts.ending !== undefined) {
    return `${say('now.ended', { ending: say(`ending.${facts.ending}`), at: momentInWords(facts.endedAt ?? facts.now) })}.`;
  }
  const parts: string[] = [];
  if (facts.suspended) parts.push(say('now.suspended'));
  if (facts.unitWaitsFor.length > 0) parts.push(say('now.unit', { who: membersInWords(facts.unitWaitsFor) }));
  if (shown) parts.push(shown.sentence);
  else if (parts.length === 0)
    parts.push(say('now.stands', { sentence: STAGE_TABLE[facts.stage].sentence }).replace(/\.$/, ''));
  if (more > 0) parts.push(sayCount('now.more', more));
  return `${parts.join('; ')}.`;
}

function membersInWords(stages: readonly Stage[]): string {
  const why = list([...new Set(stages)].map((stage) => STAGE_TABLE[stage].sentence.replace(/\.$/, '').toLowerCase()));
  return sayCount('now.member', stages.length, { why });
}

/** Blocking first, then the earliest due; what has no deadline comes last. */
function byUrgency(a: Wait, b: Wait): number {
  if (a.blocks !== b.blocks) return a.blocks ? -1 : 1;
  const byDue = (a.due ?? Number.POSITIVE_INFINITY) - (b.due ?? Number.POSITIVE_INFINITY);
  if (byDue !== 0 && !Number.isNaN(byDue)) return byDue;
  return a.since - b.since || (a.key < b.key ? -1 : 1);
}

function waitInWords(wait: Wait, now: Instant, names: ReadonlyMap<string, string>): WaitInWords {
  const whom = whomInWords(wait.whom, names);
  const what = say(`what.${wait.what}`);
  const waiting =
    appointmentInWords(wait) ??
    say('now.waiting', {
      whom,
      what,
      length: lengthInWords(Math.max(0, now - wait.since)),
      since: momentInWords(wait.since),
    });
  return {
    key: wait.key,
    whom,
    what,
    since: wait.since,
    ...(wait.remindAt === undefined ? {} : { remindAt: wait.remindAt }),
    ...(wait.due === undefined ? {} : { due: wait.due }),
    ...(wait.escalateAt === undefined ? {} : { escalateAt: wait.escalateAt }),
    blocks: wait.blocks,
    sentence: [
      waiting,
      ...(wait.whom.kind === 'person' && wait.due !== undefined ? [] : ladderInWords(wait, now)),
    ].join('; '),
  };
}

/** A wait for a day, and for nobody: nothing is late before it has come, and then it becomes somebody's task. */
function appointmentInWords(wait: Wait): string | undefined {
  if (wait.whom.kind !== 'person' || wait.due === undefined) return undefined;
  const at = momentInWords(wait.due);
  const key = `now.appointment.${wait.what}`;
  return isWordKey(key) ? say(key, { at }) : say('now.appointment', { what: say(`what.${wait.what}`), at });
}

function ladderInWords(wait: Wait, now: Instant): string[] {
  if (wait.due === undefined) return [say('now.noDeadline')];
  const said: string[] = [];
  if (wait.due <= now) said.push(say('now.overdue', { at: momentInWords(wait.due) }));
  else {
    if (wait.remindAt !== undefined && wait.remindAt > now)
      said.push(say('now.remind', { at: momentInWords(wait.remindAt) }));
    said.push(say('now.due', { at: momentInWords(wait.due), then: WAIT_WORDS[wait.what].then }));
  }
  if (wait.escalateAt !== undefined && wait.escalateAt > now)
    said.push(say('now.escalate', { at: momentInWords(wait.escalateAt) }));
  return said;
}

export function whomInWords(whom: Wait['whom'], names: ReadonlyMap<string, string>): string {
  switch (whom.kind) {
    case 'role':
      return say(`role.${whom.id satisfies Role}`);
    case 'partner':
      return names.get(whom.id) ?? say('whom.partner');
    case 'movement': {
      // where no movement is known yet, the stage that needs one stands in its place
      const reference = names.get(whom.id);
      return reference === undefined ? say('whom.stage', { stage: whom.id }) : say('whom.movement', { reference });
    }
    case 'person':
      return say('whom.person');
  }
}

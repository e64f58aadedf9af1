import { DOTS, type Dot, STAGE_TABLE, type Stage } from '../journey/stages.ts';
import type { Wait } from '../journey/waits.ts';
import { DAY, HOUR, type Instant } from '../time.ts';
import { lengthInWords, momentInWords } from './lengths.ts';
import { whomInWords } from './now.ts';
import { say, sayCount } from './say.ts';

export type SituationFacts = {
  now: Instant;
  /** people by stage, from the maintained counts */
  byStage: ReadonlyMap<Stage, number>;
  /** of CLOSED: those whose journey was completed */
  completed: number;
  /** waits that block, gathered by whom and what */
  waits: ReadonlyArray<{
    whom: Wait['whom'];
    what: Wait['what'];
    waiting: number;
    pastDue: number;
    oldestSince: Instant;
  }>;
  decisions: ReadonlyArray<{ role: string; kind: string; count: number }>;
  nextMovement?: { reference: string; departsAt: Instant; emptySeats: number; readyWithoutSeat: number };
  /** how late the rungs of waits were written, in seconds of real time */
  lateness: { worstSeconds: number; rungs: number };
  names: ReadonlyMap<string, string>;
};

export type LongestWait = {
  whom: string;
  whomId: string;
  what: string;
  waiting: number;
  pastDue: number;
  oldestSince: Instant;
  seconds: number;
};

export type Situation = {
  sentence: string;
  numbers: { people: number; safe: number; moving: number; waiting: number; endedOtherwise: number };
  stages: Array<{ stage: Stage; people: number }>;
  dots: Array<{ dot: Dot; people: number }>;
  longestWaits: LongestWait[];
  decisions: Array<{ role: string; kind: string; count: number }>;
};

const LONG: readonly number[] = [30 * DAY, 7 * DAY, 2 * DAY, DAY, HOUR];

/** Three numbers, one bar, one sentence, and the decisions that wait: what a supervisor sees in five seconds. */
export function situationInWords(facts: SituationFacts): Situation {
  const stages = (Object.keys(STAGE_TABLE) as Stage[]).map((stage) => ({
    stage,
    people: facts.byStage.get(stage) ?? 0,
  }));
  const of = (...wanted: Stage[]) =>
    stages.filter(({ stage }) => wanted.includes(stage)).reduce((sum, { people }) => sum + people, 0);
  const endedOtherwise = Math.max(0, of('CLOSED') - facts.completed);
  const people = stages.reduce((sum, stage) => sum + stage.people, 0);
  const safe = of('ARRIVED', 'RECEIVED', 'REINTEGRATING') + Math.min(facts.completed, of('CLOSED'));
  const moving = of('BOARDED', 'IN_TRANSIT');
  const numbers = { people, safe, moving, waiting: people - safe - moving - endedOtherwise, endedOtherwise };
  const longestWaits = facts.waits
    .map((wait) => ({
      whom: whomInWords(wait.whom, facts.names),
      whomId: wait.whom.id,
      what: say(`what.${wait.what}`),
      waiting: wait.waiting,
      pastDue: wait.pastDue,
      oldestSince: wait.oldestSince,
      seconds: Math.max(0, Math.round((facts.now - wait.oldestSince) / 1_000)),
    }))
    .sort((a, b) => b.pastDue - a.pastDue || a.oldestSince - b.oldestSince || (a.whomId < b.whomId ? -1 : 1));
  const dots = DOTS.map((dot) => ({
    dot,
    people: stages
      .filter(({ stage }) => stage !== 'CLOSED' && STAGE_TABLE[stage].dot === dot)
      .reduce((sum, s) => sum + s.people, 0),
  }));
  const decisions = [...facts.decisions];
  return { sentence: sentenceOf(facts, numbers, longestWaits), numbers, stages, dots, longestWaits, decisions };
}

function sentenceOf(facts: SituationFacts, numbers: Situation['numbers'], waits: readonly LongestWait[]): string {
  const parts = [sayCount('situation.numbers', numbers.people, numbers)];
  if (numbers.endedOtherwise > 0) parts.push(sayCount('situation.ended', numbers.endedOtherwise));
  const worst = waits[0];
  if (worst && worst.pastDue > 0) {
    const waited = facts.now - worst.oldestSince;
    const length = lengthInWords(LONG.find((step) => waited >= step) ?? 0);
    parts.push(sayCount('situation.stuck', worst.pastDue, { length, whom: worst.whom }));
  }
  const movement = facts.nextMovement;
  if (movement && movement.emptySeats > 0 && movement.readyWithoutSeat > 0) {
    parts.push(
      sayCount('situation.seats', movement.emptySeats, {
        movement: movement.reference,
        at: momentInWords(movement.departsAt),
        ready: movement.readyWithoutSeat,
      }),
    );
  }
  const decisions = facts.decisions.reduce((sum, { count }) => sum + count, 0);
  if (decisions > 0) parts.push(sayCount('situation.decisions', decisions));
  if (parts.length === 1) parts.push(say('situation.calm'));
  return `${parts.join('; ')}.`;
}

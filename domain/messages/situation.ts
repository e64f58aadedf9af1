import type { Role } from '../actor.ts';
import { type JourneyStatus, MILESTONES, type Milestone, STATUS_TABLE } from '../journeys/statuses.ts';
import type { Wait } from '../journeys/waits.ts';
import { DAY, HOUR, type Instant, SECOND } from '../time.ts';
import { lengthInWords, momentInWords } from './lengths.ts';
import { whomInWords } from './now.ts';
import { t, tCount } from './t.ts';

export type SituationInput = {
  now: Instant;
  /** people by status, from the maintained counts */
  byStatus: ReadonlyMap<JourneyStatus, number>;
  /** of the closed journeys, those that were completed */
  completed: number;
  /** of the closed journeys, those whose people nobody could reach */
  missing: number;
  /** of the closed journeys, those of people who died */
  deceased: number;
  /** blocking waits, grouped by whom and what */
  waits: ReadonlyArray<{
    whom: Wait['whom'];
    what: Wait['what'];
    waiting: number;
    overdue: number;
    oldestSince: Instant;
  }>;
  decisions: ReadonlyArray<{ role: Role; kind: string; count: number }>;
  nextMovement?: { reference: string; departsAt: Instant; emptySeats: number; readyWithoutSeat: number };
  /** how late the escalation steps of waits were written, in seconds of real time */
  lateness: { worstSeconds: number; escalationSteps: number };
  names: ReadonlyMap<string, string>;
};

export type LongestWait = {
  kind: Wait['what'];
  whom: string;
  whomId: string;
  what: string;
  waiting: number;
  overdue: number;
  oldestSince: Instant;
  /** milliseconds of operation time, in whole seconds */
  length: number;
};

export type Situation = {
  sentence: string;
  numbers: Record<'people' | 'safe' | 'moving' | 'waiting' | 'missing' | 'deceased' | 'endedWithoutTravel', number>;
  statuses: Array<{ status: JourneyStatus; people: number }>;
  milestones: Array<{ milestone: Milestone; people: number }>;
  longestWaits: LongestWait[];
  decisions: Array<{ role: Role; kind: string; count: number }>;
};

const ROUNDED_LENGTHS: readonly number[] = [30 * DAY, 7 * DAY, 2 * DAY, DAY, HOUR];

/** Numbers, one sentence, the longest waits and the open decisions: what a supervisor sees first. */
export function situationInWords(input: SituationInput): Situation {
  const statuses = (Object.keys(STATUS_TABLE) as JourneyStatus[]).map((status) => ({
    status,
    people: input.byStatus.get(status) ?? 0,
  }));
  const of = (...wanted: JourneyStatus[]) =>
    statuses.filter(({ status }) => wanted.includes(status)).reduce((sum, { people }) => sum + people, 0);
  const { missing, deceased } = input;
  const endedWithoutTravel = Math.max(0, of('closed') - input.completed - missing - deceased);
  const people = statuses.reduce((sum, status) => sum + status.people, 0);
  const safe = of('arrived', 'received', 'reintegrating') + Math.min(input.completed, of('closed'));
  const moving = of('boarded', 'in_transit');
  const waiting = people - safe - moving - missing - deceased - endedWithoutTravel;
  const numbers = { people, safe, moving, waiting, missing, deceased, endedWithoutTravel };
  const longestWaits = input.waits
    .map((wait) => ({
      kind: wait.what,
      whom: whomInWords(wait.whom, input.names),
      whomId: wait.whom.id,
      what: t(`what.${wait.what}`),
      waiting: wait.waiting,
      overdue: wait.overdue,
      oldestSince: wait.oldestSince,
      length: Math.max(0, Math.round((input.now - wait.oldestSince) / SECOND)) * SECOND,
    }))
    .sort((a, b) => b.overdue - a.overdue || a.oldestSince - b.oldestSince || (a.whomId < b.whomId ? -1 : 1));
  const milestones = MILESTONES.map((milestone) => ({
    milestone,
    people: statuses
      .filter(({ status }) => status !== 'closed' && STATUS_TABLE[status].milestone === milestone)
      .reduce((sum, s) => sum + s.people, 0),
  }));
  const decisions = [...input.decisions];
  return { sentence: sentenceOf(input, numbers, longestWaits), numbers, statuses, milestones, longestWaits, decisions };
}

function sentenceOf(input: SituationInput, numbers: Situation['numbers'], waits: readonly LongestWait[]): string {
  const parts = [tCount('situation.numbers', numbers.people, numbers)];
  if (numbers.missing > 0) parts.push(tCount('situation.missing', numbers.missing));
  if (numbers.deceased > 0) parts.push(tCount('situation.died', numbers.deceased));
  if (numbers.endedWithoutTravel > 0) parts.push(tCount('situation.ended', numbers.endedWithoutTravel));
  const worst = waits[0];
  if (worst && worst.overdue > 0) {
    const waited = input.now - worst.oldestSince;
    const length = lengthInWords(ROUNDED_LENGTHS.find((step) => waited >= step) ?? 0);
    parts.push(tCount('situation.overdue', worst.overdue, { length, whom: worst.whom }));
  }
  const movement = input.nextMovement;
  if (movement && movement.emptySeats > 0 && movement.readyWithoutSeat > 0) {
    parts.push(
      tCount('situation.seats', movement.emptySeats, {
        movement: movement.reference,
        at: momentInWords(movement.departsAt),
        ready: movement.readyWithoutSeat,
      }),
    );
  }
  const decisions = input.decisions.reduce((sum, { count }) => sum + count, 0);
  if (decisions > 0) parts.push(tCount('situation.decisions', decisions));
  if (parts.length === 1) parts.push(t('situation.noneOverdue'));
  return `${parts.join('; ')}.`;
}

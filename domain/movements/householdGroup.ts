import {
  failedPreconditions,
  type Occasion,
  PRECONDITIONS,
  type PreconditionInput,
  type PreconditionReason,
  type Step,
} from '../preconditions.ts';

/** Fresh input about one person, with what is needed to judge their household. */
export type PersonPreconditions = PreconditionInput & {
  journeyId: string;
  personId: string;
  householdId: string;
  operationId: string;
  nationalityCode: string;
  traveller: 'adult' | 'child' | 'infant';
  isHead: boolean;
  conditions: string[];
  /** the next leg of movement that the person needs */
  nextLegCode: string | null;
  /** every member who still needs the leg of the movement in request holds a seat on it */
  groupSeated: boolean;
};

/** One person's verdict: `own` reasons stand in themselves, `group` only in somebody of their household. */
export type Verdict = { journeyId: string; own: PreconditionReason[]; group: PreconditionReason[] };

/**
 * Whether a household may take a step as a whole. Each open member is judged for themselves; where one may not, or has
 * a request about the household open, nobody may: one member blocked and the whole group leaves the seat pool
 * (domain.md 5.2). From the lock on each member who needs the leg must hold a seat on the movement as well.
 * @param members all open members of one household
 */
export function judgeGroup(step: Step, members: readonly PersonPreconditions[], occasion: Occasion): Verdict[] {
  const own = members.map((member) => failedPreconditions(step, { ...member, householdWhole: true }, occasion));
  const seated = !PRECONDITIONS.seat[step] || members.every((member) => member.groupSeated);
  const whole = seated && own.every((reasons) => reasons.length === 0);
  return members.map((member, i) => {
    const mine = own[i] ?? [];
    const all = failedPreconditions(step, { ...member, householdWhole: whole }, occasion);
    return {
      journeyId: member.journeyId,
      own: mine,
      group: all.filter((reason) => !mine.some((m) => m.condition === reason.condition)),
    };
  });
}

/** A reason as everybody outside protection reads it. */
export type NeutralReason = { code: string; words: string };

const NOT_TRAVELLING: NeutralReason = { code: 'not_travelling', words: 'Not travelling on this movement' };

/**
 * The reasons of a household without what only protection may know, each once. Where one of them has to stay unspoken
 * the others do too: a hold that stops the consulate's request would show in the open nationality beside it.
 */
export function neutralReasons(reasons: readonly PreconditionReason[]): NeutralReason[] {
  const themselves = reasons.filter((reason) => reason.condition !== 'household');
  if (themselves.length === 0) return reasons.length > 0 ? [NOT_TRAVELLING] : [];
  if (themselves.some((reason) => reason.neutral !== reason.full)) return [NOT_TRAVELLING];
  const words = new Map(themselves.map((reason) => [reason.code, reason.neutral]));
  return [...words].map(([code, spoken]) => ({ code, words: spoken })).toSorted((a, b) => (a.code < b.code ? -1 : 1));
}

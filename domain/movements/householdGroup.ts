import { z } from 'zod';
import {
  failedPreconditions,
  type Occasion,
  OPEN_REASONS,
  PRECONDITIONS,
  type PreconditionInput,
  type PreconditionReason,
  type Step,
} from '../preconditions.ts';
import { storedValue } from '../versioned.ts';

/** Fresh data about one person, as needed to judge their household. */
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
  /** whether every member who still needs this leg holds a seat on the movement */
  groupSeated: boolean;
};

/** The result for one person: `own` reasons are their own, `group` reasons come from other members. */
export type Verdict = { journeyId: string; own: PreconditionReason[]; group: PreconditionReason[] };

/**
 * Whether a household may take a step as a whole. Each open member is judged separately. If one of them may not take it,
 * or waits for a decision about the household, nobody may. From the lock on, each member who needs the leg must hold a
 * seat on the movement.
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

/** A reason as readers outside protection see it. */
export const NEUTRAL_REASONS = [
  ...OPEN_REASONS,
  'not_travelling',
  'no_room',
  'no_stretcher',
  'no_wheelchair',
  'infant_without_adult',
  'nationality_undecided',
  'not_planned_for',
  'not_accepted',
] as const;
const NeutralReason = z.object({ code: z.enum(NEUTRAL_REASONS), words: z.string() });
export type NeutralReason = z.infer<typeof NeutralReason>;
export const STORED_REASONS = storedValue('Reasons of a refusal', z.array(NeutralReason));

/** The one reason of a household that may not travel: not everybody may know the kind of reason. */
export const NOT_TRAVELLING: NeutralReason = { code: 'not_travelling', words: 'Not travelling on this movement' };

/**
 * The reasons of a household without protection data, each once. Where one reason has to be redacted, the others are
 * too: a hold that stops the consulate's request would show through the open nationality.
 */
export function neutralReasons(reasons: readonly PreconditionReason[]): NeutralReason[] {
  const themselves = reasons.filter((reason) => reason.condition !== 'household');
  if (themselves.length === 0) return reasons.length > 0 ? [NOT_TRAVELLING] : [];
  const open = themselves.flatMap(({ code, full }) => {
    const known = OPEN_REASONS.find((one) => one === code);
    return known ? [{ code: known, words: full }] : [];
  });
  if (open.length < themselves.length) return [NOT_TRAVELLING];
  return [...new Map(open.map((reason) => [reason.code, reason])).values()].toSorted((a, b) =>
    a.code < b.code ? -1 : 1,
  );
}

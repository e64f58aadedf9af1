import type { HoldType } from '../holds.ts';
import type { Code } from '../imports/codes.ts';
import { oneOf, RELATIONSHIPS, type Relationship } from '../imports/columns.ts';
import {
  type CalendarDay,
  type ChildState,
  childState,
  earliestDay,
  latestDay,
  type PartialDate,
  wholeYears,
} from '../imports/dates.ts';

/**
 * Who in a household needs protection. The one place of these rules: a list, a registration and every later change of a
 * household are judged by it.
 */

/** What a person decided about an age that no birth date proves. */
export type JudgedAge = 'adult' | 'child';

/** A member, or the row of one. `key` names them in the findings. */
export type HouseholdMember<Key = string> = {
  key: Key;
  child: ChildState;
  birthDate: PartialDate | null;
  /** to the head of the household */
  relationship: Relationship | null;
  /** the list gave reason to doubt that the head is the parent */
  carerUnverified?: boolean;
};

/**
 * Each finding with its code in a list and the holds that follow. A list knows an unknown age and says no more of it;
 * holds are stricter, because nobody whose age is unknown is trusted with a child, or sent alone.
 */
export const HOUSEHOLD_FINDINGS = {
  no_head: { code: 'HOUSEHOLD_NO_HEAD', holds: [] },
  two_heads: { code: 'HOUSEHOLD_TWO_HEADS', holds: [] },
  nobody_adult: { code: 'CHILD_WITHOUT_ADULT', holds: ['UASC'] },
  nobody_surely_adult: { code: undefined, holds: ['UASC'] },
  unrelated_to_head: { code: 'CHILD_WITH_UNRELATED_ADULT', holds: ['UASC', 'CUSTODY'] },
  no_related_adult: { code: undefined, holds: ['UASC', 'CUSTODY'] },
  hardly_a_parent: { code: 'PARENT_AGE_GAP', holds: ['CUSTODY'] },
  child_head: { code: undefined, holds: ['BEST_INTERESTS'] },
  not_whole: { code: undefined, holds: ['DATA_DISPUTE'] },
} as const satisfies Record<string, { code: Code | undefined; holds: readonly HoldType[] }>;

export type HouseholdFinding = keyof typeof HOUSEHOLD_FINDINGS;

/** A head who was younger than this at the child's birth is hardly its parent. */
const HARDLY_A_PARENT = 11;

/**
 * Judges the members who travel on together. Findings are in the order of the members.
 * @param notRegistered how many members could not be registered, because their rows were rejected: none of them counts as
 * an adult of the household
 */
export function judgeHousehold<Key>(
  members: ReadonlyArray<HouseholdMember<Key>>,
  notRegistered = 0,
): Array<{ key: Key; finding: HouseholdFinding }> {
  const heads = members.filter(isHead);
  const adults = members.filter(({ child }) => child === 'no');
  const mayHaveAdult = adults.length > 0 || members.some(({ child }) => child === 'unknown');
  const relatedAdult = adults.some(isRelated);
  const applies: Record<HouseholdFinding, (member: HouseholdMember<Key>) => boolean> = {
    no_head: () => heads.length === 0,
    two_heads: (member) => heads.length > 1 && isHead(member),
    nobody_adult: (member) => isChild(member) && !mayHaveAdult,
    nobody_surely_adult: (member) => mayBeChild(member) && adults.length === 0,
    unrelated_to_head: (member) => isChild(member) && adults.length > 0 && !isRelated(member),
    no_related_adult: (member) => mayBeChild(member) && adults.length > 0 && !(relatedAdult && isRelated(member)),
    hardly_a_parent: (member) =>
      (member.carerUnverified === true && heads.length > 0) ||
      (member.relationship === 'CHILD' && isHardlyOlder(heads[0], member)),
    child_head: (member) => mayBeChild(member) && isHead(member),
    not_whole: () => notRegistered > 0,
  };
  const findings = Object.keys(applies) as HouseholdFinding[];
  return members.flatMap((member) =>
    findings.filter((finding) => applies[finding](member)).map((finding) => ({ key: member.key, finding })),
  );
}

/** The holds that follow for one member, each kind once. */
export function holdsFound<Key>(judged: ReturnType<typeof judgeHousehold<Key>>, key: Key): HoldType[] {
  const found = judged.filter((one) => one.key === key);
  return [...new Set<HoldType>(found.flatMap(({ finding }) => HOUSEHOLD_FINDINGS[finding].holds))];
}

/** Whether somebody is a child on a day: the judgement of a person counts before the birth date. */
export function childOn(
  { birthDate, ageJudged }: { birthDate: PartialDate | null; ageJudged: JudgedAge | null },
  day: CalendarDay,
): ChildState {
  if (ageJudged !== null) return ageJudged === 'child' ? 'yes' : 'no';
  return childState(birthDate, day);
}

/** A registered person as a member: an age that is not surely an adult's is a child's, until a person judges it. */
export const registeredMember = ({
  key,
  traveller,
  relationship,
  protection,
}: {
  key: string;
  traveller: string;
  relationship: string;
  protection: readonly string[];
}): HouseholdMember => ({
  key,
  child: traveller === 'adult' ? 'no' : 'yes',
  birthDate: null,
  relationship: oneOf(RELATIONSHIPS, relationship),
  carerUnverified: protection.includes('UNVERIFIED_CARER'),
});

/**
 * Who the household is, as far as its judgement depends on it. As long as it is the same, what a person has decided about
 * it holds. It names nobody.
 */
export function compositionOf(members: readonly HouseholdMember[], notRegistered = 0): string {
  const each = members.map(({ key, child, relationship }) => `${key} ${child} ${relationship}`);
  return [...each.toSorted(), notRegistered].join('\n');
}

type Judged = Omit<HouseholdMember<unknown>, 'key'>;

const isHead = ({ relationship }: Judged): boolean => relationship === 'HEAD';
const isRelated = ({ relationship }: Judged): boolean => relationship !== 'NON_RELATIVE';
const isChild = ({ child }: Judged): boolean => child === 'yes' || child === 'possibly';

/** An unknown age is a child's until a person says otherwise. */
const mayBeChild = ({ child }: Pick<Judged, 'child'>): boolean => child !== 'no';

function isHardlyOlder(head: Judged | undefined, child: Judged): boolean {
  if (!head?.birthDate || child.birthDate === null) return false;
  return wholeYears(earliestDay(head.birthDate), latestDay(child.birthDate)) <= HARDLY_A_PARENT;
}

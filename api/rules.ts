import { isoDuration } from '../domain/durations.ts';
import {
  DEADLINES,
  type Deadline,
  type DeadlineKey,
  defaultRules,
  type RouteLeg,
  type Rules,
} from '../domain/rules.ts';
import { DEADLINE_NAMES } from './casing.ts';
import type { RulesInput } from './schemas/operations.ts';

/** The rules of an operation: what was given, over what is the standard of its kind (or of the version before). */
export function rulesFrom(
  kind: 'evacuation' | 'return',
  given: RulesInput | undefined,
  base: Rules = defaultRules(kind),
): Rules {
  if (given === undefined) return base;
  return {
    ...base,
    ...(given.legs ? { legs: given.legs.map(legFrom) } : {}),
    deadlines: { ...base.deadlines, ...deadlinesFrom(given.deadlines ?? {}) },
    ...defined({
      followUpMonths: given.follow_up_months,
      documentValidityAfterArrival: given.document_validity_after_arrival,
      consentMaxAge: given.consent_max_age,
      fitnessValidity: given.fitness_validity,
      lockBefore: given.lock_before,
      evidenceRounds: given.evidence_rounds,
    }),
  };
}

export function legFrom(leg: NonNullable<RulesInput['legs']>[number]): RouteLeg {
  const { nationality, document, exit_permit } = leg.needs;
  return {
    code: leg.code,
    needs: { nationality, document, exitPermit: exit_permit },
    forHouseholdsOf: leg.for_households_of,
  };
}

/** The rules as the API writes them. */
export function rulesOut(rules: Rules) {
  return {
    version: rules.version,
    legs: rules.legs.map(({ code, needs, forHouseholdsOf }) => ({
      code,
      needs: { nationality: needs.nationality, document: needs.document, exit_permit: needs.exitPermit },
      for_households_of: forHouseholdsOf === null ? null : [...forHouseholdsOf],
    })),
    deadlines: Object.fromEntries(DEADLINES.map((key) => [DEADLINE_NAMES.out(key), deadlineOut(rules.deadlines[key])])),
    follow_up_months: [...rules.followUpMonths],
    document_validity_after_arrival: isoDuration(rules.documentValidityAfterArrival),
    consent_max_age: isoDuration(rules.consentMaxAge),
    fitness_validity: isoDuration(rules.fitnessValidity),
    lock_before: isoDuration(rules.lockBefore),
    evidence_rounds: rules.evidenceRounds,
  };
}

function deadlinesFrom(given: NonNullable<RulesInput['deadlines']>): Partial<Record<DeadlineKey, Deadline>> {
  const entries = DEADLINES.flatMap((key) => {
    const deadline = given[DEADLINE_NAMES.out(key)];
    return deadline === undefined ? [] : [[key, defined(deadline)] as const];
  });
  return Object.fromEntries(entries);
}

/** `null`: never. */
function deadlineOut({ due, remind, escalate }: Deadline) {
  const maybe = (length: number | null) => (length === null ? null : isoDuration(length));
  return {
    due: isoDuration(due),
    ...(remind === undefined ? {} : { remind: maybe(remind) }),
    ...(escalate === undefined ? {} : { escalate: maybe(escalate) }),
  };
}

function defined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

import { type Deadline, type DeadlineKey, defaultRules, type RouteLeg, type Rules } from '../domain/rules.ts';
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
    deadlines: rules.deadlines,
    follow_up_months: [...rules.followUpMonths],
    document_validity_after_arrival: rules.documentValidityAfterArrival,
    consent_max_age: rules.consentMaxAge,
    fitness_validity: rules.fitnessValidity,
    lock_before: rules.lockBefore,
    evidence_rounds: rules.evidenceRounds,
  };
}

function deadlinesFrom(given: NonNullable<RulesInput['deadlines']>): Partial<Record<DeadlineKey, Deadline>> {
  return Object.fromEntries(Object.entries(given).map(([key, deadline]) => [key, defined(deadline ?? {})]));
}

function defined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

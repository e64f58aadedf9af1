import { z } from 'zod';
import { DAY, HOUR } from './time.ts';
import { versioned } from './versioned.ts';

export const OPERATION_KINDS = ['evacuation', 'return'] as const;
export type OperationKind = (typeof OPERATION_KINDS)[number];

/** What a leg requires in addition to identity, consent, fitness and no open hold. */
const LegNeeds = z.object({ nationality: z.boolean(), document: z.boolean(), exitPermit: z.boolean() });
export type LegNeeds = z.infer<typeof LegNeeds>;

/** One leg of the route. Everybody whom it serves needs a seat on one movement of it. */
const RouteLeg = z.object({
  code: z.string(),
  needs: LegNeeds,
  /** by nationality of the head of household; null serves everybody */
  forHouseholdsOf: z.array(z.string()).readonly().nullable(),
});
export type RouteLeg = z.infer<typeof RouteLeg>;

/**
 * Durations in milliseconds of operation time. `remind` defaults to half of `due`, `escalate` to twice `due`. null:
 * never.
 */
const Deadline = z.object({
  due: z.number(),
  remind: z.number().nullable().optional(),
  escalate: z.number().nullable().optional(),
});
export type Deadline = z.infer<typeof Deadline>;

export const DEADLINES = [
  'registryAnswer',
  'identityDecision',
  'screening',
  'riskDecision',
  'consentDecision',
  'consentConfirmation',
  'sharingDecision',
  'householdMembers',
  'holdTriage',
  'urgentHoldTriage',
  'holdReview',
  'childHoldReview',
  'partnerMissing',
  'agreementMissing',
  'operationResumed',
  'verificationAcknowledgement',
  'verificationAnswer',
  'evidence',
  'nationalityDecision',
  'documentIssue',
  'documentDecision',
  'documentRenewal',
  'fitnessAnswer',
  'healthConcern',
  'exitPermitAnswer',
  'exitPermitDecision',
  'seat',
  'routeDecision',
  'householdDecision',
  'boarding',
  'departure',
  'arrival',
  'reception',
  'reintegrationPlan',
  'followUpContact',
  'endingDecision',
  'carrierAnswer',
  'clearance',
  'reconciliation',
  'cancelRequest',
  'bufferedMessages',
] as const;

export type DeadlineKey = (typeof DEADLINES)[number];

/**
 * The standard deadlines. A consulate acknowledges in 2 days. Its answer gets a reminder at 15 days, is overdue at 30
 * and escalates to the operation lead at 60. A hold is reviewed every 3 days and never ends by time.
 */
export const STANDARD_DEADLINES: Record<DeadlineKey, Deadline> = {
  registryAnswer: { due: DAY },
  identityDecision: { due: DAY },
  screening: { due: DAY },
  riskDecision: { due: 3 * HOUR, remind: null },
  consentDecision: { due: 7 * DAY },
  consentConfirmation: { due: 5 * DAY, remind: null },
  sharingDecision: { due: 7 * DAY },
  householdMembers: { due: 7 * DAY, remind: null },
  holdTriage: { due: DAY, remind: null },
  urgentHoldTriage: { due: HOUR, remind: null },
  holdReview: { due: 3 * DAY, remind: null },
  childHoldReview: { due: DAY, remind: null },
  partnerMissing: { due: 2 * DAY },
  agreementMissing: { due: 2 * DAY },
  operationResumed: { due: 3 * DAY, remind: null },
  verificationAcknowledgement: { due: 2 * DAY, remind: null },
  verificationAnswer: { due: 30 * DAY, remind: 15 * DAY, escalate: 60 * DAY },
  evidence: { due: 10 * DAY },
  nationalityDecision: { due: 7 * DAY },
  documentIssue: { due: 3 * DAY },
  documentDecision: { due: 3 * DAY },
  documentRenewal: { due: 14 * DAY, remind: null },
  healthConcern: { due: HOUR },
  fitnessAnswer: { due: DAY },
  exitPermitAnswer: { due: 10 * DAY },
  exitPermitDecision: { due: 5 * DAY },
  seat: { due: 14 * DAY },
  routeDecision: { due: 3 * DAY },
  householdDecision: { due: 2 * DAY },
  boarding: { due: 12 * HOUR, remind: null },
  departure: { due: 12 * HOUR, remind: null },
  arrival: { due: DAY, remind: null },
  reception: { due: 6 * HOUR },
  reintegrationPlan: { due: 30 * DAY },
  followUpContact: { due: 14 * DAY, remind: null },
  endingDecision: { due: DAY },
  carrierAnswer: { due: DAY },
  clearance: { due: DAY },
  reconciliation: { due: 6 * HOUR },
  cancelRequest: { due: DAY },
  bufferedMessages: { due: DAY },
};

/**
 * Each deadline with its standard value. An operation that is older than a deadline gets the standard value when it is
 * read.
 */
const Deadlines = z.object(
  Object.fromEntries(DEADLINES.map((key) => [key, Deadline.default(STANDARD_DEADLINES[key])])) as Record<
    DeadlineKey,
    z.ZodDefault<typeof Deadline>
  >,
);

/** The rules of an operation. Each change makes the next `version`; every decision records the version it used. */
const Rules = z.object({
  version: z.number(),
  legs: z.array(RouteLeg).readonly(),
  deadlines: Deadlines,
  /** months after arrival */
  followUpMonths: z.array(z.number()).readonly(),
  /** a document must stay valid this long after arrival */
  documentValidityAfterArrival: z.number(),
  /** consent older than this must be confirmed again before the preconditions pass */
  consentMaxAge: z.number(),
  /** a check earlier than this before departure does not count */
  fitnessValidity: z.number(),
  lockBefore: z.number(),
  evidenceRounds: z.number(),
});
export type Rules = z.infer<typeof Rules>;

/** The stored form of rules. Its `version` differs from the `version` of the rules, so the rules are nested. */
export const STORED_RULES = versioned({
  name: 'Rules of an operation',
  version: 1,
  schema: z.object({ rules: Rules }).transform(({ rules }) => rules),
  upgrades: {},
});

/** For schemas of other modules that hold rules, in a frozen object (versioned.ts explains why). */
export const RULES_SCHEMAS = Object.freeze({ rules: Rules, routeLeg: RouteLeg });

/** Rules in their stored form. */
export const storedRules = (rules: Rules) => ({ version: STORED_RULES.version, rules });

/**
 * Rules of a new operation. A domestic evacuation requires no papers, so that nobody in danger waits for a consulate. A
 * return across a border requires all of them.
 */
export function defaultRules(kind: OperationKind, legs?: readonly RouteLeg[]): Rules {
  const domestic = kind === 'evacuation';
  return {
    version: 1,
    legs: legs ?? [
      {
        code: kind,
        needs: { nationality: !domestic, document: !domestic, exitPermit: !domestic },
        forHouseholdsOf: null,
      },
    ],
    deadlines: STANDARD_DEADLINES,
    followUpMonths: [1, 3, 6, 12],
    documentValidityAfterArrival: 7 * DAY,
    consentMaxAge: 30 * DAY,
    fitnessValidity: 3 * DAY,
    lockBefore: 2 * HOUR,
    evidenceRounds: 2,
  };
}

/** What somebody decides of the rules; the rest stays. */
export type RulesChange = Partial<Omit<Rules, 'version' | 'deadlines'>> & { deadlines?: Partial<Rules['deadlines']> };

export function changeRules(rules: Rules, change: RulesChange): Rules {
  return { ...rules, ...change, deadlines: { ...rules.deadlines, ...change.deadlines } };
}

const WITHOUT_STATE = ['XXA', 'XXB', 'XXC', 'XXX'];

/**
 * The legs that serve a household, in order, by the nationality of its head. A list of nationalities never serves people
 * without a nationality. There, and where no leg serves the household, a person has to decide (`decided: false`).
 */
export function routeOf(rules: Pick<Rules, 'legs'>, headNationality: string): { legs: string[]; decided: boolean } {
  const stateless = WITHOUT_STATE.includes(headNationality);
  const legs: string[] = [];
  let decided = true;
  for (const leg of rules.legs) {
    if (leg.forHouseholdsOf === null || leg.forHouseholdsOf.includes(headNationality)) legs.push(leg.code);
    else if (stateless) decided = false;
  }
  return { legs, decided: decided && legs.length > 0 };
}

/** What the legs of a route require together. For an undecided route it is what all legs of the rules require. */
export function needsOf(rules: Pick<Rules, 'legs'>, route: readonly string[], decided: boolean): LegNeeds {
  const relevant = rules.legs.filter((leg) => !decided || route.includes(leg.code));
  return {
    nationality: relevant.some((leg) => leg.needs.nationality),
    document: relevant.some((leg) => leg.needs.document),
    exitPermit: relevant.some((leg) => leg.needs.exitPermit),
  };
}

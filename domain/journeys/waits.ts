import type { Role } from '../actor.ts';
import type { Deadline, DeadlineKey } from '../rules.ts';
import type { Instant } from '../time.ts';

export type Whom =
  | { kind: 'role'; id: Role }
  | { kind: 'partner'; id: string }
  | { kind: 'movement'; id: string }
  | { kind: 'person'; id: 'person' };

export type EscalationStep = 'waiting' | 'reminded' | 'due' | 'escalated';

/** A wait that is open: whom for, what for, since when, due when, and what happens then. */
export type Wait = {
  key: string;
  phase: string;
  whom: Whom;
  /** code of what is awaited; words in domain/messages */
  what: DeadlineKey;
  /** whether the person cannot go on without it */
  blocks: boolean;
  /** a safety clock runs on while the operation is suspended (fitness, documents, shelter nights, child care) */
  safety: boolean;
  since: Instant;
  remindAt?: Instant;
  due?: Instant;
  escalateAt?: Instant;
  /** how far a suspension has moved the escalationSteps so far */
  shifted?: number;
  escalationStep: EscalationStep;
};

/** The escalationPolicy's moments: remind at half time, a task at the deadline, the operation lead at twice, unless the rule says otherwise. */
export function escalationPolicy(since: Instant, rule: Deadline): Pick<Wait, 'remindAt' | 'due' | 'escalateAt'> {
  const remind = rule.remind === undefined ? rule.due / 2 : rule.remind;
  const escalate = rule.escalate === undefined ? rule.due * 2 : rule.escalate;
  return {
    ...(remind === null ? {} : { remindAt: since + remind }),
    due: since + rule.due,
    ...(escalate === null ? {} : { escalateAt: since + escalate }),
  };
}

/** The next escalationStep of an open wait and its moment; undefined when all have passed. */
export function nextEscalation(
  wait: Wait,
): { escalationStep: Exclude<EscalationStep, 'waiting'>; at: Instant } | undefined {
  if (wait.escalationStep === 'waiting' && wait.remindAt !== undefined)
    return { escalationStep: 'reminded', at: wait.remindAt };
  if ((wait.escalationStep === 'waiting' || wait.escalationStep === 'reminded') && wait.due !== undefined)
    return { escalationStep: 'due', at: wait.due };
  if (wait.escalationStep !== 'escalated' && wait.escalateAt !== undefined)
    return { escalationStep: 'escalated', at: wait.escalateAt };
  return undefined;
}

/** Whose task it is at each escalationStep. A wait for a role is that role's own task from the start; reminders open none. */
export function taskAt(whom: Whom, escalationStep: EscalationStep): Role | undefined {
  if (escalationStep === 'waiting') return whom.kind === 'role' ? whom.id : undefined;
  if (escalationStep === 'due') return 'duty_supervisor';
  if (escalationStep === 'escalated') return 'operation_lead';
  return undefined;
}

/** What is awaited and what follows when it does not come, in the field's words; Temporal's own UI shows them too. */
export const WAIT_MESSAGES: Record<DeadlineKey, { what: string; then: string }> = {
  registryAnswer: { what: 'the registry to say who this is', then: 'a supervisor looks why the registry is silent' },
  identityDecision: { what: 'a case worker to confirm the identity', then: 'a supervisor takes it up' },
  screening: { what: 'counselling and screening', then: 'a supervisor takes it up' },
  consentDecision: { what: 'the person to say yes or no', then: 'a supervisor looks; nobody is moved without consent' },
  holdReview: { what: 'a protection officer to look at the hold', then: 'the hold stays and is looked at again' },
  verificationAcknowledgement: {
    what: 'the consulate to acknowledge the request',
    then: 'a supervisor calls the consulate',
  },
  verificationAnswer: {
    what: 'the consulate to say whether this is a national',
    then: 'a supervisor takes it up; silence is never a yes',
  },
  evidence: { what: 'the evidence that the consulate asked for', then: 'a supervisor takes it up' },
  nationalityDecision: { what: 'a consular officer to decide whom to ask next', then: 'a supervisor takes it up' },
  documentIssue: { what: 'the consulate to issue a travel document', then: 'a supervisor calls the consulate' },
  documentDecision: {
    what: 'a consular officer to decide about the travel document',
    then: 'a supervisor takes it up',
  },
  fitnessAnswer: {
    what: 'a health officer to say whether the person is fit to travel',
    then: 'a supervisor takes it up',
  },
  exitPermitAnswer: { what: 'the exit permit', then: 'a supervisor calls the authority' },
  exitPermitDecision: { what: 'a coordinator to settle the refused exit permit', then: 'a supervisor takes it up' },
  seat: { what: 'a seat', then: 'a supervisor looks why there is none' },
  routeDecision: { what: 'a coordinator to decide the route', then: 'a supervisor takes it up' },
  householdDecision: {
    what: 'somebody to say whether the household goes on without a member',
    then: 'a supervisor takes it up; a family is never split by itself',
  },
  checkIn: { what: 'the person to come to the gate', then: 'the movement officer looks for them' },
  boarding: { what: 'boarding', then: 'the movement decides' },
  departure: { what: 'departure', then: 'the movement officer looks why it has not left' },
  arrival: { what: 'arrival', then: 'the duty lead looks where the vehicle is' },
  reception: { what: 'somebody to receive the person', then: 'a supervisor takes it up' },
  reintegrationPlan: { what: 'a reintegration plan made with the person', then: 'a supervisor takes it up' },
  followUpContact: { what: 'a follow-up contact', then: 'a supervisor takes it up' },
  carrierAnswer: { what: 'the carrier to confirm the booking', then: 'a supervisor calls the carrier' },
  clearance: { what: 'clearances', then: 'a supervisor takes it up' },
  reconciliation: { what: 'every seat to be accounted for', then: 'a supervisor takes it up' },
};

import { z } from 'zod';
import { ROLES, type Role } from '../actor.ts';
import { DEADLINES, type Deadline, type DeadlineKey } from '../rules.ts';
import type { Instant } from '../time.ts';
import { storedValue } from '../versioned.ts';

const Whom = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('role'), id: z.enum(ROLES) }),
  z.object({ kind: z.literal('partner'), id: z.string() }),
  z.object({ kind: z.literal('movement'), id: z.string() }),
  z.object({ kind: z.literal('person'), id: z.literal('person') }),
  z.object({ kind: z.literal('household'), id: z.literal('household') }),
  z.object({ kind: z.literal('operation'), id: z.literal('operation') }),
]);
export type Whom = z.infer<typeof Whom>;

/** Whom a stored wait is for. */
export const STORED_WHOM = storedValue('Whom', Whom);

const EscalationStep = z.enum(['waiting', 'reminded', 'due', 'escalated']);
export type EscalationStep = z.infer<typeof EscalationStep>;

/** A wait that is open: whom for, what for, since when, due when, and what happens then. */
const Wait = z.object({
  key: z.string(),
  phase: z.string(),
  whom: Whom,
  /** code of what is awaited; words in domain/messages */
  what: z.enum(DEADLINES),
  /** whether the person cannot go on without it */
  blocks: z.boolean(),
  /** a safety clock runs on while the operation is suspended (fitness, documents, shelter nights, child care) */
  safety: z.boolean(),
  since: z.number(),
  remindAt: z.number().optional(),
  due: z.number().optional(),
  escalateAt: z.number().optional(),
  /** how far a suspension has moved the escalationSteps so far */
  shifted: z.number().optional(),
  escalationStep: EscalationStep,
});
export type Wait = z.infer<typeof Wait>;

/** For the form in which waits are carried; frozen, because workflows share their modules (versioned.ts). */
export const WAIT_SCHEMA = Object.freeze({ wait: Wait });

/**
 * The times of the escalation policy. Unless the rule says otherwise: a reminder at half time, a task at the deadline,
 * the operation lead at twice the time.
 */
export function escalationPolicy(since: Instant, rule: Deadline): Pick<Wait, 'remindAt' | 'due' | 'escalateAt'> {
  const remind = rule.remind === undefined ? rule.due / 2 : rule.remind;
  const escalate = rule.escalate === undefined ? rule.due * 2 : rule.escalate;
  return {
    ...(remind === null ? {} : { remindAt: since + remind }),
    due: since + rule.due,
    ...(escalate === null ? {} : { escalateAt: since + escalate }),
  };
}

/** The next escalation step of an open wait and its time; undefined after the last one. */
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

/** Who takes up what is late. Protection is not decided by others, so it stays with protection. */
const ABOVE: Readonly<Partial<Record<DeadlineKey, readonly [due: Role, escalated: Role]>>> = {
  riskDecision: ['protection_lead', 'protection_lead'],
  holdTriage: ['protection_lead', 'protection_lead'],
  urgentHoldTriage: ['protection_lead', 'protection_lead'],
  holdReview: ['protection_lead', 'protection_lead'],
  childHoldReview: ['protection_lead', 'protection_lead'],
};

/** Whose it is at twice the time. */
export const whoTakesUp = (what: DeadlineKey): Role => ABOVE[what]?.[1] ?? 'operation_lead';

/**
 * The one task of an open wait, if it has come to somebody: the role that it waits for, from the start; and whoever it has
 * escalated to. A wait for anybody else becomes a task at its deadline; reminders open none.
 */
export function taskOf(wait: Wait): Array<{ role: Role; alsoFor: Role[]; openedAt: Instant }> {
  const [atDue, above] = ABOVE[wait.what] ?? ['duty_supervisor', 'operation_lead'];
  const escalated = wait.escalationStep === 'escalated';
  const late = escalated || wait.escalationStep === 'due';
  const roles = [
    ...(wait.whom.kind === 'role' ? [wait.whom.id] : []),
    ...(late ? [atDue] : []),
    ...(escalated ? [above] : []),
  ];
  const [role, ...others] = new Set(roles);
  if (role === undefined) return [];
  const openedAt = wait.whom.kind === 'role' ? wait.since : (wait.due ?? wait.since);
  return [{ role, alsoFor: others, openedAt }];
}

/** What is awaited and what follows when it does not come, in the field's words; Temporal's own UI shows them too. */
export const WAIT_MESSAGES: Record<DeadlineKey, { what: string; then: string }> = {
  registryAnswer: {
    what: 'the registry to say who this is',
    then: 'a supervisor finds out why the registry does not answer',
  },
  identityDecision: { what: 'a case worker to confirm the identity', then: 'a supervisor takes it up' },
  screening: { what: 'counselling and screening', then: 'a supervisor takes it up' },
  consentDecision: {
    what: 'the person to say yes or no',
    then: 'a supervisor takes it up; nobody travels without consent',
  },
  riskDecision: {
    what: 'a protection officer to decide about the screening',
    then: 'the protection lead takes it up; nothing is disclosed meanwhile',
  },
  consentConfirmation: {
    what: 'the person to confirm the consent again',
    then: 'a supervisor takes it up; with an old consent nobody travels',
  },
  sharingDecision: {
    what: 'the person to say whether the offices that the way home needs may be asked',
    then: 'a supervisor takes it up; nothing is shared without consent',
  },
  householdMembers: {
    what: 'the other members of the household, without whom nothing is requested',
    then: 'a supervisor takes it up',
  },
  holdTriage: { what: 'a protection officer to look at the hold', then: 'the protection lead takes it up' },
  urgentHoldTriage: { what: 'a protection officer to look at the hold', then: 'the protection lead takes it up' },
  childHoldReview: {
    what: 'a protection officer to review the hold',
    then: 'the hold stays open and is reviewed again',
  },
  partnerMissing: { what: 'a partner that can be asked', then: 'a supervisor takes it up' },
  agreementMissing: { what: 'an agreement with the partner', then: 'a supervisor takes it up' },
  operationResumed: { what: 'the operation to go on here', then: 'a supervisor takes it up' },
  documentRenewal: {
    what: 'a travel document that stays valid until after the arrival',
    then: 'the present document no longer counts',
  },
  holdReview: { what: 'a protection officer to review the hold', then: 'the hold stays open and is reviewed again' },
  verificationAcknowledgement: {
    what: 'the consulate to acknowledge the request',
    then: 'a supervisor calls the consulate',
  },
  verificationAnswer: {
    what: 'the consulate to say whether this is a national',
    then: 'a supervisor takes it up; no answer never means yes',
  },
  evidence: { what: 'the evidence that the consulate requested', then: 'a supervisor takes it up' },
  nationalityDecision: { what: 'a consular officer to decide the next request', then: 'a supervisor takes it up' },
  documentIssue: { what: 'the consulate to issue a travel document', then: 'a supervisor calls the consulate' },
  documentDecision: {
    what: 'a consular officer to decide about the travel document',
    then: 'a supervisor takes it up',
  },
  fitnessAnswer: {
    what: 'a health officer to say whether the person is fit to travel',
    then: 'a supervisor takes it up',
  },
  healthConcern: {
    what: 'a health officer to examine the person after a health concern',
    then: 'a supervisor takes it up; nobody travels before a health officer or a clinic has decided',
  },
  exitPermitAnswer: { what: 'the exit permit', then: 'a supervisor calls the authority' },
  exitPermitDecision: { what: 'a coordinator to settle the refused exit permit', then: 'a supervisor takes it up' },
  seat: { what: 'a seat', then: 'a supervisor finds out why there is none' },
  routeDecision: { what: 'a coordinator to decide the route', then: 'a supervisor takes it up' },
  householdDecision: {
    what: 'a decision whether the household continues without a member',
    then: 'a supervisor takes it up; the system never splits a family',
  },
  boarding: { what: 'boarding', then: 'the movement decides' },
  departure: { what: 'departure', then: 'the movement officer finds out why it has not left' },
  arrival: { what: 'arrival', then: 'the duty lead finds out where the vehicle is' },
  reception: { what: 'somebody to receive the person', then: 'a supervisor takes it up' },
  reintegrationPlan: { what: 'a reintegration plan made with the person', then: 'a supervisor takes it up' },
  followUpContact: { what: 'a follow-up contact', then: 'a supervisor takes it up' },
  endingDecision: {
    what: 'a second person to confirm that the journey ends',
    then: 'a supervisor takes it up; one person alone ends no journey',
  },
  carrierAnswer: { what: 'the carrier to confirm the booking', then: 'a supervisor calls the carrier' },
  clearance: { what: 'clearances', then: 'a supervisor takes it up' },
  reconciliation: { what: 'every seat to be accounted for', then: 'a supervisor takes it up' },
  cancelRequest: {
    what: 'a supervisor to decide about the cancellation that was asked for in Temporal',
    then: 'the operation lead takes it up; nothing is cancelled by itself',
  },
  bufferedMessages: {
    what: 'a supervisor to find out why a partner answers what nobody asked',
    then: 'the operation lead takes it up',
  },
};

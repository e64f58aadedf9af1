import { z } from 'zod';
import { EVENT_TYPES } from './outboxEvents.ts';
import { PERSON_FIELDS } from './requests/fields.ts';
import { REQUEST_KINDS } from './requests/index.ts';
import { OPERATION_KINDS, RULES_SCHEMAS } from './rules.ts';
import { storedValue, versioned } from './versioned.ts';

/** A draft may be incomplete. An activated plan has become an operation, and only drills are made of it. */
export const PLAN_STATUSES = ['draft', 'ready', 'activated', 'retired'] as const;
export type PlanStatus = (typeof PLAN_STATUSES)[number];
export const STORED_PLAN_STATUS = storedValue('Status of a plan', z.enum(PLAN_STATUSES));

export const SITE_PURPOSES = ['registration', 'transit', 'embarkation', 'reception'] as const;
export type SitePurpose = (typeof SITE_PURPOSES)[number];

/**
 * A preparedness plan (MICIC consular contingency template). It is written before a crisis; a trigger makes it into an
 * operation. Contacts are partners and functions, never data of people.
 */
const PlanDocument = z.object({
  /** an evacuation out of danger, or a return home */
  kind: z.enum(OPERATION_KINDS),
  country: z.string(),
  triggers: z.array(z.object({ code: z.string(), sentence: z.string() })),
  /** legs of the route in order, with what each requires */
  routes: z.array(RULES_SCHEMAS.routeLeg),
  sites: z.array(
    z.object({
      name: z.string(),
      purpose: z.enum(SITE_PURPOSES),
      capacity: z.number().optional(),
    }),
  ),
  /** ids of partners, by purpose */
  carriers: z.array(z.string()),
  partners: z.array(z.string()),
  contacts: z.array(z.object({ function: z.string(), organisation: z.string(), channel: z.string() })),
  /** agreements on sharing, so that sharing has a legal basis from the first day */
  agreements: z.array(
    z.object({
      partnerId: z.string(),
      purposes: z.array(z.enum(REQUEST_KINDS)),
      fields: z.array(z.enum(PERSON_FIELDS)),
      eventTypes: z.array(z.enum(EVENT_TYPES)),
      reference: z.string(),
    }),
  ),
  sectors: z.array(
    z.object({
      code: z.string(),
      leadAgency: z.string().optional(),
      cluster: z.string().optional(),
      planned: z.number().optional(),
    }),
  ),
});
export type PlanDocument = z.infer<typeof PlanDocument>;

/** The stored form of a plan. */
export const STORED_PLAN = versioned({
  name: 'Preparedness plan',
  version: 1,
  schema: PlanDocument,
  upgrades: {},
});

/** A plan in its stored form. */
export const storedPlan = (document: PlanDocument) => ({ version: STORED_PLAN.version, ...document });

/** What a plan may lack, in words. */
export const PLAN_GAPS = {
  trigger: 'a trigger',
  route: 'a route',
  registration_site: 'a site for registration',
  reception_site: 'a site for reception',
  carrier: 'a carrier',
} as const;
export type PlanGap = keyof typeof PLAN_GAPS;

/** What a plan lacks before it is ready. */
export function gapsInPlan(plan: PlanDocument): PlanGap[] {
  const served = new Set(plan.sites.map(({ purpose }) => purpose));
  const present: Record<PlanGap, boolean> = {
    trigger: plan.triggers.length > 0,
    route: plan.routes.length > 0,
    registration_site: served.has('registration'),
    reception_site: served.has('reception'),
    carrier: plan.carriers.length > 0,
  };
  return (Object.keys(PLAN_GAPS) as PlanGap[]).filter((gap) => !present[gap]);
}

import { z } from 'zod';
import { RULES_SCHEMAS } from './rules.ts';
import { versioned } from './versioned.ts';

/**
 * A preparedness plan (MICIC consular contingency template). It is written before a crisis; a trigger makes it into an
 * operation. Contacts are partners and functions, never data of people.
 */
const PlanDocument = z.object({
  /** an evacuation out of danger, or a return home */
  kind: z.enum(['evacuation', 'return']),
  country: z.string(),
  triggers: z.array(z.object({ code: z.string(), sentence: z.string() })),
  /** legs of the route in order, with what each requires */
  routes: z.array(RULES_SCHEMAS.routeLeg),
  sites: z.array(
    z.object({
      name: z.string(),
      purpose: z.enum(['registration', 'transit', 'embarkation', 'reception']),
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
      purposes: z.array(z.string()),
      fields: z.array(z.string()),
      eventTypes: z.array(z.string()),
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

/** What a plan lacks before it is ready, in words, the first gap first. */
export function missingInPlan(plan: PlanDocument): string[] {
  const missing: string[] = [];
  if (plan.triggers.length === 0) missing.push('a trigger');
  if (plan.routes.length === 0) missing.push('a route');
  if (!plan.sites.some((site) => site.purpose === 'registration')) missing.push('a site for registration');
  if (!plan.sites.some((site) => site.purpose === 'reception')) missing.push('a site for reception');
  if (plan.carriers.length === 0) missing.push('a carrier');
  return missing;
}

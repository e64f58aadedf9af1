import type { RouteLeg } from './rules.ts';

/**
 * What a preparedness plan holds (MICIC consular contingency template, domain.md 1): written before a crisis, and
 * made into an operation when one of its triggers is met. Contacts are partners and functions, never people's data.
 */
export type PlanDocument = {
  /** an evacuation out of danger, or a return home */
  kind: 'evacuation' | 'return';
  country: string;
  triggers: Array<{ code: string; sentence: string }>;
  /** legs of the way home in order, with what each asks for */
  routes: RouteLeg[];
  sites: Array<{ name: string; purpose: 'registration' | 'transit' | 'embarkation' | 'reception'; capacity?: number }>;
  /** ids of partners of the system, by what they are needed for */
  carriers: string[];
  partners: string[];
  contacts: Array<{ function: string; organisation: string; channel: string }>;
  /** what was agreed with whom, so that sharing has a basis from the first day */
  agreements: Array<{
    partnerId: string;
    purposes: string[];
    fields: string[];
    eventTypes: string[];
    reference: string;
  }>;
  sectors: Array<{ code: string; leadAgency?: string; cluster?: string; planned?: number }>;
};

/** What a plan still lacks before it can be called ready, in words; the first thing first. */
export function missingInPlan(plan: PlanDocument): string[] {
  const missing: string[] = [];
  if (plan.triggers.length === 0) missing.push('a trigger');
  if (plan.routes.length === 0) missing.push('a route');
  if (!plan.sites.some((site) => site.purpose === 'registration')) missing.push('a site for registration');
  if (!plan.sites.some((site) => site.purpose === 'reception')) missing.push('a site for reception');
  if (plan.carriers.length === 0) missing.push('a carrier');
  return missing;
}

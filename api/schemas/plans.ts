import { z } from 'zod';
import { PLAN_GAPS, PLAN_STATUSES, type PlanGap } from '../../domain/plan.ts';
import { PERSON_FIELDS } from '../../domain/requests/fields.ts';
import { REQUEST_KINDS } from '../../domain/requests/index.ts';
import { At, Code, EventTypes, id, Nationality, Title } from './common.ts';
import { Kind, RouteLegBody, SectorBody, SiteBody } from './operations.ts';

export const Purposes = z.array(z.enum(REQUEST_KINDS)).min(1).max(REQUEST_KINDS.length).meta({ id: 'Purposes' });
export const Fields = z.array(z.enum(PERSON_FIELDS)).max(PERSON_FIELDS.length).meta({ id: 'PersonFields' });

export const PlanBody = z
  .strictObject({
    name: Title,
    scenario: z.string().trim().min(1).max(4_000).meta({ description: 'what is feared, for whom, where' }),
    status: z.enum(['draft', 'ready']).default('draft'),
    kind: Kind,
    country: Nationality,
    triggers: z
      .array(z.strictObject({ code: Code, sentence: z.string().min(1).max(1_000) }))
      .max(100)
      .default([]),
    routes: z.array(RouteLegBody).max(20).default([]),
    sites: z.array(SiteBody).max(500).default([]),
    carriers: z.array(id('partner')).max(200).default([]),
    partners: z.array(id('partner')).max(200).default([]),
    contacts: z
      .array(z.strictObject({ function: Title, organisation: Title, channel: z.string().min(1).max(500) }))
      .max(500)
      .default([])
      .meta({ description: 'functions and organisations, never a person' }),
    agreements: z
      .array(
        z.strictObject({
          partner_id: id('partner'),
          purposes: Purposes,
          fields: Fields,
          event_types: EventTypes.default([]),
          reference: Title,
        }),
      )
      .max(500)
      .default([]),
    sectors: z.array(SectorBody).max(15).default([]),
  })
  .meta({ id: 'NewPlan' });
export type PlanInput = z.output<typeof PlanBody>;

export const Plan = z.object({
  id: id('plan'),
  name: z.string(),
  scenario: z.string(),
  status: z.enum(PLAN_STATUSES).meta({ id: 'PlanStatus' }),
  version: z.number().int(),
  created_by: z.string(),
  created_at: At.meta({ description: 'real time' }),
  missing: z
    .array(z.enum(Object.keys(PLAN_GAPS) as PlanGap[]))
    .meta({ description: 'what is still lacking before it can become an operation' }),
  document: z.record(z.string(), z.unknown()),
});

import { z } from 'zod';
import { PERSON_FIELDS } from '../../domain/partners/fields.ts';
import { REQUEST_KINDS } from '../../domain/partners/protocol.ts';
import type { PlanDocument } from '../../domain/plan.ts';
import { legFrom } from '../rules.ts';
import { At, Code, id, Nationality, Title } from './common.ts';
import { RouteLegBody, SectorBody, SiteBody } from './operations.ts';

export const Purposes = z.array(z.enum(REQUEST_KINDS)).min(1).max(REQUEST_KINDS.length).meta({ id: 'Purposes' });
export const Fields = z.array(z.enum(PERSON_FIELDS)).max(PERSON_FIELDS.length).meta({ id: 'PersonFields' });
const EventTypes = z.array(z.string().regex(/^[a-z_]+\.[a-z_]+$/)).max(100);

export const PlanBody = z
  .strictObject({
    name: Title,
    scenario: z.string().trim().min(1).max(4_000).meta({ description: 'what is feared, for whom, where' }),
    status: z.enum(['draft', 'ready']).default('draft'),
    kind: z.enum(['evacuation', 'return']),
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
type PlanInput = z.output<typeof PlanBody>;

export const Plan = z.object({
  id: id('plan'),
  name: z.string(),
  scenario: z.string(),
  status: z.string(),
  version: z.number().int(),
  created_by: z.string(),
  created_at: At.meta({ description: 'real time' }),
  missing: z.array(z.string()).meta({ description: 'what is still lacking before it can become an operation' }),
  document: z.record(z.string(), z.unknown()),
});

export function planDocument(body: PlanInput): PlanDocument {
  return {
    kind: body.kind,
    country: body.country,
    triggers: body.triggers,
    routes: body.routes.map(legFrom),
    sites: body.sites,
    carriers: body.carriers,
    partners: body.partners,
    contacts: body.contacts,
    agreements: body.agreements.map((a) => ({
      partnerId: a.partner_id,
      purposes: a.purposes,
      fields: a.fields,
      eventTypes: a.event_types,
      reference: a.reference,
    })),
    sectors: body.sectors.map((s) => ({
      code: s.code,
      ...(s.lead_agency === undefined ? {} : { leadAgency: s.lead_agency }),
      ...(s.cluster === undefined ? {} : { cluster: s.cluster }),
      ...(s.planned === undefined ? {} : { planned: s.planned }),
    })),
  };
}

/** The document in the words of the API, as `PlanBody` takes it. */
export function planOut(document: PlanDocument): Record<string, unknown> {
  return {
    kind: document.kind,
    country: document.country,
    triggers: document.triggers,
    routes: document.routes.map(({ code, needs, forHouseholdsOf }) => ({
      code,
      needs: { nationality: needs.nationality, document: needs.document, exit_permit: needs.exitPermit },
      for_households_of: forHouseholdsOf,
    })),
    sites: document.sites,
    carriers: document.carriers,
    partners: document.partners,
    contacts: document.contacts,
    agreements: document.agreements.map((a) => ({
      partner_id: a.partnerId,
      purposes: a.purposes,
      fields: a.fields,
      event_types: a.eventTypes,
      reference: a.reference,
    })),
    sectors: document.sectors.map((s) => ({
      code: s.code,
      lead_agency: s.leadAgency,
      cluster: s.cluster,
      planned: s.planned,
    })),
  };
}

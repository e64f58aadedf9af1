import { z } from 'zod';
import { FIELDS } from '../../domain/fields.ts';
import { PHASES } from '../../domain/operations/events.ts';
import { OPERATION_STATUSES, type OperationStatus } from '../../domain/operations/state.ts';
import { SITE_PURPOSES } from '../../domain/plan.ts';
import { OPERATION_KINDS } from '../../domain/rules.ts';
import { MCOF_2012 } from '../../domain/services.ts';
import { DEADLINE_NAMES } from '../casing.ts';
import { At, Code, Duration, id, Moment, Nationality, PartnerKind, Title } from './common.ts';

export const Kind = z.enum(OPERATION_KINDS);

export const RouteLegBody = z
  .strictObject({
    code: Code,
    needs: z.strictObject({ nationality: z.boolean(), document: z.boolean(), exit_permit: z.boolean() }),
    for_households_of: z
      .array(Nationality)
      .max(250)
      .nullable()
      .default(null)
      .meta({ description: 'by nationality of the head; null: everybody' }),
  })
  .meta({ id: 'RouteLeg' });

/** What may be given of the rules when an operation is opened; the rest is the standard. */
export const RulesBody = z
  .strictObject({
    legs: z.array(RouteLegBody).min(1).max(20).optional(),
    deadlines: z
      .partialRecord(
        z.enum(DEADLINE_NAMES.outside),
        z.strictObject({
          due: Duration,
          remind: Duration.nullable().optional(),
          escalate: Duration.nullable().optional(),
        }),
      )
      .optional()
      .meta({ description: 'durations of operation time' }),
    follow_up_months: z.array(z.number().int().min(1).max(60)).max(24).optional(),
    document_validity_after_arrival: Duration.optional(),
    consent_max_age: Duration.optional(),
    fitness_validity: Duration.optional(),
    lock_before: Duration.optional(),
    evidence_rounds: z.number().int().min(0).max(10).optional(),
  })
  .meta({ id: 'OperationRules' });

const Purpose = z.enum(SITE_PURPOSES).meta({ id: 'SitePurpose' });
export const SiteBody = z
  .strictObject({
    name: Title,
    purpose: Purpose.default('registration'),
    capacity: z.number().int().min(0).max(1_000_000).optional(),
  })
  .meta({ id: 'Site' });
const SECTOR_CODES = MCOF_2012.map(({ code }) => code);
export const SectorCode = z.enum(SECTOR_CODES).meta({ id: 'SectorCode' });
export const SectorBody = z
  .strictObject({
    code: SectorCode,
    lead_agency: Title.optional(),
    cluster: Title.optional(),
    planned: z.number().int().min(0).max(100_000_000).optional(),
  })
  .meta({ id: 'PlannedSector' });

const SegmentBody = z
  .strictObject({
    from_operation_time: Moment,
    seconds_per_day: z.number().positive().max(86_400).meta({ description: 'of real time for a day of the operation' }),
  })
  .meta({ id: 'ClockSegment' });
const SegmentBodies = z
  .array(SegmentBody)
  .min(1)
  .max(200)
  .optional()
  .meta({ description: 'only of a drill; a real operation runs in real time' });
const NO_CLOCK = { path: ['clock'], message: 'Only a drill has a clock of its own' };

function unique(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}

export const NewOperation = z
  .strictObject({
    kind: Kind,
    drill: z.boolean().default(false),
    name: Title,
    country: Nationality,
    starts_at: Moment.optional(),
    clock: SegmentBodies,
    rules: RulesBody.optional(),
    sites: z
      .array(SiteBody)
      .max(500)
      .refine((sites) => unique(sites.map(({ name }) => name)), 'A name stands for one site')
      .default([]),
    sectors: z
      .array(SectorBody)
      .max(15)
      .refine((sectors) => unique(sectors.map(({ code }) => code)), 'Each sector once')
      .default([]),
    partners: z.array(id('partner')).max(500).default([]),
  })
  .refine((body) => body.drill || body.clock === undefined, NO_CLOCK);

/** What an operation takes besides its plan. */
export const PlanActivation = z
  .strictObject({
    name: Title.optional().meta({ description: 'of the operation; default: of the plan' }),
    drill: z.boolean().default(false).meta({ description: 'a rehearsal: the plan stays as it is' }),
    starts_at: Moment.optional(),
    clock: SegmentBodies,
  })
  .refine((body) => body.drill || body.clock === undefined, NO_CLOCK);

const ScopeKind = FIELDS.suspensionScope;
export const Status = z.enum(Object.keys(OPERATION_STATUSES) as OperationStatus[]).meta({ id: 'OperationStatus' });

export const Operation = z
  .object({
    id: id('operation'),
    kind: Kind,
    drill: z.boolean(),
    name: z.string(),
    country: z.string(),
    status: Status,
    plan_id: z.string().nullable(),
    government_request_ref: z.string().nullable(),
    rules_version: z.number().int(),
    registration_open: z.boolean(),
    starts_at: At,
    created_at: At.meta({ description: 'real time' }),
  })
  .meta({ id: 'Operation' });
export const OperationDetail = Operation.extend({
  operation_time: At,
  leads: z.record(z.string(), z.string()),
  phases: z.record(z.string(), z.enum(PHASES)),
  sites: z.array(z.object({ id: z.string(), name: z.string(), purpose: Purpose, capacity: z.number().nullable() })),
  partners: z.array(z.object({ id: z.string(), kind: PartnerKind, name: z.string(), state: z.string().nullable() })),
  suspensions: z.array(
    z.object({ id: z.string(), scope_kind: ScopeKind, scope_value: z.string().nullable(), from: At }),
  ),
});

export const Clock = z.object({
  operation_time: At,
  real_time: At.meta({ description: 'real time' }),
  segments: z.array(z.object({ from_operation_time: At, from_real_time: At, seconds_per_day: z.number() })),
});

export const Sector = z.object({
  number: z.number().int(),
  code: z.string(),
  name: z.string(),
  lead_agency: z.string().nullable(),
  cluster: z.string().nullable(),
  planned: z.number().int(),
  reached: z.number().int().meta({ description: 'people given a service of the sector: counted, never typed in' }),
  services: z.number().int(),
});
export const SectorInput = z.strictObject({
  lead_agency: Title.nullable().default(null),
  cluster: Title.nullable().default(null),
  planned: z.number().int().min(0).max(100_000_000).default(0),
});

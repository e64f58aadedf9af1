import { z } from 'zod';
import { ACCESS_PURPOSES } from '../../domain/access.ts';
import { HOLD_TYPES } from '../../domain/holds.ts';
import { AUTHORITIES } from '../../domain/journeys/endings.ts';
import { MILESTONES } from '../../domain/journeys/statuses.ts';
import { DISCLOSED_SCHEMAS } from '../../domain/personData.ts';
import { REQUEST_KINDS } from '../../domain/requests/index.ts';
import { DEADLINE_NAMES, EVENT_KINDS, JOURNEY_COMMAND_NAMES } from '../casing.ts';
import { At, canDo, Day, EndingCode, id, MaybeAt, PhaseCode, StatusCode } from './common.ts';

const Sex = z.enum(['F', 'M', 'X']).meta({ id: 'Sex' });
const Traveller = z.enum(['adult', 'child', 'infant']).meta({ id: 'Traveller' });
export const WaitKind = z.enum(DEADLINE_NAMES.outside).meta({ id: 'WaitKind', description: 'what is awaited' });

export const ListedPerson = z.object({
  id: id('person'),
  journey_id: z.string(),
  household_id: z.string(),
  household_reference: z.string(),
  nationality: z.string(),
  sex: Sex,
  traveller: Traveller,
  status: StatusCode,
  status_since: At,
  ending: EndingCode.nullable(),
  on_hold: z.boolean(),
  movement_id: z.string().nullable(),
  waiting: z.object({ kind: WaitKind, whom: z.string(), what: z.string(), since: At, due: MaybeAt }).nullable(),
  more: z.number().int(),
  changed_at: At.meta({ description: 'real time' }),
  names: DISCLOSED_SCHEMAS.names,
});

const Hold = z.object({
  id: z.string(),
  status: z.literal('open'),
  since: At,
  type: z.enum(HOLD_TYPES).optional().meta({ description: 'for protection roles alone' }),
  reason: z.string().optional().meta({ description: 'for protection roles alone' }),
  approvals: z.number().int().optional().meta({ description: 'for protection roles alone' }),
});

/** Others who were found to be the same person. */
const Linked = z
  .array(
    z.union([
      z.object({ known_elsewhere: z.literal(true) }),
      z.object({
        known_elsewhere: z.literal(false),
        id: id('person'),
        goes_on: z.boolean().meta({ description: 'whether it is this registration with which the person travels on' }),
      }),
    ]),
  )
  .meta({ description: 'others whom somebody found to be the same person' });

export const Found = z.object({
  data: z.array(
    z.object({
      id: id('person'),
      operation_id: z.string(),
      household_reference: z.string(),
      status: StatusCode,
      match: z.number().meta({ description: '0 to 1: how well the name answers, best first; 1 for a number' }),
      same_person_as: Linked,
      names: DISCLOSED_SCHEMAS.names,
    }),
  ),
  more: z.boolean().meta({ description: 'others may be meant as well: give another word of the name' }),
});

export const Person = z.object({
  id: id('person'),
  operation_id: z.string(),
  journey_id: z.string(),
  household_id: z.string(),
  household_reference: z.string(),
  relationship: z.string(),
  is_head: z.boolean(),
  nationality: z.string(),
  sex: Sex,
  traveller: Traveller,
  registered_at: At,
  status: StatusCode,
  status_since: At,
  phase: PhaseCode,
  milestone: z.enum(MILESTONES),
  ending: EndingCode.nullable(),
  ended_at: MaybeAt,
  consent: z.object({ status: z.enum(['none', 'pending', 'given', 'refused', 'withdrawn']), sharing: z.boolean() }),
  holds: z.array(Hold),
  nationality_status: z.enum(['open', 'requested', 'confirmed', 'not_confirmed', 'undetermined', 'retracted']),
  document: z.object({
    status: z.enum(['none', 'held', 'requested', 'issued', 'refused', 'expired']),
    valid_until: Day.nullable(),
  }),
  exit_permit: z.enum(['open', 'requested', 'granted', 'refused', 'not_required']),
  fitness: z.object({
    status: z.enum(['unknown', 'requested', 'fit', 'fit_with', 'unfit', 'expired']),
    until: MaybeAt,
    conditions: z.array(z.string()),
  }),
  travel: z.object({
    status: z.enum(['none', 'seated', 'checked_in', 'boarded', 'in_transit', 'arrived']),
    next_leg: z.string().nullable(),
    movement_id: z.string().nullable(),
    movement_reference: z.string().nullable(),
    route: z.array(z.string()),
  }),
  arrived_at: MaybeAt,
  same_person_as: Linked,
  /** what the caller's roles read of the person; the access log tells of it */
  ...DISCLOSED_SCHEMAS,
  care: z.array(z.string()).optional(),
  protection: z.array(z.string()).optional(),
});

export const Household = z.object({
  id: id('household'),
  reference: z.string(),
  site: z.string().nullable(),
  priority: z.number().int(),
  requested_at: At,
  members: z.array(
    z.object({
      person_id: z.string(),
      journey_id: z.string(),
      relationship: z.string(),
      is_head: z.boolean(),
      nationality: z.string(),
      traveller: Traveller,
      status: StatusCode,
      milestone: z.enum(MILESTONES),
      ending: EndingCode.nullable(),
      on_hold: z.boolean(),
      ready: z.boolean(),
    }),
  ),
  ready: z.boolean(),
});

export const History = z.object({
  person_id: z.string(),
  journey_id: z.string(),
  phases: z.array(
    z.object({
      phase: PhaseCode,
      title: z.string(),
      entries: z.array(
        z.object({
          at: At,
          who: z.string(),
          what: z.string(),
          why: z.string().optional(),
          note: z.string().optional(),
          note_redacted: z.literal(true).optional().meta({ description: 'there is a note that you may not read' }),
          event: z.enum(EVENT_KINDS).meta({ id: 'EventKind' }),
        }),
      ),
    }),
  ),
});

export const Now = z.object({
  person_id: z.string(),
  journey_id: z.string(),
  operation_time: At,
  status: StatusCode,
  phase: PhaseCode,
  sentence: z.string(),
  waiting: z.array(
    z.object({
      kind: WaitKind,
      whom: z.string(),
      what: z.string(),
      since: At,
      remind_at: MaybeAt,
      due: MaybeAt,
      escalate_at: MaybeAt,
      blocks: z.boolean(),
      sentence: z.string(),
    }),
  ),
  more: z.number().int(),
  waits_for_members: z.array(z.string()).meta({ description: 'ids of the members of the household who are not ready' }),
  proposed_ending: z
    .object({
      ending: EndingCode,
      by: z.string().meta({ description: 'who proposed it; another person confirms it' }),
      at: At,
      authority: z.enum(AUTHORITIES).nullable(),
      partner_id: z.string().nullable(),
    })
    .nullable()
    .meta({ description: 'an ending that waits for a second person' }),
  can_do: canDo(JOURNEY_COMMAND_NAMES.outside),
});

export const Disclosure = z.object({
  id: z.string(),
  kind: z.enum(['sent', 'shown']),
  partner_id: z.string().nullable(),
  partner: z.string().nullable(),
  principal: z.string().nullable(),
  purpose: z.enum([...REQUEST_KINDS, ...ACCESS_PURPOSES]).meta({ id: 'DisclosurePurpose' }),
  fields: z.array(z.string()),
  consent_version: z.number().int().nullable(),
  agreement_id: z.string().nullable(),
  at: At,
  recorded_at: At.meta({ description: 'real time' }),
});

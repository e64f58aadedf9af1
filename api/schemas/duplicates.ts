import { z } from 'zod';
import { PAIR_REASONS, type PairReason } from '../../domain/duplicates/comparePeople.ts';
import { PAIR_STATUSES } from '../../domain/duplicates/decisions.ts';
import { DUPLICATE_COMMAND_NAMES } from '../casing.ts';
import { At, id } from './common.ts';
import { Person } from './people.ts';

const Command = z.enum(DUPLICATE_COMMAND_NAMES.outside).meta({ id: 'DuplicateCommand' });
const Reason = z
  .object({
    code: z.enum(Object.keys(PAIR_REASONS) as [PairReason, ...PairReason[]]),
    points: z.number().int().meta({ description: 'what it adds to the score; 0 is for reading only' }),
    sentence: z.string(),
  })
  .meta({ id: 'DuplicateReason' });

const Elsewhere = z
  .object({ known_elsewhere: z.literal(true) })
  .meta({ description: 'somebody of an operation in which you have no role: nothing of them is shown' });
const ListedHere = z
  .object({
    known_elsewhere: z.literal(false),
    id: id('person'),
    journey_id: z.string(),
    operation_id: z.string(),
  })
  .meta({ id: 'DuplicatePerson' });
const Here = Person.pick({
  id: true,
  operation_id: true,
  journey_id: true,
  household_id: true,
  household_reference: true,
  relationship: true,
  is_head: true,
  nationality: true,
  sex: true,
  traveller: true,
  registered_at: true,
  status: true,
  ending: true,
  names: true,
  reference: true,
  birth_date: true,
  phone: true,
  language: true,
  identity_document: true,
  destination: true,
  care: true,
  protection: true,
}).extend({ known_elsewhere: z.literal(false), on_hold: z.boolean() });
export type PersonHere = z.output<typeof Here>;

/** Fields that help to decide whether two registrations are one person. */
export const COMPARED_FIELDS = [
  'given_names',
  'family_name',
  'sex',
  'birth_date',
  'nationality',
  'identity_document',
  'phone',
  'language',
  'destination',
  'relationship',
  'household_id',
  'operation_id',
] as const;
export type ComparedField = (typeof COMPARED_FIELDS)[number];

const Status = z
  .enum(PAIR_STATUSES)
  .meta({ id: 'PairStatus', description: 'suspected and asked are open; distinct and same are decided' });
const PairBase = z.object({
  id: id('pair'),
  status: Status,
  score: z.number().int().meta({ description: '0 to 100; from 60 on a person is asked' }),
  reasons: z
    .array(Reason)
    .meta({ description: 'the most telling first; none where one of the two is known elsewhere' }),
  found_at: At.meta({ description: 'real time' }),
});

export const ListedPair = PairBase.extend({ people: z.array(z.union([Elsewhere, ListedHere])) });

/** What waits since the two were found to be one person. */
const Waiting = z
  .object({ journey_id: z.string(), hold_id: z.string() })
  .nullable()
  .meta({ description: 'the journey that a hold stops, so that only one of the two goes on' });

export const Pair = PairBase.extend({
  people: z.array(z.union([Elsewhere, Here])),
  differs: z.array(z.enum(COMPARED_FIELDS)).meta({ description: 'of the fields shown, those in which the two differ' }),
  waiting: Waiting,
  decisions: z.array(
    z.object({
      decision: Command,
      by: z.string(),
      role: z.string(),
      at: At,
      reason_code: z.string().nullable(),
      note: z.string().optional(),
    }),
  ),
  can_do: z.array(z.object({ command: Command, sentence: z.string(), reason_required: z.boolean() })),
});

export const DecidedPair = z
  .object({
    id: id('pair'),
    status: Status,
    seq: z.number().int(),
    waiting: Waiting,
    allowed: z.array(Command).meta({ description: 'the commands that you could give now' }),
  })
  .meta({ id: 'DuplicateDecided' });

import { z } from 'zod';
import { PAIR_REASONS, type PairReason } from '../duplicates/comparePeople.ts';
import { storedValue } from '../storedValue.ts';
import { COLUMNS } from './columns.ts';

/** Why a list was refused, in words. */
const Refusal = z.object({ code: z.string(), detail: z.string(), hint: z.string() });
export type Refusal = z.infer<typeof Refusal>;

/** What a dry run found, for the whole list. `byCode` counts rows that have a code. */
const ImportCounts = z.object({
  rows: z.number(),
  accept: z.number(),
  acceptWithWarning: z.number(),
  reject: z.number(),
  byCode: z.record(z.string(), z.number()),
  households: z.number(),
  incompleteHouseholds: z.number(),
  alreadyKnown: z.number(),
});
export type ImportCounts = z.infer<typeof ImportCounts>;

/** What became of the rows of a corrected file. `unmatched`: without a number and without a person_ref, or named twice. */
const CorrectionCounts = z.object({
  rows: z.number(),
  corrected: z.number(),
  added: z.number(),
  already: z.number(),
  unmatched: z.number(),
});
export type CorrectionCounts = z.infer<typeof CorrectionCounts>;

/** How many people of a list may be known already. */
const DuplicateCandidates = z.object({
  /** rows that could be taken in, each compared */
  compared: z.number(),
  /** pairs of two rows of the list */
  withinList: z.number(),
  /** rows that are a pair with somebody who was taken in before, in any operation */
  withKnown: z.number(),
  /** the first of the former */
  first: z.array(
    z.object({
      rows: z.tuple([z.number(), z.number()]),
      score: z.number(),
      reasons: z.array(z.object({ reason: z.enum(Object.keys(PAIR_REASONS) as PairReason[]), points: z.number() })),
    }),
  ),
});
export type DuplicateCandidates = z.infer<typeof DuplicateCandidates>;

export const STORED_REFUSAL = storedValue('Refusal of a list', Refusal.nullable());
export const STORED_IMPORT_COUNTS = storedValue('Counts of a list', ImportCounts.nullable());
export const STORED_MEND_COUNTS = storedValue('Counts of a corrected file', CorrectionCounts.nullable());
export const STORED_MET_TWICE = storedValue('Duplicate candidates of a list', DuplicateCandidates.nullable());

/** How a person said that dates with the year last are to be read, column by column. */
export const STORED_DATE_ORDER = storedValue(
  'Order of dates in a list',
  z.partialRecord(z.enum(COLUMNS), z.enum(['day_first', 'month_first'])),
);

import { z } from 'zod';
import { PAIR_REASONS, type PairReason } from '../duplicates/comparePeople.ts';
import { storedValue } from '../versioned.ts';

export type ImportStatus =
  | 'uploading'
  | 'uploaded'
  | 'checking'
  | 'checked'
  | 'committing'
  | 'starting'
  | 'done'
  | 'refused';

/** Why a list was refused, in words. */
const Refusal = z.object({ code: z.string(), detail: z.string(), hint: z.string() });
export type Refusal = z.infer<typeof Refusal>;

/** The counts of a dry run over the whole list. `byCode` counts the rows with each code. */
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

/**
 * The result for the rows of a correction file. `unmatched`: without a number and without a person_ref, or named twice.
 */
const CorrectionCounts = z.object({
  rows: z.number(),
  corrected: z.number(),
  added: z.number(),
  already: z.number(),
  unmatched: z.number(),
});
export type CorrectionCounts = z.infer<typeof CorrectionCounts>;

/** How many people of a list may already be registered. */
const DuplicateCandidates = z.object({
  /** rows that can be registered; each was compared */
  compared: z.number(),
  /** pairs of two rows of the list */
  withinList: z.number(),
  /** rows that are a duplicate candidate with a person registered before, in any operation */
  withKnown: z.number(),
  /** the first of these rows */
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
export const STORED_CORRECTION_COUNTS = storedValue('Counts of a corrected file', CorrectionCounts.nullable());
export const STORED_DUPLICATE_CANDIDATES = storedValue(
  'Duplicate candidates of a list',
  DuplicateCandidates.nullable(),
);

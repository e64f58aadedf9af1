import { z } from 'zod';
import { CODES } from '../../domain/imports/codes.ts';
import { COLUMNS } from '../../domain/imports/columns.ts';
import { ENCODINGS } from '../../domain/imports/file.ts';
import { At, id, Length } from './common.ts';

export const VerdictCode = z.enum(['accept', 'accept_with_warning', 'reject']);
const ColumnName = z.enum(COLUMNS).meta({ id: 'Column' });
const FindingCode = z
  .enum(Object.keys(CODES) as [keyof typeof CODES, ...Array<keyof typeof CODES>])
  .meta({ id: 'FindingCode' });

/** One fault or warning in words. */
export const FindingOut = z
  .object({
    code: FindingCode,
    column: z.string(),
    fields: z.array(z.string()).optional().meta({ description: 'check digits of the passport that do not fit' }),
    detail: z.string().meta({ description: 'what is wrong and what to do' }),
    hint: z
      .string()
      .optional()
      .meta({ description: 'what the cell may have been meant as; nothing is converted by it' }),
  })
  .meta({ id: 'Finding' });

/** A delimiter has a name here: a tab or a semicolon is easily lost in an address. */
export const DELIMITERS = { comma: ',', semicolon: ';', tab: '\t' } as const;
const DelimiterName = z.enum(['comma', 'semicolon', 'tab']);
const EncodingName = z.enum(ENCODINGS);
const DateOrderName = z.enum(['day_first', 'month_first']);

const Heading = z.object({
  position: z.number().int().meta({ description: 'counted from 1, as in the file' }),
  heading: z.string(),
  column: z.string().nullable().meta({ description: 'what it stands for; null where its cells are not taken' }),
  by: z.enum(['name', 'said', 'remembered']).nullable().meta({
    description:
      'why: its name, what somebody said of this list, or of an earlier list of the same source; null where nothing is known of it',
  }),
  suggestions: z.array(z.string()).meta({ description: 'columns that an unknown heading may stand for' }),
});

const Found = z.object({
  format: z.enum(['delimited', 'xlsx']),
  encoding: EncodingName.nullable(),
  encoding_certain: z
    .boolean()
    .meta({ description: 'false where the bytes allow another encoding: look at some names' }),
  byte_order_mark: z.boolean(),
  delimiter: DelimiterName.nullable(),
  newline: z.enum(['CRLF', 'LF', 'CR']).nullable(),
  sheets: z
    .array(z.object({ name: z.string(), hidden: z.boolean(), read: z.boolean() }))
    .meta({ description: 'of a workbook; hidden ones are named, and read only if somebody says so' }),
  headings: z.array(Heading),
  heading_line: z
    .number()
    .int()
    .meta({ description: 'line of the file where the headings stand; what is above them is passed over' }),
  records: z.number().int(),
  date_orders: z
    .array(
      z.object({
        column: z.string(),
        possible: z.array(DateOrderName),
        chosen: DateOrderName.nullable(),
        examples: z
          .array(z.object({ cell: z.string(), day_first: z.string(), month_first: z.string() }))
          .meta({ description: 'the first dates in both readings; empty for roles that are shown no birth dates' }),
      }),
    )
    .meta({
      description: 'columns filled with dates whose year stands last: somebody has to say which part is the day',
    }),
});

const Counts = z.object({
  rows: z.number(),
  accept: z.number(),
  accept_with_warning: z.number(),
  reject: z.number(),
  by_code: z.record(z.string(), z.number()).meta({ description: 'rows that have the code' }),
  households: z.number(),
  incomplete_households: z.number(),
  already_known: z.number().meta({ description: 'rows whose person_ref another list has brought into the operation' }),
});

const DuplicateCandidates = z
  .object({
    compared: z.number(),
    within_list: z.number().meta({ description: 'pairs of two rows that may be one person' }),
    with_known: z.number().meta({ description: 'rows that may be somebody who was registered before' }),
    first: z
      .array(z.object({ rows: z.array(z.number().int()), score: z.number().int(), reasons: z.array(z.string()) }))
      .meta({ description: 'the first pairs within the list' }),
  })
  .meta({ id: 'DuplicateMatching' });

export const Import = z.object({
  id: id('import'),
  operation_id: z.string(),
  status: z.enum(['uploading', 'uploaded', 'checking', 'checked', 'committing', 'starting', 'done', 'refused']),
  file_name: z.string().nullable(),
  bytes: z.number(),
  partner_id: z.string().nullable().meta({ description: 'whose list it is' }),
  continues: z.string().nullable().meta({ description: 'the import whose rows this file corrects' }),
  refusal: z.object({ code: z.string(), detail: z.string(), hint: z.string() }).nullable(),
  found: Found.nullable().meta({ description: 'what was found out about the file; null before it is read' }),
  readings: z
    .array(
      z.object({
        overridden_by: z.string(),
        overridden_at: At.meta({ description: 'real time' }),
        date_order: z.partialRecord(ColumnName, DateOrderName),
      }),
    )
    .meta({ description: 'who said how the list is to be read, the upload first' }),
  reference_date: z.string(),
  counts: Counts.nullable(),
  duplicate_candidates: DuplicateCandidates.nullable().meta({
    description: 'duplicate candidates; null until the checked rows have been compared',
  }),
  correcting: z
    .object({
      rows: z.number(),
      corrected: z.number().meta({ description: 'rows that now stand in the place of rejected ones' }),
      added: z.number().meta({ description: 'rows that the list did not have' }),
      already: z.number().meta({ description: 'rows whose place is not rejected any more: nothing was changed' }),
      unmatched: z
        .number()
        .meta({ description: 'rows without a number and a person_ref, or for a place that another row took' }),
    })
    .nullable()
    .meta({ description: 'of a file that corrections another list: what became of its rows' }),
  first_faults: z
    .array(z.object({ row: z.number().int(), line: z.number().int(), codes: z.array(FindingOut) }))
    .meta({ description: 'the first rejected rows' }),
  progress: z.object({
    done: z.number(),
    total: z.number().nullable(),
    failed: z.number(),
    eta: Length.nullable().meta({ description: 'how long it still takes, in real time' }),
  }),
  created_by: z.string(),
  created_at: At.meta({ description: 'real time' }),
  finished_at: At.nullable(),
});

/** What a list of lists shows of each. */
export const ImportSummary = Import.omit({ found: true, readings: true, first_faults: true });

export const ImportRow = z.object({
  row: z.number().int().meta({ description: 'counted from 1 after the headings' }),
  line: z.number().int().meta({ description: 'as the user sees it in the file' }),
  verdict: VerdictCode,
  codes: z.array(FindingOut),
  child: z.string(),
  protection: z.array(z.string()).meta({ description: 'what a protection officer must see; needs of care for others' }),
  household: z.string().nullable(),
  person_id: z.string().nullable(),
  cells: z
    .partialRecord(ColumnName, z.object({ raw: z.string(), meaning: z.string().nullable() }))
    .nullable()
    .meta({ description: 'cell and meaning side by side; null once the raw list is removed' }),
  redacted: z.array(z.string()).meta({ description: 'columns that the caller’s roles are not shown' }),
});

export const RowQuery = {
  verdict: VerdictCode.optional(),
  code: FindingCode.optional().meta({ description: 'only rows that have it' }),
};

export const UploadQuery = z.strictObject({
  file_name: z
    .string()
    .regex(/^[\w .()-]{1,100}$/, 'A file name is letters, digits, blanks, - _ . ( ), at most 100')
    .optional()
    .meta({ description: 'must not name anybody' }),
  reference_date: z.iso
    .date()
    .optional()
    .meta({ description: 'the day on which ages are reckoned; default: the operation’s own day' }),
  partner: id('partner')
    .optional()
    .meta({ description: 'whose list it is: what its headings mean is remembered for its next lists' }),
  continues: id('import').optional().meta({ description: 'the import whose rejected rows this file corrections' }),
  encoding: EncodingName.optional().meta({ description: 'default: found out' }),
  delimiter: DelimiterName.optional().meta({ description: 'default: found out' }),
});

/** What somebody says of how a list is to be read, on top of what was given before. */
export const ReadArgs = z.strictObject({
  encoding: EncodingName.optional(),
  delimiter: DelimiterName.optional(),
  sheet: z.string().min(1).max(200).optional().meta({ description: 'one of those that were found' }),
  heading_line: z
    .number()
    .int()
    .min(1)
    .max(1_000)
    .optional()
    .meta({ description: 'line of the file where the headings stand, where it was not found out' }),
  columns: z
    .array(
      z.strictObject({
        heading: z.string().min(1).max(500),
        position: z.number().int().min(1).optional().meta({ description: 'where two columns have the same heading' }),
        column: ColumnName.nullable().meta({ description: 'null: do not take its cells' }),
      }),
    )
    .max(200)
    .optional()
    .meta({ description: 'what headings stand for; remembered for the next lists of the same source' }),
  date_order: z
    .partialRecord(z.enum(['date_of_birth', 'registered_at']), DateOrderName)
    .optional()
    .meta({ description: 'how dates with the year last are to be read; for this list only' }),
});

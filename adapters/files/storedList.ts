import { z } from 'zod';
import { COLUMNS } from '../../domain/imports/columns.ts';
import { ENCODINGS } from '../../domain/imports/encodings.ts';
import { storedValue } from '../../domain/storedValue.ts';
import { DELIMITERS } from './delimited.ts';

const DateOrder = z.enum(['day_first', 'month_first']);

const DateOrderOffer = z.object({
  possible: z.array(DateOrder),
  examples: z.array(z.object({ cell: z.string(), dayFirst: z.string(), monthFirst: z.string() })),
});

const FoundList = z.object({
  format: z.enum(['delimited', 'xlsx']),
  encoding: z.enum(ENCODINGS).nullable(),
  encodingCertain: z.boolean(),
  byteOrderMark: z.boolean(),
  delimiter: z.enum(DELIMITERS).nullable(),
  newline: z.enum(['\r\n', '\n', '\r']),
  sheets: z.array(z.object({ name: z.string(), hidden: z.boolean() })),
  sheet: z.string().nullable(),
  headings: z.array(z.string()),
  headingLine: z.number(),
  columns: z.array(z.enum(COLUMNS).nullable()),
  by: z.array(z.enum(['name', 'said', 'remembered']).nullable()),
  unknown: z.array(z.string()),
  records: z.number(),
});

/** What was detected about a list, encrypted with it. */
export const STORED_FOUND_LIST = storedValue(
  'Findings of a list file',
  z.object({ found: FoundList, dateOrders: z.partialRecord(z.enum(COLUMNS), DateOrderOffer) }),
);

/** The overrides of a person, encrypted with the list; the order of dates is stored separately. */
export const STORED_OVERRIDE = storedValue(
  'Reading of a list file',
  z.object({
    encoding: z.enum(ENCODINGS).optional(),
    delimiter: z.enum(DELIMITERS).optional(),
    sheet: z.string().optional(),
    columns: z
      .array(z.object({ heading: z.string(), position: z.number().optional(), column: z.enum(COLUMNS).nullable() }))
      .optional(),
    headingLine: z.number().optional(),
  }),
);

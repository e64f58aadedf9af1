/** The file of a list: what is found of it, what a person says of it instead, and why it is refused as a whole. */
import { z } from 'zod';
import { storedValue } from '../versioned.ts';
import { COLUMNS, type HeadingRule, headingKey } from './columns.ts';

/** Encodings with one byte a letter. Only the first two are detected; a person has to name the others. */
export const SINGLE_BYTE = [
  'windows-1256',
  'windows-1252',
  'windows-1250',
  'windows-1251',
  'windows-1253',
  'windows-1254',
  'windows-1255',
  'windows-1257',
  'windows-1258',
] as const;
/** The supported encodings of a list. */
export const ENCODINGS = ['utf-8', 'utf-16le', 'utf-16be', ...SINGLE_BYTE] as const;
export type Encoding = (typeof ENCODINGS)[number];

export const DELIMITERS = [',', ';', '\t'] as const;
export type Delimiter = (typeof DELIMITERS)[number];

const DATE_ORDER = z.enum(['day_first', 'month_first']);

/** What was detected about the file, for display. */
const FoundList = z.object({
  format: z.enum(['delimited', 'xlsx']),
  /** null in a workbook, as `delimiter` */
  encoding: z.enum(ENCODINGS).nullable(),
  /** false if the bytes allow another encoding: a person should check some names */
  encodingCertain: z.boolean(),
  byteOrderMark: z.boolean(),
  delimiter: z.enum(DELIMITERS).nullable(),
  newline: z.enum(['\r\n', '\n', '\r']),
  /** all sheets of a workbook, hidden ones too; only `sheet` is read */
  sheets: z.array(z.object({ name: z.string(), hidden: z.boolean() })),
  sheet: z.string().nullable(),
  headings: z.array(z.string()),
  /** line of the file, or row of the sheet, with the headings; rows above them are ignored */
  headingLine: z.number(),
  /** the column of each heading; null for an unused one */
  columns: z.array(z.enum(COLUMNS).nullable()),
  /** where that mapping comes from; null for an unknown heading */
  by: z.array(z.enum(['name', 'said', 'remembered']).nullable()),
  /** unknown headings: their cells are ignored */
  unknown: z.array(z.string()),
  /** records after the headings; reading skips empty rows among them */
  records: z.number(),
});
export type FoundList = z.infer<typeof FoundList>;

/** Date columns whose order of parts a person has to choose, with the first dates in each reading. */
const DateOrders = z.partialRecord(
  z.enum(COLUMNS),
  z.object({
    possible: z.array(DATE_ORDER),
    examples: z.array(z.object({ cell: z.string(), dayFirst: z.string(), monthFirst: z.string() })),
  }),
);
export type DateOrders = z.infer<typeof DateOrders>;

/** What was detected about a list, encrypted with it. */
export const STORED_FOUND_LIST = storedValue(
  'Findings of a list file',
  z.object({ found: FoundList, dateOrders: DateOrders }),
);

/** What is known of a file before its headings are read, for display with a refusal. */
export function foundSoFar(known: Partial<FoundList> & Pick<FoundList, 'format'>): FoundList {
  return {
    encoding: null,
    encodingCertain: true,
    byteOrderMark: false,
    delimiter: null,
    newline: '\n',
    sheets: [],
    sheet: null,
    records: 0,
    headings: [],
    headingLine: 1,
    columns: [],
    by: [],
    unknown: [],
    ...known,
  };
}

/** The order of date parts that a person chose, by column. */
const ChosenOrder = z.partialRecord(z.enum(COLUMNS), DATE_ORDER);
export const STORED_DATE_ORDER = storedValue('Order of dates in a list', ChosenOrder);

/** The overrides of a person, encrypted with the list; the order of dates is stored separately. */
const Reading = z.object({
  encoding: z.enum(ENCODINGS).optional(),
  delimiter: z.enum(DELIMITERS).optional(),
  sheet: z.string().optional(),
  columns: z
    .array(z.object({ heading: z.string(), position: z.number().optional(), column: z.enum(COLUMNS).nullable() }))
    .optional(),
  /** line of the file with the headings */
  headingLine: z.number().optional(),
  /** of a correction file: the columns that its sender may not read, where `[kept]` keeps the cell of the list */
  kept: z.array(z.enum(COLUMNS)).optional(),
});
export const STORED_OVERRIDE = storedValue('Reading of a list file', Reading);

/** The overrides of a person for a file. */
export type Override = z.infer<typeof Reading> & {
  /** the order of dates with the year last, by column */
  dateOrder?: z.infer<typeof ChosenOrder>;
};

/** The earlier overrides with the new one on top; a heading that is named again gets the new column. */
export function mergedOverride(before: Override, given: Override): Override {
  const same = (one: HeadingRule, other: HeadingRule): boolean =>
    headingKey(one.heading) === headingKey(other.heading) && one.position === other.position;
  const columns = [
    ...(before.columns ?? []).filter((rule) => !(given.columns ?? []).some((other) => same(rule, other))),
    ...(given.columns ?? []),
  ];
  const dateOrder = { ...before.dateOrder, ...given.dateOrder };
  return {
    ...before,
    ...given,
    ...(columns.length === 0 ? {} : { columns }),
    ...(Object.keys(dateOrder).length === 0 ? {} : { dateOrder }),
  };
}

/**
 * Why a whole list is refused; none of its rows is imported. `again`: an override of encoding, delimiter, sheet or
 * headings may help, so the file is stored. Otherwise nothing of it is stored.
 */
const LIST_REFUSALS = {
  empty: { again: false, sentence: 'The file is empty.', hint: 'Choose the file again.' },
  no_rows: {
    again: true,
    sentence: 'The file has headings but nobody under them.',
    hint: 'Choose the file or the sheet that holds the people.',
  },
  too_large: {
    again: false,
    sentence: 'The file is larger than the limit, so it may not be whole.',
    hint: 'Split it, whole households together.',
  },
  too_many_rows: {
    again: false,
    sentence: 'The file has more rows than the limit.',
    hint: 'Split it, whole households together.',
  },
  too_many_columns: {
    again: true,
    sentence: 'The file has more columns than the limit.',
    hint: 'Check the delimiter, or remove columns.',
  },
  record_too_large: {
    again: true,
    sentence: 'One row is larger than the limit.',
    hint: 'A quotation mark may have been opened and never closed: look at the named line.',
  },
  cut_off: {
    again: true,
    sentence: 'The file ends in the middle of a row, so a part of it is missing.',
    hint: 'Send the whole file again; if it is whole, a quotation mark is opened and never closed at the named line.',
  },
  unreadable_text: {
    again: true,
    sentence: 'The text cannot be read in this encoding.',
    hint: 'Choose another encoding, or save the list as UTF-8.',
  },
  unknown_format: {
    again: false,
    sentence: 'This is no list that can be read.',
    hint: 'Save it as .xlsx, or as CSV in UTF-8.',
  },
  workbook_damaged: {
    again: false,
    sentence: 'The workbook is damaged or incomplete.',
    hint: 'Open it, save it as .xlsx and send it again.',
  },
  sheet_unknown: { again: true, sentence: 'The workbook has no such sheet.', hint: 'Choose one of the sheets named.' },
  columns_missing: {
    again: true,
    sentence: 'Columns that every list must have are missing.',
    hint: 'Say which of the file’s headings stand for them.',
  },
  columns_repeated: {
    again: true,
    sentence: 'Two columns stand for the same thing.',
    hint: 'Rename or remove one, or say by its position which one counts.',
  },
} as const;

export type ListRefusal = keyof typeof LIST_REFUSALS;

/**
 * A list that is refused. The message names headings, lines and limits, never a cell. `found` is what was detected so
 * far, so that a person can override it.
 */
export class ListRefused extends Error {
  override readonly name = 'ListRefused';
  readonly code: ListRefusal;
  readonly hint: string;
  readonly again: boolean;
  readonly found: FoundList | undefined;

  constructor(code: ListRefusal, detail: string, found?: FoundList) {
    super(`${LIST_REFUSALS[code].sentence} ${detail}`.trim());
    this.code = code;
    this.hint = LIST_REFUSALS[code].hint;
    this.again = LIST_REFUSALS[code].again;
    this.found = found;
  }
}

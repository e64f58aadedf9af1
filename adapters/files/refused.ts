/**
 * Why a whole list is refused; none of its rows is imported. `again`: an override of encoding, delimiter, sheet or
 * headings may help, so the file is stored. Otherwise nothing of it is stored.
 */
export const LIST_REFUSALS = {
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
 * A list that is refused. `detail` names headings, lines and limits, never a cell. `found` is what was detected so far,
 * so that a person can override it.
 */
export class ListRefused<Found = unknown> extends Error {
  override readonly name = 'ListRefused';
  readonly code: ListRefusal;
  readonly detail: string;
  readonly hint: string;
  readonly again: boolean;
  readonly found: Found | undefined;

  constructor(code: ListRefusal, detail: string, found?: Found) {
    super(`${LIST_REFUSALS[code].sentence} ${detail}`.trim());
    this.code = code;
    this.detail = detail;
    this.hint = LIST_REFUSALS[code].hint;
    this.again = LIST_REFUSALS[code].again;
    this.found = found;
  }
}

import type { Column } from './columns.ts';

/** Columns of names and numbers. Where a spreadsheet stored them as an amount, digits are lost. */
export const NUMBER_COLUMNS = [
  'household_ref',
  'person_ref',
  'phone',
  'document_number',
] as const satisfies readonly Column[];

/**
 * `4.41E+11` or `4.41E11`, also with a comma. `1E05` is not matched: no spreadsheet writes it, and teams use such
 * numbers.
 */
const SCIENTIFIC = /^[0-9](?:(?:[.,٫][0-9]+)?E[+-]|[.,٫][0-9]+E)[0-9]{1,3}$/i;
/** `99900012347.0`: the number went through a floating-point column. */
const FLOATING = /^[0-9]{5,}[.,]0+$/;

export function hasLostPrecision(cell: string): boolean {
  return SCIENTIFIC.test(cell) || FLOATING.test(cell);
}

/** What a spreadsheet writes for a failed formula: `#N/A`, `#REF!`, `#¡VALOR!`, or for a column that is too narrow. */
const SPREADSHEET_ERROR = /^(?:#(?:N\/[AD]|[¡\p{Lu}][\p{Lu}0-9_/.]*[!?])|#{3,})$/u;

export function isSpreadsheetError(cell: string): boolean {
  return SPREADSHEET_ERROR.test(cell);
}

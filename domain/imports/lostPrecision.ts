import type { Column } from './columns.ts';

/** Cells that name or number somebody: where a spreadsheet took them for an amount, digits are gone for good. */
export const NUMBER_COLUMNS = [
  'household_ref',
  'person_ref',
  'phone',
  'document_number',
] as const satisfies readonly Column[];

/** `4.41E+11`, `4.41E11`, also with a comma. `1E05` is left alone: no spreadsheet writes it so, and teams do number so. */
const SCIENTIFIC = /^[0-9](?:(?:[.,٫][0-9]+)?E[+-]|[.,٫][0-9]+E)[0-9]{1,3}$/i;
/** `99900012347.0`: the number went through a floating point column. */
const FLOATING = /^[0-9]{5,}[.,]0+$/;

export function hasLostPrecision(cell: string): boolean {
  return SCIENTIFIC.test(cell) || FLOATING.test(cell);
}

/** What a spreadsheet writes where it could not work a cell out: `#N/A`, `#REF!`, `#¡VALOR!`, or a column too narrow. */
const SPREADSHEET_ERROR = /^(?:#(?:N\/[AD]|[¡\p{Lu}][\p{Lu}0-9_/.]*[!?])|#{3,})$/u;

export function isSpreadsheetError(cell: string): boolean {
  return SPREADSHEET_ERROR.test(cell);
}

import type { Hint } from './codes.ts';
import { hasOtherDigits } from './digits.ts';

/** Possible years of birth of a person who is alive about `referenceYear`. */
function isLivingYear(year: number, referenceYear: number): boolean {
  return year <= referenceYear && year >= referenceYear - 110;
}

/** What a refused birth date may mean. Nothing is converted: a person decides. */
export function birthDateHint(cell: string, referenceYear: number): Hint | undefined {
  if (hasOtherDigits(cell)) return 'other_digits';
  if (/^[0-9]{1,2}[./ -][0-9]{1,2}[./ -](?:[0-9]{4}|[0-9]{2})$/.test(cell)) return 'day_first';
  if (/^[0-9]{5}(?:[.,][0-9]+)?$/.test(cell)) return 'spreadsheet_day';
  const parts = /^([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?$/.exec(cell);
  if (parts === null) return undefined;
  const [year, month, day] = [Number(parts[1]), Number(parts[2] ?? 0), Number(parts[3] ?? 0)];
  if (month === 13 && day <= 6 && isLivingYear(year + 8, referenceYear)) return 'ethiopic';
  if (month > 12 || day > 31) return undefined;
  if (year >= 1250 && year <= 1500 && isLivingYear(year + 621, referenceYear)) return 'solar_hijri';
  if (year > referenceYear && isLivingYear(year - 543, referenceYear)) return 'buddhist';
  return undefined;
}

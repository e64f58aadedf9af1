/**
 * The text of a number cell as a reader sees it: with leading zeros and signs of its format, and dates at the precision
 * of the format. Digits that the spreadsheet has lost are not invented.
 */
export type NumberText = { text: string; isDate: boolean; zerosShown: boolean };

/** Formats with a number only (ECMA-376 part 1, 18.8.30); the East Asian dates as plain dates. */
const BUILT_IN = new Map<number, string>([
  [0, 'General'],
  [1, '0'],
  [2, '0.00'],
  [3, '#,##0'],
  [4, '#,##0.00'],
  [9, '0%'],
  [10, '0.00%'],
  [11, '0.00E+00'],
  [14, 'yyyy-mm-dd'],
  [15, 'd-mmm-yy'],
  [16, 'd-mmm'],
  [17, 'mmm-yy'],
  [18, 'h:mm'],
  [19, 'h:mm:ss'],
  [20, 'h:mm'],
  [21, 'h:mm:ss'],
  [22, 'yyyy-mm-dd h:mm'],
  [45, 'mm:ss'],
  [46, '[h]:mm:ss'],
  [47, 'mm:ss'],
  [49, '@'],
]);

export function builtInFormat(id: number): string {
  if ((id >= 27 && id <= 36) || (id >= 50 && id <= 58)) return 'yyyy-mm-dd';
  return BUILT_IN.get(id) ?? 'General';
}

/** The digits that a spreadsheet stores; it replaces further digits with zeros. */
const DIGITS_KEPT = 15;

/** @param format the cell's format code; @param date1904 days count from 1904 (old Macintosh workbooks) */
export function numberText(value: number, format: string, date1904: boolean): NumberText {
  const shown = shownParts(format);
  if (shown !== null && value >= 0) {
    return { text: dateText(value, shown, date1904), isDate: true, zerosShown: false };
  }
  const patterned = patternText(value, format);
  if (patterned !== null) return { text: patterned, isDate: false, zerosShown: true };
  return { text: plainText(value), isDate: false, zerosShown: false };
}

function plainText(value: number): string {
  if (!Number.isInteger(value) || Math.abs(value) < 10 ** DIGITS_KEPT) return String(value);
  return value.toExponential().toUpperCase();
}

type ShownParts = { year: boolean; month: boolean; day: boolean; time: boolean };

/** The parts of a date that the format shows; null for another format. Quoted and bracketed text is ignored. */
function shownParts(format: string): ShownParts | null {
  const section = (format.split(';')[0] ?? '')
    .replace(/"[^"]*"|\\.|_.|\*./g, ' ')
    .replace(/\[(?![hms]+\])[^\]]*\]/gi, ' ')
    .toLowerCase();
  if (section.includes('general') || !/[ymdhs]/.test(section) || /[0#]/.test(section.replace(/s\.0+/g, 's')))
    return null;
  // m next to h or s is minutes
  const withoutTime = section.replace(/(h+[^a-z]*)m+/g, '$1').replace(/m+([^a-z]*s)/g, '$1');
  return {
    year: withoutTime.includes('y'),
    month: withoutTime.includes('m'),
    day: withoutTime.includes('d'),
    time: /[hs]/.test(section),
  };
}

const two = (value: number): string => String(value).padStart(2, '0');

function dateText(serial: number, shown: ShownParts, date1904: boolean): string {
  const seconds = Math.round((serial - Math.floor(serial)) * 86_400);
  const wholeDays = Math.floor(serial) + (seconds === 86_400 ? 1 : 0);
  const ofDay = seconds % 86_400;
  const clock = `${two(Math.floor(ofDay / 3600))}:${two(Math.floor(ofDay / 60) % 60)}:${two(ofDay % 60)}`;
  if (!shown.year && !shown.month && !shown.day) return clock;
  const day = dayOfSerial(wholeDays, date1904);
  if (!shown.year) return `--${day.slice(5)}`;
  if (!shown.month && !shown.day) return day.slice(0, 4);
  if (!shown.day) return day.slice(0, 7);
  return ofDay === 0 ? day : `${day}T${clock}`;
}

/** `YYYY-MM-DD`. The 1900 system has a 29 February 1900 (serial 60), so later days are one too many. */
function dayOfSerial(serial: number, date1904: boolean): string {
  if (!date1904 && serial === 60) return '1900-02-29';
  const start = date1904 ? Date.UTC(1904, 0, 1) : Date.UTC(1899, 11, serial < 60 ? 31 : 30);
  const date = new Date(start + serial * 86_400_000);
  return Number.isNaN(date.getTime()) ? '' : date.toISOString().slice(0, 10);
}

/**
 * A whole number in a format of digits and literal text, such as `00000000`, `"+"0`, `000\-000`; null for any other
 * number or format. Thousands separators are omitted, because an identifying number has none.
 */
function patternText(value: number, format: string): string | null {
  if (!Number.isInteger(value) || Math.abs(value) >= 10 ** DIGITS_KEPT) return null;
  const sections = format.split(';');
  const section = value < 0 && sections[1] !== undefined ? sections[1] : (sections[0] ?? '');
  const pieces = section.replace(/\[[^\]]*\]|_.|\*./g, '').match(/"[^"]*"|\\.|[0#]|[-+()/ :.,]|[^"\\]/g) ?? [];
  const isPlace = (piece: string): boolean => piece === '0' || piece === '#';
  if (pieces.some((piece) => !isPlace(piece) && !/^(?:"[^"]*"|\\.|[-+()/ :,])$/s.test(piece))) return null;
  const zeros = pieces.filter((piece) => piece === '0').length;
  const literals = pieces.filter((piece) => !isPlace(piece) && piece !== ',');
  if (!pieces.some(isPlace) || (zeros < 2 && literals.length === 0)) return null;
  let digits = String(Math.abs(value));
  let places = pieces.filter(isPlace).length;
  const written: string[] = [];
  for (const piece of [...pieces].reverse()) {
    if (!isPlace(piece)) {
      if (piece !== ',') written.unshift(piece.replace(/^"|"$|^\\/g, ''));
      continue;
    }
    places--;
    // the leftmost placeholder takes all remaining digits
    const taken = places === 0 ? digits : digits.slice(-1);
    digits = digits.slice(0, digits.length - taken.length);
    written.unshift(taken === '' && piece === '0' ? '0' : taken);
  }
  return (value < 0 && sections[1] === undefined ? '-' : '') + written.join('');
}

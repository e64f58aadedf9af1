/** Dates with slashes, dots or hyphens and the year last. A single date does not show which part is the day. */
export type DateOrder = 'day_first' | 'month_first';

const YEAR_LAST = /^([0-9]{1,2})([./ -])([0-9]{1,2})\2([0-9]{4})(?=$|[T ])/;

function isoText(year: string, month: string, day: string): string {
  return `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
}

/**
 * The cell with its date in the form `YYYY-MM-DD`; any other cell unchanged. A later rule checks whether the day exists.
 */
export function turnDate(cell: string, order: DateOrder): string {
  const parts = YEAR_LAST.exec(cell);
  if (parts === null) return cell;
  const [text, one = '', , two = '', year = ''] = parts;
  const turned = order === 'day_first' ? isoText(year, two, one) : isoText(year, one, two);
  return turned + cell.slice(text.length);
}

/** An offer to a person, with the first dates in each reading. Nothing is converted without the person's choice. */
export type DateOrderOffer = {
  /** the orders in which every cell of the column is a possible date */
  possible: DateOrder[];
  examples: Array<{ cell: string; dayFirst: string; monthFirst: string }>;
};

/** State of one column while its cells are read from top to bottom. The caller passes it on; it is a few numbers. */
export type DateOrderWatch = {
  dates: number;
  others: number;
  dayFirstFits: boolean;
  monthFirstFits: boolean;
  examples: string[];
};

export function startDateOrderWatch(): DateOrderWatch {
  return { dates: 0, others: 0, dayFirstFits: true, monthFirstFits: true, examples: [] };
}

/** The state after one more tidied cell. Empty cells change nothing. */
export function watchDateOrder(watch: DateOrderWatch, cell: string): DateOrderWatch {
  if (cell === '') return watch;
  const parts = YEAR_LAST.exec(cell);
  if (parts === null) return { ...watch, others: watch.others + 1 };
  return {
    dates: watch.dates + 1,
    others: watch.others,
    dayFirstFits: watch.dayFirstFits && Number(parts[3]) <= 12,
    monthFirstFits: watch.monthFirstFits && Number(parts[1]) <= 12,
    examples: watch.examples.length < 3 ? [...watch.examples, parts[0]] : watch.examples,
  };
}

/** An offer only where such dates fill the whole column and at least one order fits all of them; else null. */
export function offerDateOrder(watch: DateOrderWatch): DateOrderOffer | null {
  if (watch.dates === 0 || watch.others > 0) return null;
  const possible: DateOrder[] = [];
  if (watch.dayFirstFits) possible.push('day_first');
  if (watch.monthFirstFits) possible.push('month_first');
  if (possible.length === 0) return null;
  return {
    possible,
    examples: watch.examples.map((cell) => ({
      cell,
      dayFirst: turnDate(cell, 'day_first'),
      monthFirst: turnDate(cell, 'month_first'),
    })),
  };
}

import type { z } from 'zod';
import type { FoundList, Override } from '../adapters/files/openList.ts';
import { headingKey } from '../domain/imports/headings.ts';
import type { ProblemError } from './problems.ts';
import { DELIMITERS, type ReadArgs } from './schemas/imports.ts';

type Args = z.infer<typeof ReadArgs>;

/** Headings and sheets that the file does not have. Where it is to be read otherwise its headings are not known yet. */
export function misnamed(args: Args, found: FoundList | undefined): ProblemError[] {
  const errors: ProblemError[] = [];
  if (args.sheet !== undefined && found !== undefined && !found.sheets.some(({ name }) => name === args.sheet)) {
    errors.push({ pointer: '/args/sheet', code: 'unknown', detail: 'The file has no such sheet: see found.sheets.' });
  }
  const readOtherwise = [args.encoding, args.delimiter, args.sheet, args.heading_line].some(
    (given) => given !== undefined,
  );
  if (readOtherwise || found === undefined) return errors;
  const keys = found.headings.map(headingKey);
  for (const [index, { heading, position }] of (args.columns ?? []).entries()) {
    const key = headingKey(heading);
    if (position === undefined ? !keys.includes(key) : keys[position - 1] !== key) {
      errors.push({
        pointer: `/args/columns/${index}/heading`,
        code: 'unknown',
        detail: 'The file has no such heading there: see found.headings.',
      });
    }
  }
  return errors;
}

/** The same in the words of whoever reads the file. */
export function overrideOf({ encoding, delimiter, sheet, heading_line, columns, date_order }: Args): Override {
  return {
    ...(encoding ? { encoding } : {}),
    ...(delimiter ? { delimiter: DELIMITERS[delimiter] } : {}),
    ...(sheet ? { sheet } : {}),
    ...(heading_line ? { headingLine: heading_line } : {}),
    ...(columns
      ? {
          columns: columns.map(({ heading, position, column }) => ({
            heading,
            column,
            ...(position === undefined ? {} : { position }),
          })),
        }
      : {}),
    ...(date_order
      ? { dateOrder: Object.fromEntries(Object.entries(date_order).filter(([, order]) => order !== undefined)) }
      : {}),
  };
}

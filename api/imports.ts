import type { z } from 'zod';
import type { ImportProgress, ImportRow, ImportSummary } from '../application/imports/record.ts';
import { CARE_FLAGS } from '../domain/access.ts';
import { PAIR_REASONS } from '../domain/duplicates/comparePeople.ts';
import { CODES, type Finding, HINTS } from '../domain/imports/codes.ts';
import { COLUMNS, type Column, headingKey } from '../domain/imports/columns.ts';
import {
  disclosedColumns,
  disclosedCounts,
  isFindingDisclosed,
  type ListGroups,
  readsGroup,
} from '../domain/imports/disclosed.ts';
import type { FoundList, Override } from '../domain/imports/file.ts';
import { suggestColumns } from '../domain/imports/headings.ts';
import { meaningCells } from '../domain/imports/person.ts';
import { type Instant, iso, isoDuration, SECOND } from '../domain/time.ts';
import type { ProblemError } from './problems.ts';
import { DELIMITERS, type ReadArgs } from './schemas/imports.ts';

/** A finding in words, without quoting the cell. */
export function findingOut(finding: Finding) {
  return {
    code: finding.code,
    column: finding.column,
    ...(finding.fields ? { fields: [...finding.fields] } : {}),
    detail: CODES[finding.code].sentence,
    ...(finding.hint ? { hint: HINTS[finding.hint] } : {}),
  };
}

const findingsOut = (codes: readonly Finding[], groups: ListGroups) =>
  codes.filter((finding) => isFindingDisclosed(finding, groups)).map(findingOut);

type Faults = ReadonlyArray<Pick<ImportRow, 'row' | 'line' | 'codes'>>;

export function importOut(list: ImportProgress, faults: Faults, groups: ListGroups, now: Instant) {
  return {
    ...summaryOut(list, groups, now),
    found: list.found === null ? null : foundFile(list, list.found, groups),
    readings: list.readings.map(({ overriddenBy, overriddenAt, dateOrder }) => ({
      overridden_by: overriddenBy,
      overridden_at: iso(overriddenAt),
      date_order: dateOrder,
    })),
    first_faults: faults.map(({ row, line, codes }) => ({ row, line, codes: findingsOut(codes, groups) })),
  };
}

/** @param now real time */
export function summaryOut(list: ImportSummary, groups: ListGroups, now: Instant) {
  return {
    id: list.id,
    operation_id: list.operationId,
    status: list.status,
    file_name: list.fileName,
    bytes: list.bytes,
    partner_id: list.partnerId,
    continues: list.continues,
    refusal: list.refusal,
    reference_date: list.referenceDate,
    counts: list.counts && {
      rows: list.counts.rows,
      accept: list.counts.accept,
      accept_with_warning: list.counts.acceptWithWarning,
      reject: list.counts.reject,
      by_code: disclosedCounts(list.counts.byCode, groups),
      households: list.counts.households,
      incomplete_households: list.counts.incompleteHouseholds,
      already_known: list.counts.alreadyKnown,
    },
    duplicate_candidates: list.met && {
      compared: list.met.compared,
      within_list: list.met.withinList,
      with_known: list.met.withKnown,
      first: list.met.first.map(({ rows, score, reasons }) => ({
        rows,
        score,
        reasons: reasons.map(({ reason }) => PAIR_REASONS[reason]),
      })),
    },
    correcting: list.correcting,
    progress: {
      done: list.done,
      total: list.total,
      failed: list.failed,
      eta: remaining(list, now),
    },
    created_by: list.createdBy,
    created_at: iso(list.createdAt),
    finished_at: list.finishedAt === null ? null : iso(list.finishedAt),
  };
}

/** The real time that remains, at the pace so far. */
function remaining({ status, total, done, startedAt }: ImportSummary, now: Instant): string | null {
  const runs = status === 'checking' || status === 'committing';
  if (!runs || total === null || done === 0 || startedAt === null) return null;
  const left = (Math.max(0, now - startedAt) / done) * Math.max(0, total - done);
  return isoDuration(Math.ceil(left / SECOND) * SECOND);
}

const NEWLINES = { '\r\n': 'CRLF', '\n': 'LF', '\r': 'CR' } as const;
const DELIMITER_NAMES = Object.entries(DELIMITERS) as Array<[keyof typeof DELIMITERS, string]>;

function foundFile(
  list: ImportProgress,
  { found, dateOrders }: NonNullable<ImportProgress['found']>,
  groups: ListGroups,
) {
  const taken = new Set(found.columns.filter((column) => column !== null));
  const chosen = list.readings.at(-1)?.dateOrder ?? {};
  return {
    format: found.format,
    encoding: found.encoding,
    encoding_certain: found.encodingCertain,
    byte_order_mark: found.byteOrderMark,
    delimiter: DELIMITER_NAMES.find(([, delimiter]) => delimiter === found.delimiter)?.[0] ?? null,
    newline: found.format === 'xlsx' ? null : NEWLINES[found.newline],
    sheets: found.sheets.map((sheet) => ({ ...sheet, read: sheet.name === found.sheet })),
    headings: found.headings.map((heading, index) => ({
      position: index + 1,
      // a file without headings has a person where they should be
      heading: found.unknown.includes(heading) && !readsGroup(groups, 'names') ? '' : heading,
      column: found.columns[index] ?? null,
      by: found.by[index] ?? null,
      suggestions: found.unknown.includes(heading) ? suggestColumns(heading, taken) : [],
    })),
    heading_line: found.headingLine,
    records: found.records,
    date_orders: COLUMNS.flatMap((column) => {
      const offer = dateOrders[column];
      if (offer === undefined) return [];
      return {
        column,
        possible: offer.possible,
        chosen: chosen[column] ?? null,
        examples: (readsGroup(groups, 'birth') ? offer.examples : []).map(({ cell, dayFirst, monthFirst }) => ({
          cell,
          day_first: dayFirst,
          month_first: monthFirst,
        })),
      };
    }),
  };
}

/**
 * A row for somebody who is shown these groups.
 * @param columns what each column of the file stands for
 */
export function rowOut(row: ImportRow, columns: ReadonlyArray<Column | null>, groups: ListGroups) {
  const shown = disclosedColumns(groups);
  const whole = readsGroup(groups, 'protection');
  return {
    row: row.row,
    line: row.line,
    verdict: row.verdict,
    codes: findingsOut(row.codes, groups),
    child: row.child,
    protection: row.protection.filter((flag) => whole || (readsGroup(groups, 'care') && CARE_FLAGS.includes(flag))),
    household: row.household,
    person_id: row.personId,
    cells: cellsOf(row, columns, shown),
    redacted: COLUMNS.filter((column) => columns.includes(column) && !shown.includes(column)),
  };
}

function cellsOf({ raw, meaning }: ImportRow, columns: ReadonlyArray<Column | null>, shown: readonly Column[]) {
  if (raw === null || meaning === null) return null;
  const meanings = meaningCells(meaning);
  return Object.fromEntries(
    shown
      .filter((column) => columns.includes(column))
      .map((column) => [column, { raw: raw[columns.indexOf(column)] ?? '', meaning: meanings[column] }]),
  );
}

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

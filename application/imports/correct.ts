import type { Principal } from '../../domain/access.ts';
import { CODES, explain, type Finding } from '../../domain/imports/codes.ts';
import { KEPT } from '../../domain/imports/columns.ts';
import {
  disclosedColumns,
  groupsOfList,
  isDisclosed,
  isFindingDisclosed,
  type ListGroups,
} from '../../domain/imports/disclosed.ts';
import type { FoundList } from '../../domain/imports/file.ts';
import type { CorrectionCounts, ImportStatus, Refusal } from '../../domain/imports/importRecord.ts';
import { newId } from '../ids.ts';
import type { ImportReads, ListedRow, Start, Transactions } from './record.ts';
import { checkAgain } from './upload.ts';

/** The row of the list that a row of a correction file replaces: its `to_correct` begins with it, `17 k3f9: …`. */
export type Corrections = { row: number; listTag: string };

export function correctedRow(why: string): Corrections | null {
  const [, row, listTag] = /^\s*([1-9][0-9]{0,8}) ([0-9a-z]{4})\s*:/.exec(why) ?? [];
  return row === undefined || listTag === undefined ? null : { row: Number(row), listTag };
}

/** Four letters of an import's id, which show that a correction file belongs to another list. */
function listTagOf(importId: string): string {
  return importId.slice(-4);
}

export type CorrectionFile = { bytes: Buffer; extension: 'csv' | 'tsv' | 'xlsx'; mediaType: string };

export type CorrectionFilePorts = Pick<ImportReads, 'read' | 'toCorrect' | 'log'> & {
  /** the rows in the form of the list, each with one more cell that says why */
  write(
    found: FoundList,
    listTag: string,
    rows: ReadonlyArray<{ row: number; raw: readonly string[]; why: string }>,
  ): CorrectionFile;
};

/** Rows in one file, which is in memory as a whole. The next file has the others, after these are corrected. */
const MOST_TO_CORRECT = 20_000;

/** Every row has its verdict, and keeps it. */
const JUDGED: readonly ImportStatus[] = ['checked', 'committing', 'starting', 'done'];

/**
 * The rejected rows of a list as a file, each download logged. A cell that the reader may not see stands as `[kept]`,
 * and comes back unchanged.
 */
export const rowsToCorrect =
  (ports: CorrectionFilePorts) =>
  async (
    importId: string,
    reader: Principal,
  ): Promise<CorrectionFile | 'unknown' | 'not_checked' | 'not_kept' | 'nothing'> => {
    const list = await ports.read(importId);
    if (list === undefined) return 'unknown';
    if (!JUDGED.includes(list.status)) return 'not_checked';
    const rejected = await ports.toCorrect(importId, MOST_TO_CORRECT);
    if (rejected === undefined) return 'not_kept';
    const { found, rows } = rejected;
    const groups = groupsOfList(list, reader);
    if (rows.length === 0) return 'nothing';
    await ports.log({
      id: newId('disclosure'),
      importId,
      principal: reader.sub,
      kind: 'correction_file',
      filter: { verdict: 'reject' },
      fields: disclosedColumns(groups).filter((column) => found.columns.includes(column)),
      rowCount: rows.length,
    });
    return ports.write(
      found,
      listTagOf(importId),
      rows.map(({ row, raw, codes }) => ({
        row,
        raw: raw.map((cell, index) => (isDisclosed(found.columns[index] ?? null, groups) ? cell : KEPT)),
        why: inWords(codes, groups),
      })),
    );
  };

const NOT_YOURS = 'You may not read this cell: whoever may read it corrects it.';
const PROTECTIONS = 'A cell that you may not read is to be corrected by protection.';

/** Rejecting findings first, then warnings. What is found in a cell of protection is told to others without its words. */
function inWords(codes: readonly Finding[], groups: ListGroups): string {
  const rejects = ({ code }: Finding): boolean => CODES[code].rejects;
  const told = codes.filter((finding) => isFindingDisclosed(finding, groups));
  const words = (finding: Finding): string =>
    isDisclosed(finding.column, groups) ? explain(finding) : `${explain(finding)} ${NOT_YOURS}`;
  return [
    ...told.filter(rejects).map(words),
    ...(codes.some((finding) => rejects(finding) && !told.includes(finding)) ? [PROTECTIONS] : []),
    ...told.filter((finding) => !rejects(finding)).map(words),
  ].join(' ');
}

/** The part of a correction row that identifies the row of the list. */
export type CorrectingRow = { row: number; corrections: Corrections | null; personRef: string };

/** Journeys that are still to start do not prevent it: they start by themselves. */
const FREE = ['checked', 'starting', 'done'];

const OTHER_LIST: Refusal = {
  code: 'other_list',
  detail: 'Rows of this file were taken from another list, so they would replace other people’s rows.',
  hint: 'Send it as the continuation of the list that it was made from.',
};
const NOTHING_TO_CORRECT: Refusal = {
  code: 'nothing_to_correct',
  detail: 'The list that this file continues was refused, so nothing of it can be corrected.',
  hint: 'Send the whole list again.',
};

/**
 * Joins a correction file to its list, once, and orders a new check of that list.
 * @returns the run that checks it, if there is anything to check
 * @throws Error while that list is being checked or committed: the attempt is retried
 */
export const joinCorrected =
  ({ transaction }: Transactions) =>
  (importId: string, listId: string, rows: readonly CorrectingRow[]): Promise<Start | undefined> =>
    transaction(async (tx) => {
      const locked = await tx.lock(importId, listId);
      if (locked.get(importId)?.status !== 'checking') return undefined;
      const listed = locked.get(listId)?.status ?? 'refused';
      const isOther = rows.some(({ corrections }) => corrections !== null && corrections.listTag !== listTagOf(listId));
      if (isOther || listed === 'refused' || listed === 'uploading') {
        await tx.refuse(importId, isOther ? OTHER_LIST : NOTHING_TO_CORRECT);
        return undefined;
      }
      if (!FREE.includes(listed)) throw new Error(`${listId} is busy (${listed})`);
      const { targets, counts } = await matchCorrected(tx.rows(listId), rows);
      await tx.join(importId, targets, counts);
      return targets.length > 0 ? checkAgain(tx, listId) : undefined;
    });

/**
 * Finds the row of the list that each corrected row replaces, by its row number, else by its person_ref.
 * Only a rejected row is replaced, so a repeated file changes nothing. A new person_ref adds a row.
 */
export async function matchCorrected(
  listed: AsyncIterable<ListedRow>,
  correcting: readonly CorrectingRow[],
): Promise<{ targets: Array<{ row: number; target: number }>; counts: CorrectionCounts }> {
  const byRow = new Map<number, ListedRow>();
  const byRef = new Map<string, ListedRow>();
  let last = 0;
  for await (const row of listed) {
    last = row.row;
    byRow.set(last, row);
    // a repeated row is rejected next to an accepted one: without its number it means the accepted one
    const known = byRef.get(row.personRef);
    if (row.personRef !== '' && (known === undefined || (known.rejected && !row.rejected))) {
      byRef.set(row.personRef, row);
    }
  }
  const counts: CorrectionCounts = { rows: correcting.length, corrected: 0, added: 0, already: 0, unmatched: 0 };
  const targets: Array<{ row: number; target: number }> = [];
  const used = new Set<number>();
  for (const { row, corrections, personRef } of correcting) {
    const numbered = corrections === null ? undefined : byRow.get(corrections.row);
    const known = numbered ?? (personRef === '' ? undefined : byRef.get(personRef));
    if (known === undefined && personRef === '') counts.unmatched++;
    else if (known !== undefined && !known.rejected) counts.already++;
    else if (known !== undefined && used.has(known.row)) counts.unmatched++;
    else {
      const target = known?.row ?? ++last;
      if (known === undefined) {
        counts.added++;
        byRef.set(personRef, { row: target, rejected: true, personRef });
      } else counts.corrected++;
      used.add(target);
      targets.push({ row, target });
    }
  }
  return { targets, counts };
}

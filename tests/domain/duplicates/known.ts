import type { KnownPerson } from '../../../domain/duplicates/comparePeople.ts';
import { judgeList } from '../../../domain/imports/judgeList.ts';
import type { Cells } from '../../support/cells.ts';

export type KnownRow = KnownPerson & { row: number };

/** The rows of a list that are not rejected, as people to compare. */
export function knownRows(cells: readonly Cells[], referenceDate: string): KnownRow[] {
  const { rows, households } = judgeList(cells, { referenceDate });
  const sizes = new Map(households.map((household) => [household.householdRef, household.rows.length]));
  return rows
    .filter((row) => row.verdict !== 'reject')
    .map(({ row, meaning, child }) => ({
      row,
      givenNames: meaning.givenNames,
      familyName: meaning.familyName,
      sex: meaning.sex,
      birthDate: meaning.birthDate,
      nationality: meaning.nationality,
      document: meaning.document,
      phone: meaning.phone,
      relationship: meaning.relationship,
      household: { id: meaning.householdRef, size: sizes.get(meaning.householdRef) ?? 1 },
      isChild: child === 'yes' || child === 'possibly',
    }));
}

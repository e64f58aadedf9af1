import { type FieldGroup, fieldsFor, type Principal, rolesIn } from '../access.ts';
import { COLUMN_READERS, type FieldColumn } from '../personData.ts';
import type { Code } from './codes.ts';
import { COLUMNS, type Column } from './columns.ts';

/** Who reads a column of a list: whoever may read the list (`open`), the readers of a group, or nobody (null). */
type ColumnClass = FieldGroup | 'open' | null;

/** Columns that become no field of a person's encrypted data. A column without a class does not compile. */
const OTHER_COLUMNS: Readonly<Record<Exclude<Column, FieldColumn>, ColumnClass>> = {
  household_ref: 'open',
  relationship_to_head: 'open',
  sex: 'open',
  nationality: 'open',
  site: 'open',
  registered_at: 'open',
  consent: 'open',
  special_needs: 'protection',
};

const CLASS_OF: Readonly<Record<Column, ColumnClass>> = { ...COLUMN_READERS, ...OTHER_COLUMNS };

/** What somebody reads of a list: all of it, also columns that have no class, or the columns of these groups. */
export type ListGroups = 'whole' | readonly FieldGroup[];

/** A column without a class, such as an extra one of the file (null), is closed. */
export function isDisclosed(column: Column | null, groups: ListGroups): boolean {
  if (groups === 'whole') return true;
  const of = column === null ? null : CLASS_OF[column];
  return of === 'open' || groups.some((group) => group === of);
}

/** The columns of a list that are disclosed with these groups. */
export function disclosedColumns(groups: ListGroups): Column[] {
  return COLUMNS.filter((column) => isDisclosed(column, groups));
}

/** The columns that are closed with these groups. */
export function closedColumns(groups: ListGroups): Column[] {
  return COLUMNS.filter((column) => !isDisclosed(column, groups));
}

/** Whether the reader has this group. */
export function readsGroup(groups: ListGroups, group: FieldGroup): boolean {
  return groups === 'whole' || groups.includes(group);
}

/** A finding in a cell that tells of protection is told to nobody else: its code alone tells who has such a cell. */
export function isFindingDisclosed({ column }: { column: Column }, groups: ListGroups): boolean {
  return CLASS_OF[column] !== 'protection' || readsGroup(groups, 'protection');
}

/** Codes that are found in such cells alone. */
const PROTECTED_CODES: readonly string[] = ['NEED_NOT_UNDERSTOOD'] satisfies Code[];

/** How many rows have each code, without the codes that tell of protection: a list may have one row. */
export function disclosedCounts(byCode: Readonly<Record<string, number>>, groups: ListGroups): Record<string, number> {
  const told = (code: string): boolean => readsGroup(groups, 'protection') || !PROTECTED_CODES.includes(code);
  return Object.fromEntries(Object.entries(byCode).filter(([code]) => told(code)));
}

/** The columns in which a finding is told. */
export function columnsOfFindings(groups: ListGroups): Column[] {
  return COLUMNS.filter((column) => isFindingDisclosed({ column }, groups));
}

export type DisclosedList = {
  operationId: string;
  createdBy: string;
  /** somebody of it is registered, or is about to be */
  committed: boolean;
};

/**
 * What somebody reads of a list. Whoever brought it reads it whole until it is committed, because they have it. From
 * then on its people are the operation's, and they read what their roles read of people, as everybody else.
 */
export function groupsOfList(list: DisclosedList, who: Principal): ListGroups {
  const owns = list.createdBy === who.sub && !list.committed;
  return owns ? 'whole' : fieldsFor(rolesIn(who, list.operationId));
}

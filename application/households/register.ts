import type { OperationClock } from '../../domain/clock.ts';
import type { JudgedRow } from '../../domain/imports/judgeRow.ts';
import type { Rules } from '../../domain/rules.ts';

/** The operation data that registration needs. Whoever writes under it writes nothing once it has changed. */
export type OperationFrame = { registrationOpen: boolean; rulesVersion: number; rules: Rules; clock: OperationClock };

/**
 * A household with its accepted rows, in the order of the list. `rejectedRows`: members who could not be registered.
 * `joins`: the household is registered already, without the members of these rows.
 */
export type HouseholdInput = { reference: string; members: JudgedRow[]; rejectedRows: number[]; joins?: Joined };

/** An existing household. `hasHead`: a member is marked as its head. */
export type Joined = { householdId: string; headNationality: string; hasHead: boolean };

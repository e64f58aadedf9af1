import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { COLUMNS } from '../../../domain/imports/columns.ts';
import type { Cells } from '../../support/cells.ts';

export const SCENARIOS = ['ambae-2017', 'libya-vhr-flight', 'sudan-2023'] as const;
export type Scenario = (typeof SCENARIOS)[number];

export type TruthCode = { code: string; column: string; fields?: string[] | undefined };
export type Truth = {
  reference_date: string;
  files: Array<{ file: string; encoding: string; delimiter: string; rows: 'all' | number[] }>;
  rows: Array<{
    row: number;
    person_ref: string;
    verdict: string;
    codes: TruthCode[];
    child: string;
    protection: string[];
    person: string;
  }>;
  duplicate_clusters: Array<{ person: string; rows: number[]; kind: string; different: string[] }>;
  look_alikes: Array<{ rows: [number, number]; why: string }>;
  households: Array<{
    household_ref: string;
    rows: number[];
    head_row: number | null;
    rejected_rows: number[];
    complete: boolean;
  }>;
  clean_warnings: Record<string, TruthCode[]>;
};

const folder = (scenario: Scenario): URL => new URL(`../../../sandbox/scenarioData/${scenario}/`, import.meta.url);

export function scenarioFile(scenario: Scenario, file: string): URL {
  return new URL(file, folder(scenario));
}

export function truthOf(scenario: Scenario): Truth {
  return JSON.parse(readFileSync(scenarioFile(scenario, 'truth.json'), 'utf8')) as Truth;
}

/** Rows of a UTF-8 comma file, read with nothing but the parser. */
export function plainRows(url: URL): Cells[] {
  const records = parse<Cells>(readFileSync(url), { bom: true, columns: true });
  return records.map((record) => ({ ...emptyCells(), ...record }));
}

function emptyCells(): Cells {
  return Object.fromEntries(COLUMNS.map((column) => [column, ''])) as Cells;
}

/** A row without fault or warning, and what is to be different in it. */
export function person(different: Partial<Cells> = {}): Cells {
  return {
    ...emptyCells(),
    household_ref: 'H1',
    person_ref: 'H1-1',
    relationship_to_head: 'HEAD',
    given_names: 'Amina',
    family_name: 'Osman',
    sex: 'F',
    date_of_birth: '1988-03-21',
    dob_precision: 'day',
    nationality: 'SDN',
    phone: '+249912345678',
    preferred_language: 'ar',
    site: 'Hall B',
    registered_at: '2026-11-20T09:00:00+02:00',
    document_type: 'NONE',
    consent: 'given',
    ...different,
  };
}

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import type { Instant } from '../domain/time.ts';

/** One row of the careful list, as far as stand-ins need it. Only a sandbox may read a scenario. */
export type ListedPerson = {
  /** 1 is the first row after the header, as the intake counts */
  row: number;
  personRef: string;
  householdRef: string;
  relationship: string;
  nationality: string;
  site: string;
  registeredAt: Instant;
  documentType: string;
  specialNeeds: string[];
  consent: 'given' | 'refused' | 'pending';
};

export type Outcome = 'confirmed' | 'not_confirmed' | 'undetermined' | 'silent';

export type ConsulateAnswer = {
  outcome: Outcome | 'more_info';
  after_hours?: number;
  asks_for?: string[];
  then?: { outcome: Outcome; after_hours?: number };
  retracted_after_hours?: number;
  other_state?: { state: string; outcome: Outcome; after_hours?: number };
};

export type FitnessFinding = { result: 'fit' | 'fit_with'; conditions?: string[]; valid_for_hours: number };
export type FitnessAnswer = FitnessFinding | { result: 'unfit'; review_after_hours: number; then?: FitnessFinding };

export type ExitPermitAnswer = {
  answer: 'granted' | 'refused' | 'not_required' | 'silent';
  after_hours?: number;
  fine?: 'waived';
  reason?: string;
};

/** What every partner will say of one person (registry_answers.json). */
export type Answers = {
  asked_state: string | null;
  may_be_asked: boolean;
  because?: string[];
  consulate: ConsulateAnswer;
  fitness: FitnessAnswer;
  exit_permit: ExitPermitAnswer;
};

export type Seats = { seat: number; infant_lap: number; stretcher_block: number; wheelchair: number };
export type Place = { code: string; name: string; country: string };
export type Leg = { leg: number; from: string; to: string; departs_at: string; arrives_at: string };

export type MovementEvent =
  | { kind: 'smaller_vehicle'; known_at: string; vehicle: string; seats_after: Seats; reason: string }
  | { kind: 'delayed'; known_at: string; hours: number; new_departs_at: string; reason: string }
  | { kind: 'cancelled'; known_at: string; reason: string };

export type PlannedMovement = {
  id: string;
  stage: string;
  mode: 'flight' | 'ship' | 'bus';
  carrier: { name: string; code: string };
  vehicle: string;
  origin: Place;
  destination: Place;
  legs: Leg[];
  departs_at: string;
  for_households_of: string[] | null;
  accepts_nationalities: string[] | null;
  leave_at: Record<string, string[]>;
  seats: Seats;
  stretcher_block_seats: number;
  events: MovementEvent[];
  replaces?: string;
};

export type Scenario = {
  dir: string;
  name: string;
  startsAt: Instant;
  /** the day of `startsAt` where the operation is, YYYY-MM-DD */
  startsOn: string;
  people: ListedPerson[];
  movements: PlannedMovement[];
  answers: ReadonlyMap<string, Answers>;
};

type AnswersFile = { people: Record<string, Answers>; aliases: Record<string, string> };
type MovementsFile = { profile: string; starts_at: string; movements: PlannedMovement[] };

/** Where the careful list of a scenario lies. */
export function listPath(dir: string): string {
  return join(dir, 'registrations.csv');
}

/**
 * Reads a scenario folder (registrations.csv, registry_answers.json, movements.json).
 * @throws Error that names the missing file or the unreadable time.
 */
export function readScenario(dir: string): Scenario {
  for (const file of ['registrations.csv', 'registry_answers.json', 'movements.json']) {
    if (!existsSync(join(dir, file))) throw new Error(`${dir} is no scenario: ${file} is missing`);
  }
  const answersFile = JSON.parse(readFileSync(join(dir, 'registry_answers.json'), 'utf8')) as AnswersFile;
  const movementsFile = JSON.parse(readFileSync(join(dir, 'movements.json'), 'utf8')) as MovementsFile;
  const rows = parse<Record<string, string>>(readFileSync(listPath(dir)), { columns: true, bom: true });
  const answers = new Map(Object.entries(answersFile.people));
  // a second registration of the same person is known under the first one's number
  for (const [alias, first] of Object.entries(answersFile.aliases)) {
    const of = answers.get(first);
    if (of && !answers.has(alias)) answers.set(alias, of);
  }
  return {
    dir,
    name: movementsFile.profile,
    startsAt: instant(movementsFile.starts_at),
    startsOn: movementsFile.starts_at.slice(0, 10),
    people: rows.map(listedPerson),
    movements: movementsFile.movements,
    answers,
  };
}

/** The moment of an ISO 8601 time with an offset. @throws Error where it is none. */
export function instant(text: string): Instant {
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw new Error(`${text} is no time`);
  return at;
}

function listedPerson(cells: Record<string, string>, index: number): ListedPerson {
  const cell = (column: string): string => cells[column] ?? '';
  return {
    row: index + 1,
    personRef: cell('person_ref'),
    householdRef: cell('household_ref'),
    relationship: cell('relationship_to_head'),
    nationality: cell('nationality'),
    site: cell('site'),
    registeredAt: instant(cell('registered_at')),
    documentType: cell('document_type'),
    specialNeeds: cell('special_needs')
      .split(';')
      .map((code) => code.trim())
      .filter(Boolean),
    consent: cell('consent') as ListedPerson['consent'],
  };
}

/** The scenario with only its first households, at least `people` persons in whole households. For short drills. */
export function firstPeople(scenario: Scenario, people: number): Scenario {
  const households = new Set<string>();
  let count = 0;
  for (const person of scenario.people) {
    if (!households.has(person.householdRef)) {
      if (count >= people) continue;
      households.add(person.householdRef);
      count += scenario.people.filter((one) => one.householdRef === person.householdRef).length;
    }
  }
  return { ...scenario, people: scenario.people.filter((person) => households.has(person.householdRef)) };
}

import { type Names, namesOf } from '../domain/casing.ts';
import { PAIR_COMMAND_NAMES, PAIR_EVENT_DATA } from '../domain/duplicates/decisions.ts';
import { JOURNEY_COMMANDS } from '../domain/journeys/commands/index.ts';
import { JOURNEY_EVENT_DATA, type JourneyEventType } from '../domain/journeys/events.ts';
import { JOURNEY_PHASES } from '../domain/journeys/statuses.ts';
import { MOVEMENT_COMMANDS } from '../domain/movements/commands/index.ts';
import { MOVEMENT_EVENT_DATA, type MovementEventType } from '../domain/movements/events.ts';
import { OPERATION_COMMANDS } from '../domain/operations/commands/index.ts';
import { OPERATION_EVENT_DATA, type OperationEventType } from '../domain/operations/events.ts';
import { ANSWERS_FOR_A_PERSON } from '../domain/requests/classify.ts';
import { DEADLINES } from '../domain/rules.ts';

/**
 * The API writes snake_case, the workflows and the database camelCase. Every closed set that differs has its table
 * here, made from the table of the domain.
 */
export const JOURNEY_COMMAND_NAMES = namesOf(JOURNEY_COMMANDS.names);
export const MOVEMENT_COMMAND_NAMES = namesOf(MOVEMENT_COMMANDS.names);
const OPERATION_COMMAND_NAMES = namesOf(OPERATION_COMMANDS.names);
export const DUPLICATE_COMMAND_NAMES = namesOf(PAIR_COMMAND_NAMES);
export const PHASE_NAMES = namesOf(JOURNEY_PHASES);
export const DEADLINE_NAMES = namesOf(DEADLINES);

const COMMAND_TABLES: ReadonlyArray<Pick<Names<string>, 'outOrSame'>> = [
  JOURNEY_COMMAND_NAMES,
  MOVEMENT_COMMAND_NAMES,
  OPERATION_COMMAND_NAMES,
  DUPLICATE_COMMAND_NAMES,
];

/** A command of any table, where it is only known that it is one. */
export function commandOut(name: string): string {
  return COMMAND_TABLES.reduce((out, table) => table.outOrSame(out), name);
}

/** A command as the last part of an address: `/commands/confirm-identity`. @param name in snake_case */
export function inAddress(name: string): string {
  return name.replaceAll('_', '-');
}

const EVENT_NAMES = namesOf([
  ...new Set([
    ...(Object.keys(JOURNEY_EVENT_DATA) as JourneyEventType[]),
    ...(Object.keys(MOVEMENT_EVENT_DATA) as MovementEventType[]),
    ...(Object.keys(OPERATION_EVENT_DATA) as OperationEventType[]),
    ...(Object.keys(PAIR_EVENT_DATA) as Array<keyof typeof PAIR_EVENT_DATA>),
  ]),
]);
export const EVENT_KINDS = EVENT_NAMES.outside;
export type EventKind = (typeof EVENT_KINDS)[number];
/** @param type of an event that this build wrote */
export const eventOut = (type: string): EventKind => EVENT_NAMES.outOf(type);

/** Tasks that no wait opens: lists, duplicates, webhooks, answers of partners that do not fit. */
const OTHER_TASKS = [
  'correctRows',
  'completeHousehold',
  'decidePair',
  'closeDuplicate',
  'resume',
  'deathFollowUp',
  'webhook_suspended',
  'endpoint_disabled',
  ...ANSWERS_FOR_A_PERSON,
] as const;
const TASK_NAMES = namesOf([...DEADLINES, ...OTHER_TASKS]);
export const TASK_KINDS = TASK_NAMES.outside;
export const taskKindOut = (kind: string): (typeof TASK_KINDS)[number] => TASK_NAMES.outOf(kind);

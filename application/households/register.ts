import type { HoldType } from '../../domain/holds.ts';
import { compositionOf, holdsFound, judgeHousehold, registeredMember } from '../../domain/households/judgeHousehold.ts';
import { COLUMNS, type Column, type Relationship, type Sex } from '../../domain/imports/columns.ts';
import { type CalendarDay, parseCalendarDay } from '../../domain/imports/dates.ts';
import { judgeList } from '../../domain/imports/judgeList.ts';
import type { JudgedRow } from '../../domain/imports/judgeRow.ts';
import { coreOf, type PersonCore } from '../../domain/personData.ts';
import {
  type HeldPassport,
  heldPassport,
  holdsAtRegistration,
  priorityOf,
  referenceDateOf,
  registeredInstant,
  type Traveller,
  travellerOf,
} from '../../domain/registration.ts';
import { type Rules, routeOf } from '../../domain/rules.ts';
import { type Instant, type OperationClock, toOperation } from '../../domain/time.ts';
import { type JourneyInput, TASK_QUEUE, workflowId } from '../../workflows/messages.ts';
import { derivedId } from '../ids.ts';

/** The operation data that registration needs. Whoever writes under it writes nothing once it has changed. */
export type OperationFrame = {
  registrationOpen: boolean;
  country: string;
  rulesVersion: number;
  rules: Rules;
  clock: OperationClock;
};

/** What is the same for everybody of one registration. */
export type RegistrationContext = {
  operationId: string;
  frame: OperationFrame;
  importId: string | null;
  /** the permanent name of this registration: the import, or the principal and key of a request. Ids derive from it */
  origin: string;
  /** operation time */
  at: Instant;
  /** the reference date for ages, YYYY-MM-DD */
  referenceDate: string;
};

/**
 * A household with its accepted rows, in the order of the list. `rejectedRows`: members who could not be registered.
 * `joins`: the household is registered already, without the members of these rows.
 */
export type HouseholdInput = { reference: string; members: JudgedRow[]; rejectedRows: number[]; joins?: Joined };

/** An existing household. `hasHead`: a member is marked as its head. */
export type Joined = { householdId: string; headNationality: string; hasHead: boolean };

/** What registration writes about a household. The same rows of one origin make the same household and people. */
export type HouseholdRegistration = {
  householdId: string;
  joins: boolean;
  reference: string;
  site: string | null;
  priority: number;
  requestedAt: Instant;
  headNationality: string;
  rejectedRows: number[];
  /** as the household was judged; null where it is judged when the new members stand in it */
  composition: string | null;
  people: Array<{
    row: number;
    personId: string;
    core: PersonCore;
    nationality: string;
    sex: Sex;
    traveller: Traveller;
    journeyId: string;
    relationship: Relationship;
    isHead: boolean;
    protection: string[];
    holds: Array<{ id: string; type: HoldType }>;
    document: (HeldPassport & { documentId: string }) | undefined;
    workflowId: string;
    input: Omit<JourneyInput, keyof typeof JOURNEYS_SHARE>;
  }>;
};

/** The part of the input that all journeys of a registration share. */
const JOURNEYS_SHARE = { version: true, operationId: true, clock: true, rules: true } as const;

export const journeysStart = ({ operationId, frame: { clock, rules } }: RegistrationContext) => ({
  taskQueue: TASK_QUEUE,
  input: { version: 1, operationId, clock, rules } satisfies Pick<JourneyInput, keyof typeof JOURNEYS_SHARE>,
});

/**
 * Everything that follows from the rows of a household, before anything is written.
 * @throws RangeError for a household without an accepted member
 */
export function householdOf(registration: RegistrationContext, household: HouseholdInput): HouseholdRegistration {
  const { origin, frame, at } = registration;
  const { joins, rejectedRows, reference } = household;
  const members = household.members.map((judged) => ({ ...judged, meaning: acceptedMeaning(judged) }));
  const first = members[0];
  if (!first) throw new RangeError('A household without an accepted member cannot be registered');
  // A person decides on the head if none, or more than one, is marked; for the route the first one counts.
  const marked = members.find(({ meaning }) => meaning.relationship === 'HEAD');
  const head = marked ?? first;
  const newHead = joins === undefined ? head : joins.hasHead ? undefined : marked;
  const headNationality = joins?.headNationality ?? head.meaning.nationality;
  const route = routeOf(frame.rules, headNationality);
  const householdId = joins?.householdId ?? derivedId('household', origin, first.row);
  const on = dayOf(registration.referenceDate);

  const judged = judgeHousehold(
    // Whoever joins a household is judged with all its members, when they stand in it.
    joins === undefined
      ? members.map(({ row, child, meaning }) => ({ ...meaning, child, key: derivedId('journey', origin, row) }))
      : [],
    rejectedRows.length,
  );

  const people = members.map((member): HouseholdRegistration['people'][number] => {
    const { row, protection, codes, meaning } = member;
    const journeyId = derivedId('journey', origin, row);
    const found = codes.map(({ code }) => code);
    const passport = heldPassport(meaning, found, at);
    const document = passport && { documentId: derivedId('document', origin, row), ...passport };
    const holds = holdsAtRegistration(protection, holdsFound(judged, journeyId)).map((type) => ({
      id: derivedId('hold', origin, row, type),
      type,
    }));
    return {
      row,
      personId: derivedId('person', origin, row),
      core: coreOf(meaning),
      nationality: meaning.nationality,
      sex: meaning.sex,
      traveller: travellerOf(meaning.birthDate, on),
      journeyId,
      relationship: meaning.relationship,
      isHead: member === newHead,
      protection,
      holds,
      document,
      workflowId: workflowId.journey(journeyId),
      input: {
        journeyId,
        householdId,
        registration: {
          registeredAt: registeredInstant(meaning.registeredAt),
          consent: meaning.consent,
          holds: holds.map(({ id }) => id),
          child: travellerOf(meaning.birthDate, on) !== 'adult',
          joins: joins !== undefined,
          route: route.legs,
          routeDecided: route.decided,
          ...(document && { document: { documentId: document.documentId, validUntil: document.validUntil } }),
        },
      },
    };
  });
  return {
    householdId,
    joins: joins !== undefined,
    reference,
    site: head.meaning.site,
    priority: priorityOf(members.map(({ protection }) => protection)),
    requestedAt: Math.min(...people.map(({ input }) => input.registration.registeredAt)),
    headNationality,
    rejectedRows,
    composition: joins === undefined ? compositionOf(people.map(standing), rejectedRows.length) : null,
    people,
  };
}

const standing = ({ journeyId, ...person }: HouseholdRegistration['people'][number]) =>
  registeredMember({ ...person, key: journeyId });

/** An accepted row has all required values. */
function acceptedMeaning({ row, verdict, meaning }: JudgedRow) {
  const { relationship, sex, nationality, registeredAt, consent } = meaning;
  const whole =
    relationship !== null && sex !== null && nationality !== null && registeredAt !== null && consent !== null;
  if (verdict === 'reject' || !whole) throw new RangeError(`Row ${row} was not accepted`);
  return { ...meaning, relationship, sex, nationality, registeredAt, consent };
}

function dayOf(referenceDate: string): CalendarDay {
  const day = parseCalendarDay(referenceDate);
  if (day === null) throw new RangeError(`${referenceDate} is no day`);
  return day;
}

/** The operation has changed since its frame was read: registration is closed, or the rules are different. */
export class FrameMoved extends Error {}

export type RegisterPorts = {
  frame(operationId: string): Promise<OperationFrame>;
  /** Writes the household whole, with the orders to start its journeys. @throws FrameMoved, with nothing written */
  write(registration: RegistrationContext, household: HouseholdRegistration): Promise<void>;
  /** Tries to start the journeys; whatever does not start now is started later. */
  startNow(workflowIds: readonly string[]): Promise<void>;
};

type Request = {
  operationId: string;
  /** the permanent name of the request; its repetition makes the same people */
  origin: string;
  householdRef: string;
  members: ReadonlyArray<Partial<Record<Column, string | undefined>>>;
  /** only judges */
  dryRun: boolean;
  /** real time */
  now: Instant;
};

/** `refused`: no member is accepted. `closed`: the operation has closed registration. */
type Outcome =
  | { outcome: 'judged' | 'refused' | 'closed'; rows: JudgedRow[] }
  | { outcome: 'registered'; rows: JudgedRow[]; household: HouseholdRegistration };

/** Judges one household by the rules of a list, registers its accepted members, and starts their journeys. */
export const registerHousehold =
  (ports: RegisterPorts) =>
  async ({ operationId, origin, householdRef, members, dryRun, now }: Request): Promise<Outcome> => {
    for (;;) {
      const frame = await ports.frame(operationId);
      const at = toOperation(frame.clock, now);
      const referenceDate = referenceDateOf(at);
      const cells = members.map((member) => cellsOf({ ...member, household_ref: householdRef }));
      const { rows } = judgeList(cells, { referenceDate, country: frame.country });
      const accepted = rows.filter(({ verdict }) => verdict !== 'reject');
      const [first] = accepted;
      if (dryRun) return { outcome: 'judged', rows };
      if (first === undefined) return { outcome: 'refused', rows };
      if (!frame.registrationOpen) return { outcome: 'closed', rows };
      const registration = { operationId, frame, importId: null, origin, at, referenceDate };
      const household = householdOf(registration, {
        reference: first.meaning.householdRef,
        members: accepted,
        rejectedRows: rows.filter(({ verdict }) => verdict === 'reject').map(({ row }) => row),
      });
      try {
        await ports.write(registration, household);
      } catch (error) {
        if (error instanceof FrameMoved) continue;
        throw error;
      }
      await ports.startNow(household.people.map((person) => person.workflowId));
      return { outcome: 'registered', rows, household };
    }
  };

const cellsOf = (member: Request['members'][number]): Record<Column, string> =>
  Object.fromEntries(COLUMNS.map((column) => [column, member[column] ?? ''])) as Record<Column, string>;

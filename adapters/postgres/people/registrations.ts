import type { HouseholdInput, OperationFrame } from '../../../application/households/register.ts';
import { derivedId } from '../../../application/ids.ts';
import type { HOLD_RULES } from '../../../domain/holds.ts';
import { type CalendarDay, parseCalendarDay } from '../../../domain/imports/dates.ts';
import type { JudgedRow } from '../../../domain/imports/judgeRow.ts';
import type { PersonMeaning } from '../../../domain/imports/person.ts';
import { coreOf } from '../../../domain/personData.ts';
import {
  heldPassport,
  holdsAtRegistration,
  priorityOf,
  registeredInstant,
  travellerOf,
} from '../../../domain/registration.ts';
import { routeOf } from '../../../domain/rules.ts';
import type { Instant } from '../../../domain/time.ts';
import type { Keyring } from '../../crypto/envelope.ts';
import type { NewPerson } from './people.ts';

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
  keyring: Keyring;
  /** how journeys are started; the process builds it from workflows/messages.ts */
  journeys: { taskQueue: string; workflowId: (journeyId: string) => string };
};

type Hold = { id: string; type: keyof typeof HOLD_RULES };

export type Registration = {
  row: number;
  journeyId: string;
  householdId: string;
  person: NewPerson;
  meaning: RegisteredHousehold;
  isHead: boolean;
  registeredAt: Instant;
  protection: string[];
  holds: Hold[];
  document?: { documentId: string; issuedBy: string; validUntil: Instant };
  route: { legs: string[]; decided: boolean };
};

export type HouseholdRegistration = {
  householdId: string;
  joins: boolean;
  reference: string;
  site: string | null;
  priority: number;
  requestedAt: Instant;
  headNationality: string;
  rejectedRows: number[];
  registrations: Registration[];
};

/** An accepted row has all required values. */
type RegisteredHousehold = PersonMeaning & {
  [Field in 'relationship' | 'sex' | 'nationality' | 'registeredAt' | 'consent']: NonNullable<PersonMeaning[Field]>;
};

function registeredHousehold({ row, verdict, meaning }: JudgedRow): RegisteredHousehold {
  const { relationship, sex, nationality, registeredAt, consent } = meaning;
  const whole =
    relationship !== null && sex !== null && nationality !== null && registeredAt !== null && consent !== null;
  if (verdict === 'reject' || !whole) throw new RangeError(`Row ${row} was not accepted`);
  return { ...meaning, relationship, sex, nationality, registeredAt, consent };
}

/**
 * All rows of a registration, before anything is written. @throws RangeError for a household without an accepted member
 */
export function registrationOf(registration: RegistrationContext, household: HouseholdInput): HouseholdRegistration {
  const { origin, frame } = registration;
  const members = household.members.map((judged) => ({ judged, meaning: registeredHousehold(judged) }));
  const first = members[0];
  if (!first) throw new RangeError('A household without an accepted member cannot be registered');
  // A person decides on the head if none, or more than one, is marked; for the route the first one counts.
  const { joins } = household;
  const marked = members.find(({ meaning }) => meaning.relationship === 'HEAD');
  const head = marked ?? first;
  const newHead = joins === undefined ? head : joins.hasHead ? undefined : marked;
  const headNationality = joins?.headNationality ?? head.meaning.nationality;
  const route = routeOf(frame.rules, headNationality);
  const householdId = joins?.householdId ?? derivedId('household', origin, first.judged.row);
  const on = dayOf(registration.referenceDate);
  const incomplete = household.rejectedRows.length > 0;
  const registrations = members.map(({ judged, meaning }): Registration => {
    const { row, protection, codes } = judged;
    const journeyId = derivedId('journey', origin, row);
    const passport = heldPassport(
      meaning,
      codes.map(({ code }) => code),
      registration.at,
    );
    return {
      row,
      journeyId,
      householdId,
      person: {
        personId: derivedId('person', origin, row),
        nationality: meaning.nationality,
        sex: meaning.sex,
        traveller: travellerOf(meaning.birthDate, on),
        core: coreOf(meaning),
      },
      meaning,
      isHead: judged === newHead?.judged,
      registeredAt: registeredInstant(meaning.registeredAt),
      protection,
      holds: holdsAtRegistration(protection, incomplete).map((type) => ({
        id: derivedId('hold', origin, row, type),
        type,
      })),
      ...(passport ? { document: { documentId: derivedId('document', origin, row), ...passport } } : {}),
      route,
    };
  });
  return {
    householdId,
    joins: joins !== undefined,
    reference: household.reference,
    site: head.meaning.site,
    priority: priorityOf(members.map(({ judged }) => judged.protection)),
    requestedAt: Math.min(...registrations.map(({ registeredAt }) => registeredAt)),
    headNationality,
    rejectedRows: household.rejectedRows,
    registrations,
  };
}

function dayOf(referenceDate: string): CalendarDay {
  const day = parseCalendarDay(referenceDate);
  if (day === null) throw new RangeError(`${referenceDate} is no day`);
  return day;
}

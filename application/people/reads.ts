import type { AccessPurpose } from '../../domain/access.ts';
import type { Relationship, Sex } from '../../domain/imports/columns.ts';
import type { JourneyState } from '../../domain/journeys/state.ts';
import type { Ending, JourneyPhase, JourneyStatus } from '../../domain/journeys/statuses.ts';
import type { Wait } from '../../domain/journeys/waits.ts';
import type { Traveller } from '../../domain/registration.ts';
import type { RequestKind } from '../../domain/requests/index.ts';
import type { Instant } from '../../domain/time.ts';
import type { SearchKey } from './personalData.ts';

/** A journey of a person from its projection. */
export type PersonJourney = {
  personId: string;
  journeyId: string;
  operationId: string;
  householdId: string;
  reference: string;
  relationship: Relationship;
  isHead: boolean;
  registeredAt: Instant;
  protection: string[];
  nationality: string;
  sex: Sex;
  traveller: Traveller;
  seq: number;
  phase: JourneyPhase;
  status: JourneyStatus;
  statusSince: Instant;
  ending: Ending | null;
  endedAt: Instant | null;
  householdOpen: boolean;
  consent: JourneyState['consent']['status'];
  consentSharing: boolean;
  nationalityStatus: JourneyState['nationality']['status'];
  document: JourneyState['document']['status'];
  documentValidUntil: Instant | null;
  exitPermit: JourneyState['exitPermit']['status'];
  fitness: JourneyState['fitness']['status'];
  fitnessUntil: Instant | null;
  fitnessConditions: string[];
  travel: JourneyState['travel']['status'];
  nextLeg: string | null;
  movementId: string | null;
  movementReference: string | null;
  route: string[];
  arrivedAt: Instant | null;
  openHolds: number;
};

export type PeopleFilter = {
  status?: JourneyStatus | undefined;
  ending?: Ending | undefined;
  nationality?: string | undefined;
  household?: string | undefined;
  movement?: string | undefined;
  /** a role, or the id of a partner */
  waitingFor?: string | undefined;
  onHold?: boolean | undefined;
};

export type ListedPerson = Pick<
  PersonJourney,
  | 'personId'
  | 'journeyId'
  | 'householdId'
  | 'reference'
  | 'nationality'
  | 'sex'
  | 'traveller'
  | 'status'
  | 'statusSince'
  | 'ending'
  | 'movementId'
> & {
  onHold: boolean;
  updatedAt: Instant;
  /** the earliest blocking deadline, and how many waits there are besides */
  waiting: (Pick<Wait, 'whom' | 'what' | 'since'> & { due: Instant | null }) | null;
  more: number;
};

/** `exact`: found by a number, not only by the phonetic key of a name. */
export type SearchHit = Pick<PersonJourney, 'personId' | 'operationId' | 'journeyId' | 'reference' | 'status'> & {
  exact: boolean;
};

export type HouseholdRead = {
  id: string;
  reference: string;
  site: string | null;
  priority: number;
  requestedAt: Instant;
  /** the head first */
  members: PersonJourney[];
};

/** Data of a person that was sent to a partner, or disclosed to a member of staff. */
export type Disclosure = {
  id: string;
  kind: 'sent' | 'shown';
  partnerId: string | null;
  partner: string | null;
  principal: string | null;
  purpose: RequestKind | AccessPurpose;
  fields: string[];
  consentVersion: number | null;
  agreementId: string | null;
  at: Instant;
  /** real time */
  recordedAt: Instant;
};

export type People = {
  /** Operation and journey of a person, the open journey first, then the newest. */
  placesOf(personId: string): Promise<Array<{ operationId: string; journeyId: string }>>;
  journey(journeyId: string): Promise<PersonJourney | undefined>;
  household(householdId: string): Promise<HouseholdRead | undefined>;
  /** People of an operation by journey id, each with the earliest blocking deadline. One more than `limit`. */
  list(operationId: string, filter: PeopleFilter, limit: number, after?: string): Promise<ListedPerson[]>;
  /** People with some of the keys in these operations, those with most keys and equal spellings first. */
  search(keys: readonly SearchKey[], operations: 'all' | readonly string[], limit: number): Promise<SearchHit[]>;
  /** The disclosures and accesses to data of a person, newest first. One more than `limit`. */
  disclosures(personId: string, limit: number, after?: string): Promise<Disclosure[]>;
  /** A document that the person showed. Idempotent by id. */
  holdDocument(document: {
    id: string;
    journeyId: string;
    kind: string;
    issuedBy: string | null;
    validUntil: Instant;
    at: Instant;
  }): Promise<void>;
  /** The workflow refused the document: it was never valid. */
  dropDocument(id: string): Promise<void>;
  /** A service given in addition to the journey, counted for its sector. Idempotent by id. */
  recordService(service: {
    id: string;
    operationId: string;
    personId: string;
    sector: string;
    kind: string;
    at: Instant;
  }): Promise<void>;
};

/** Rows of households that are written before an event. */
export type Households = {
  operationOf(id: string): Promise<string | undefined>;
  /** Whether a child travels in this household, among its open journeys. */
  hasChildren(id: string): Promise<boolean>;
  /**
   * The household of a person after a separation: the same place in the order, with their own nationality as the
   * head's. Idempotent by id.
   */
  prepareSplit(id: string, journeyId: string): Promise<void>;
  /** Removes a household that nobody joined. */
  dropEmpty(id: string): Promise<void>;
};

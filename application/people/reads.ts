import { type AccessPurpose, FIELD_GROUPS, mayKnowHolds, type Principal, rolesIn } from '../../domain/access.ts';
import { rankByName } from '../../domain/duplicates/nameLikeness.ts';
import { nameIn } from '../../domain/duplicates/searchKeys.ts';
import type { Relationship, Sex } from '../../domain/imports/columns.ts';
import type { JourneyState } from '../../domain/journeys/state.ts';
import type { Ending, JourneyPhase, JourneyStatus } from '../../domain/journeys/statuses.ts';
import type { Wait } from '../../domain/journeys/waits.ts';
import type { PersonCore } from '../../domain/personData.ts';
import type { Traveller } from '../../domain/registration.ts';
import type { RequestKind } from '../../domain/requests/index.ts';
import type { Instant } from '../../domain/time.ts';
import type { Holds, Notes } from '../journeys/reads.ts';
import { findCandidates } from './candidates.ts';
import { disclose, type PersonalData, type Reader, type SearchKey } from './personalData.ts';

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

export type NewDocument = {
  id: string;
  journeyId: string;
  kind: string;
  issuedBy: string | null;
  validUntil: Instant;
  at: Instant;
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
  holdDocument(document: NewDocument): Promise<void>;
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
  /** Whether a child is in this household, or was when its journey ended. */
  hasChildren(id: string): Promise<boolean>;
  /** Whether a hold stands on a member who travels. */
  isHeld(id: string): Promise<boolean>;
  /**
   * The household of a person after a separation: the same place in the order, with their own nationality as the
   * head's. Idempotent by id.
   */
  prepareSplit(id: string, journeyId: string): Promise<void>;
  /** Removes a household that nobody joined. */
  dropEmpty(id: string): Promise<void>;
};

export type ReadPersonPorts = {
  people: Pick<People, 'journey'>;
  holds: Pick<Holds, 'ofJourney'>;
  notes: Pick<Notes, 'read'>;
  personal: PersonalData;
};

/**
 * A person as far as the reader's roles go: the journey, the open holds, and the disclosed fields. Type, reason and
 * approvals of a hold are for protection roles alone.
 * @returns undefined for an unknown journey
 */
export const readPerson = (ports: ReadPersonPorts) => async (journeyId: string, reader: Omit<Reader, 'purpose'>) => {
  const [journey, holds] = await Promise.all([ports.people.journey(journeyId), ports.holds.ofJourney(journeyId)]);
  if (!journey) return undefined;
  const { groups, cores } = await disclose(ports.personal, [journey], FIELD_GROUPS, { ...reader, purpose: 'case' });
  const open = holds.filter(({ status }) => status === 'raising' || status === 'active');
  const knows = mayKnowHolds(reader.roles);
  const noteIds = open.flatMap(({ noteId }) => noteId ?? []);
  const reasons = knows ? await ports.notes.read(noteIds, { restricted: true }) : new Map<string, string>();
  return {
    journey,
    groups,
    core: cores.get(journey.personId),
    holds: open.map(({ id, raisedAt, type, firstApprovalBy, noteId }) => ({
      id,
      since: raisedAt,
      known: knows
        ? {
            type,
            approvals: firstApprovalBy === null ? 0 : 1,
            reason: noteId === null ? undefined : reasons.get(noteId),
          }
        : undefined,
    })),
  };
};

const SHOWN_AT_MOST = 50;
/** Below this likeness a person is not shown to somebody who searches for another. */
const LEAST_MATCH = 0.5;

export type SearchPorts = {
  people: Pick<People, 'search'>;
  personal: PersonalData;
  /** operation time */
  now(operationId: string): Promise<Instant>;
};

/** `match`: 0 to 1, how well the name answers; 1 for a number. `core`: where the searcher reads names. */
type Found = SearchHit & { match: number; core: PersonCore | undefined };

/**
 * People whose name sounds like the text, in any script, or whose number it is: those found by a number first, then by
 * how well the name answers. Names that answer equally well stay in the order of the index. Nobody is found by a field
 * that the searcher does not read where that person is.
 */
export const searchPeople =
  (ports: SearchPorts) =>
  async (
    text: string,
    principal: Principal,
    operations: 'all' | readonly string[],
  ): Promise<{ found: Found[]; more: boolean }> => {
    const { people, personal } = ports;
    const { candidates, cut } = await findCandidates(people, personal.searchKeys(text), principal, operations);
    const ranked = inOrder(text, candidates, await personal.cores(candidates.map(({ personId }) => personId)));
    const hits = ranked.slice(0, SHOWN_AT_MOST);
    const disclosed = new Map<string, PersonCore>();
    for (const [operationId, here] of Map.groupBy(hits, (hit) => hit.operationId)) {
      const { cores } = await disclose(personal, here, ['names'], {
        principal: principal.sub,
        roles: rolesIn(principal, operationId),
        purpose: 'search',
        at: await ports.now(operationId),
      });
      for (const [personId, core] of cores) disclosed.set(personId, core);
    }
    return {
      found: hits.map((hit) => ({ ...hit, core: disclosed.get(hit.personId) })),
      more: cut || ranked.length > hits.length,
    };
  };

function inOrder(text: string, candidates: readonly SearchHit[], cores: ReadonlyMap<string, PersonCore>) {
  const exact = candidates.filter((hit) => hit.exact).map((hit) => ({ ...hit, match: 1 }));
  const named = candidates.flatMap((hit) => {
    const core = cores.get(hit.personId);
    return hit.exact || core === undefined ? [] : [{ hit, ...core }];
  });
  const ranked = rankByName(nameIn(text), named).map(({ person, match }) => ({ ...person.hit, match }));
  return [...exact, ...ranked.filter(({ match }) => match >= LEAST_MATCH)];
}

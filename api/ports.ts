import type { FastifyBaseLogger } from 'fastify';
import type { CorrectionFile, RowToCorrect } from '../adapters/files/correctionFile.ts';
import type { FoundList, Override } from '../adapters/files/openList.ts';
import type { Duplicates } from '../adapters/postgres/duplicates/pairs.ts';
import type { Idempotency } from '../adapters/postgres/idempotency.ts';
import type { ImportProgress, ImportRow, ImportSummary, Look, RowFilter } from '../adapters/postgres/imports/reads.ts';
import type { Start, StartOf } from '../adapters/postgres/imports/starts.ts';
import type {
  CommitOutcome,
  NewImport,
  ReprocessOutcome,
  UploadOutcome,
} from '../adapters/postgres/imports/uploads.ts';
import type { Operations } from '../adapters/postgres/operations/operations.ts';
import type { PlanActivated, PlanActivation } from '../adapters/postgres/operations/planActivation.ts';
import type { Plans } from '../adapters/postgres/operations/plans.ts';
import type { Shown } from '../adapters/postgres/people/disclosures.ts';
import type { Holds } from '../adapters/postgres/people/holds.ts';
import type { Households } from '../adapters/postgres/people/households.ts';
import type { Notes } from '../adapters/postgres/people/notes.ts';
import type { Registered } from '../adapters/postgres/people/register.ts';
import type { HouseholdInput } from '../adapters/postgres/people/registrations.ts';
import type { SearchKey } from '../adapters/postgres/people/searchKeys.ts';
import type { HistoryReads } from '../adapters/postgres/reads/history.ts';
import type { Movements } from '../adapters/postgres/reads/movements.ts';
import type { NowReads } from '../adapters/postgres/reads/now.ts';
import type { People } from '../adapters/postgres/reads/people.ts';
import type { SituationReads } from '../adapters/postgres/reads/situation.ts';
import type { Tasks } from '../adapters/postgres/tasks.ts';
import type { Zones } from '../adapters/timeZones/zones.ts';
import type { Alarms } from '../application/alarms/alarms.ts';
import type { LoopReads } from '../application/background.ts';
import type { PartnerReads, partners } from '../application/partners/partners.ts';
import type { EndpointReads, endpoints } from '../application/webhooks/endpoints.ts';
import type { EventReads } from '../application/webhooks/events.ts';
import type { IdKind } from '../domain/ids.ts';
import type { PersonCore } from '../domain/personData.ts';
import type { Instant } from '../domain/time.ts';
import type { Command } from '../workflows/messages.ts';

/** Temporal, as far as the API needs it. */
export type Engine = {
  /** Sends a decision to the one workflow that owns the subject; answered after it is recorded. Throws as Temporal's client does. */
  send<Answer>(workflowId: string, name: string, command: Command<unknown>): Promise<Answer>;
  /** Tries to start what has been committed to be started. What does not start now, the relay starts. */
  startNow(workflowIds: readonly string[]): Promise<void>;
  /** Something for this endpoint is due now. If Temporal is away, the relay will find it. */
  nudgeFeed(endpointId: string): Promise<void>;
  answers(): Promise<boolean>;
  /** Workflows that are pinned to a worker version which no worker runs; empty where all go on. */
  suspendedVersions(): Promise<Array<{ buildId: string; openWorkflows: number; oldestTaskSeconds: number }>>;
};

/** Identifying data: opened for those who may see it, found by keyed hashes. */
export type PersonalData = {
  cores(personIds: readonly string[]): Promise<Map<string, PersonCore>>;
  searchKeys(text: string): SearchKey[];
  /** written before the data is shown */
  shown(shown: readonly Shown[]): Promise<void>;
};

/** Takes one household in. `closed`: registration is not open. The same origin makes the same people once. */
export type RegistrationPort = {
  register(household: {
    operationId: string;
    origin: string;
    at: Instant;
    referenceDate: string;
    household: HouseholdInput;
  }): Promise<Registered | 'closed'>;
};

/** Lists on their way in. */
export type ImportsPort = {
  operationOf(importId: string): Promise<string | undefined>;
  create(list: NewImport): Promise<void>;
  /** Takes the list in as it streams and orders its check; refused whole where it is empty, too large or cut. */
  receive(
    importId: string,
    source: AsyncIterable<Uint8Array>,
    expectedBytes: number | undefined,
    check: Start,
  ): Promise<UploadOutcome>;
  read(importId: string): Promise<ImportProgress | undefined>;
  list(operationId: string, limit: number, after?: { createdAt: Instant; id: string }): Promise<ImportSummary[]>;
  rows(importId: string, filter: RowFilter, limit: number): Promise<ImportRow[]>;
  firstFaults(importId: string, limit: number): Promise<Array<Pick<ImportRow, 'row' | 'line' | 'codes'>>>;
  reprocess(reading: {
    importId: string;
    given: Override;
    overriddenBy: string;
    check: StartOf;
  }): Promise<ReprocessOutcome>;
  /** undefined once the raw list is removed */
  rowsToCorrect(importId: string): Promise<{ found: FoundList; listTag: string; rows: RowToCorrect[] } | undefined>;
  /** The rows to correct in the form of the list. */
  correctionFile(found: FoundList, listTag: string, rows: readonly RowToCorrect[]): CorrectionFile;
  looked(look: Look): Promise<void>;
  startCommit(importId: string, commit: StartOf): Promise<CommitOutcome>;
};

/** Plans that become operations. */
export type PlanActivator = { activate(activation: PlanActivation): Promise<PlanActivated> };

export type Ids = {
  fresh(kind: IdKind): string;
  /** the same parts, the same id */
  derived(kind: IdKind, ...parts: ReadonlyArray<string | number>): string;
};

/** Everything the API is given. Nothing in `api/` opens a connection or reads a setting. */
export type ApiPorts = {
  operations: Operations;
  plans: Plans & PlanActivator;
  people: People;
  duplicates: Duplicates;
  households: Households;
  holds: Holds;
  notes: Notes;
  tasks: Tasks;
  alarms: Alarms;
  now: NowReads;
  history: HistoryReads;
  situation: SituationReads;
  movements: Movements;
  partners: PartnerReads & ReturnType<typeof partners>;
  endpoints: EndpointReads & ReturnType<typeof endpoints>;
  events: EventReads;
  loops: LoopReads;
  keys: Idempotency;
  personal: PersonalData;
  registration: RegistrationPort;
  imports: ImportsPort;
  engine: Engine;
  ids: Ids;
  zones: Zones;
  /** real time */
  clock: () => Instant;
  log: FastifyBaseLogger;
};

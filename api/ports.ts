import type { FastifyBaseLogger } from 'fastify';
import type { Duplicates } from '../adapters/postgres/duplicates/pairs.ts';
import type { Operations } from '../adapters/postgres/operations/operations.ts';
import type { PlanActivated, PlanActivation } from '../adapters/postgres/operations/planActivation.ts';
import type { Plans } from '../adapters/postgres/operations/plans.ts';
import type { Shown } from '../adapters/postgres/people/disclosures.ts';
import type { Holds } from '../adapters/postgres/people/holds.ts';
import type { Households } from '../adapters/postgres/people/households.ts';
import type { Notes } from '../adapters/postgres/people/notes.ts';
import type { Registered } from '../adapters/postgres/people/register.ts';
import type { SearchKey } from '../adapters/postgres/people/searchKeys.ts';
import type { HistoryReads } from '../adapters/postgres/reads/history.ts';
import type { NowReads } from '../adapters/postgres/reads/now.ts';
import type { People } from '../adapters/postgres/reads/people.ts';
import type { SituationReads } from '../adapters/postgres/reads/situation.ts';
import type { Alarms } from '../application/alarms/alarms.ts';
import type { LoopReads } from '../application/background.ts';
import type { HouseholdInput } from '../application/households/register.ts';
import type { startCommit } from '../application/imports/commit.ts';
import type { rowsToCorrect } from '../application/imports/correct.ts';
import type { ImportReads } from '../application/imports/reads.ts';
import type { reprocess } from '../application/imports/reprocess.ts';
import type { uploadList } from '../application/imports/upload.ts';
import type { planMovement } from '../application/movements/planMovement.ts';
import type { readManifest } from '../application/movements/readManifest.ts';
import type { MovementReads } from '../application/movements/reads.ts';
import type { PartnerReads, partners } from '../application/partners/partners.ts';
import type { Tasks } from '../application/tasks/tasks.ts';
import type { EndpointReads, endpoints } from '../application/webhooks/endpoints.ts';
import type { EventReads } from '../application/webhooks/events.ts';
import type { Decision } from '../domain/commands.ts';
import type { IdKind } from '../domain/ids.ts';
import type { Zones } from '../domain/movements/localTimes.ts';
import type { PersonCore } from '../domain/personData.ts';
import type { Instant } from '../domain/time.ts';
import type { IdempotencyKeys } from './plugins/idempotency.ts';

/** Temporal, as far as the API needs it. */
export type Engine = {
  /** Sends a decision to the one workflow that owns the subject; answered after it is recorded. Throws as Temporal's client does. */
  send<Answer>(workflowId: string, name: string, command: Decision<object>): Promise<Answer>;
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
export type ImportsPort = ImportReads & {
  upload: ReturnType<typeof uploadList>;
  reprocess: ReturnType<typeof reprocess>;
  startCommit: ReturnType<typeof startCommit>;
  rowsToCorrect: ReturnType<typeof rowsToCorrect>;
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
  movements: Omit<MovementReads, 'manifest'> & {
    plan: ReturnType<typeof planMovement>;
    manifest: ReturnType<typeof readManifest>;
  };
  partners: PartnerReads & ReturnType<typeof partners>;
  endpoints: EndpointReads & ReturnType<typeof endpoints>;
  events: EventReads;
  loops: LoopReads;
  keys: IdempotencyKeys;
  personal: PersonalData;
  registration: RegistrationPort;
  imports: ImportsPort;
  engine: Engine;
  ids: Ids;
  zones: Pick<Zones, 'table'>;
  /** real time */
  clock: () => Instant;
  log: FastifyBaseLogger;
};

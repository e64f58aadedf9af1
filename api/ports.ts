import type { FastifyBaseLogger } from 'fastify';
import type { Alarms } from '../application/alarms/alarms.ts';
import type { LoopReads } from '../application/background.ts';
import type { Duplicates, decidePair } from '../application/duplicates/pairs.ts';
import type { registerHousehold } from '../application/households/register.ts';
import type { startCommit } from '../application/imports/commit.ts';
import type { rowsToCorrect } from '../application/imports/correct.ts';
import type { ImportReads } from '../application/imports/record.ts';
import type { reprocess, uploadList } from '../application/imports/upload.ts';
import type { Holds, Notes, NowReads, readHistory, readNow, SituationReads } from '../application/journeys/reads.ts';
import type { reopenJourney } from '../application/journeys/reopen.ts';
import type { readManifest } from '../application/movements/manifest.ts';
import type { planMovement } from '../application/movements/planMovement.ts';
import type { MovementReads } from '../application/movements/reads.ts';
import type { changeOperationRules, createOperation, Operations } from '../application/operations/operations.ts';
import type { activatePlan, Plans } from '../application/operations/plans.ts';
import type { PartnerReads, partners } from '../application/partners/partners.ts';
import type { PersonalData } from '../application/people/personalData.ts';
import type { Households, People, readPerson, searchPeople } from '../application/people/reads.ts';
import type { PreparedCommands } from '../application/preparedCommands.ts';
import type { Tasks } from '../application/tasks/tasks.ts';
import type { EndpointReads, endpoints } from '../application/webhooks/endpoints.ts';
import type { EventReads } from '../application/webhooks/feed.ts';
import type { Decision } from '../domain/commands.ts';
import type { IdKind } from '../domain/ids.ts';
import type { Zones } from '../domain/movements/localTimes.ts';
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
  /** Whether a workflow of this id runs. */
  isRunning(workflowId: string): Promise<boolean>;
  /** Workflows that are pinned to a worker version which no worker runs; empty where all go on. */
  suspendedVersions(): Promise<Array<{ buildId: string; openWorkflows: number; oldestTaskSeconds: number }>>;
};

/** Lists on their way in. */
export type ImportsPort = ImportReads & {
  operationOf(importId: string): Promise<string | undefined>;
  upload: ReturnType<typeof uploadList>;
  reprocess: ReturnType<typeof reprocess>;
  startCommit: ReturnType<typeof startCommit>;
  rowsToCorrect: ReturnType<typeof rowsToCorrect>;
};

export type Ids = {
  fresh(kind: IdKind): string;
  /** the same parts, the same id */
  derived(kind: IdKind, ...parts: ReadonlyArray<string | number>): string;
};

/** Everything the API is given. Nothing in `api/` opens a connection or reads a setting. */
export type ApiPorts = {
  operations: Operations & {
    create: ReturnType<typeof createOperation>;
    changeRules: ReturnType<typeof changeOperationRules>;
  };
  plans: Plans & { activate: ReturnType<typeof activatePlan> };
  people: People;
  duplicates: Duplicates & { decide: ReturnType<typeof decidePair> };
  households: Households;
  holds: Holds;
  notes: Notes;
  tasks: Tasks;
  alarms: Alarms;
  now: NowReads;
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
  prepared: PreparedCommands;
  reopenJourney: ReturnType<typeof reopenJourney>;
  registerHousehold: ReturnType<typeof registerHousehold>;
  readPerson: ReturnType<typeof readPerson>;
  searchPeople: ReturnType<typeof searchPeople>;
  readHistory: ReturnType<typeof readHistory>;
  readNow: ReturnType<typeof readNow>;
  imports: ImportsPort;
  engine: Engine;
  ids: Ids;
  zones: Pick<Zones, 'table'>;
  /** real time */
  clock: () => Instant;
  log: FastifyBaseLogger;
};

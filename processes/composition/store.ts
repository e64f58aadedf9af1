import type { Pool } from 'pg';
import { loopReadsOn } from '../../adapters/background/loop.ts';
import { type Keyring, secretBox } from '../../adapters/crypto/envelope.ts';
import { correctionFile } from '../../adapters/files/correctionFile.ts';
import { alarmsOn } from '../../adapters/postgres/alarms.ts';
import { databaseOn } from '../../adapters/postgres/database.ts';
import { createDuplicates } from '../../adapters/postgres/duplicates/pairs.ts';
import { createIdempotency } from '../../adapters/postgres/idempotency.ts';
import {
  firstFaults,
  type Look,
  listImports,
  type RowFilter,
  readImport,
  readImportRows,
  readRowsToCorrect,
  writeLook,
} from '../../adapters/postgres/imports/reads.ts';
import type { Start, StartOf } from '../../adapters/postgres/imports/starts.ts';
import {
  createImport,
  type NewImport,
  receiveUpload,
  reprocess,
  startCommit,
} from '../../adapters/postgres/imports/uploads.ts';
import { operationTime } from '../../adapters/postgres/operations/clocks.ts';
import { createOperations } from '../../adapters/postgres/operations/operations.ts';
import { activatePlan } from '../../adapters/postgres/operations/planActivation.ts';
import { createPlans } from '../../adapters/postgres/operations/plans.ts';
import { partnersOn } from '../../adapters/postgres/partners/partners.ts';
import { writeShown } from '../../adapters/postgres/people/disclosures.ts';
import { createHolds } from '../../adapters/postgres/people/holds.ts';
import { createHouseholds } from '../../adapters/postgres/people/households.ts';
import { createNotes } from '../../adapters/postgres/people/notes.ts';
import { readPeople } from '../../adapters/postgres/people/people.ts';
import { register } from '../../adapters/postgres/people/register.ts';
import type { RegistrationContext } from '../../adapters/postgres/people/registrations.ts';
import { searchKeysOfText } from '../../adapters/postgres/people/searchKeys.ts';
import { type PrismaClient } from '../../adapters/postgres/prisma.ts';
import { createHistory } from '../../adapters/postgres/reads/history.ts';
import { createMovements } from '../../adapters/postgres/reads/movements.ts';
import { createNow } from '../../adapters/postgres/reads/now.ts';
import { createPeople } from '../../adapters/postgres/reads/people.ts';
import { createSituation } from '../../adapters/postgres/reads/situation.ts';
import { createTasks } from '../../adapters/postgres/tasks.ts';
import { endpointsOn } from '../../adapters/postgres/webhooks/endpoints.ts';
import { eventReadsOn } from '../../adapters/postgres/webhooks/outbox.ts';
import type { GuardedClient } from '../../adapters/webhooks/client.ts';
import { deliver } from '../../adapters/webhooks/send.ts';
import { newEndpointSecret } from '../../adapters/webhooks/signature.ts';
import { derivedId, newId } from '../../application/ids.ts';
import { partners } from '../../application/partners/partners.ts';
import { endpoints } from '../../application/webhooks/endpoints.ts';

export type StoreOptions = {
  pool: Pool;
  prisma: PrismaClient;
  keyring: Keyring;
  /** for addresses of partners */
  outside: GuardedClient;
  /** how journeys are started; the process builds it from workflows/messages.ts */
  journeys: RegistrationContext['journeys'];
  /** why the system may not send to this address; undefined if it may */
  refusedAddress: (url: string) => Promise<string | undefined>;
  /** real time */
  clock: () => number;
};

/** The API's storage on PostgreSQL. */
export function createStore({ pool, prisma, keyring, outside, journeys, refusedAddress, clock }: StoreOptions) {
  const db = databaseOn(pool);
  const secrets = { ...secretBox(keyring), issue: newEndpointSecret };
  const partnerRows = partnersOn(db, prisma);
  const endpointRows = endpointsOn(db, prisma);
  const operationOf = async (table: 'households' | 'imports', id: string): Promise<string | undefined> => {
    const { rows } = await pool.query<{ operation_id: string }>(`select operation_id from ${table} where id = $1`, [
      id,
    ]);
    return rows[0]?.operation_id;
  };

  return {
    operations: createOperations(pool),
    plans: {
      ...createPlans(prisma),
      activate: (activation: Parameters<typeof activatePlan>[1]) => activatePlan(pool, activation),
    },
    people: createPeople(pool),
    duplicates: createDuplicates(pool),
    households: createHouseholds(pool),
    holds: createHolds(pool),
    notes: createNotes(pool, keyring),
    tasks: createTasks(pool),
    alarms: alarmsOn(db),
    now: createNow(pool),
    history: createHistory(pool),
    situation: createSituation(pool),
    movements: createMovements(pool),
    partners: {
      ...partnerRows,
      ...partners({ ...partnerRows, secrets, refusedAddress, now: (id) => operationTime(pool, id, clock()) }),
    },
    endpoints: {
      ...endpointRows,
      ...endpoints({ ...endpointRows, secrets, refusedAddress, send: (attempt) => deliver(attempt, outside) }),
    },
    events: eventReadsOn(db),
    loops: loopReadsOn(pool),
    keys: createIdempotency(pool),
    ids: { fresh: newId, derived: derivedId },
    personal: {
      cores: (personIds: readonly string[]) => readPeople(pool, keyring, personIds),
      searchKeys: (text: string) => searchKeysOfText(keyring, text),
      shown: (shown: Parameters<typeof writeShown>[1]) => writeShown(pool, shown),
    },
    registration: {
      register: (registration: Omit<Parameters<typeof register>[1], 'keyring' | 'journeys'>) =>
        register(pool, { ...registration, keyring, journeys }),
    },
    imports: {
      operationOf: (id: string) => operationOf('imports', id),
      create: (list: NewImport) => createImport(pool, keyring, list),
      receive: (importId: string, source: AsyncIterable<Uint8Array>, expectedBytes: number | undefined, check: Start) =>
        receiveUpload(pool, keyring, {
          importId,
          source,
          check,
          ...(expectedBytes === undefined ? {} : { expectedBytes }),
        }),
      read: (id: string) => readImport(pool, keyring, id, clock()),
      list: (operationId: string, limit: number, after?: { createdAt: number; id: string }) =>
        listImports(pool, operationId, limit, clock(), after),
      rows: (id: string, filter: RowFilter, limit: number) => readImportRows(pool, keyring, id, { ...filter, limit }),
      firstFaults: (id: string, limit: number) => firstFaults(pool, id, limit),
      reprocess: (reading: Parameters<typeof reprocess>[2]) => reprocess(pool, keyring, reading),
      rowsToCorrect: (id: string) => readRowsToCorrect(pool, keyring, id),
      correctionFile,
      looked: (look: Look) => writeLook(pool, look),
      startCommit: (id: string, commit: StartOf) => startCommit(pool, id, commit),
    },
  };
}

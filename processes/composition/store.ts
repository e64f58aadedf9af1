import type { Pool } from 'pg';
import { sendTestEvent } from '../../adapters/background/testEvent.ts';
import { type Keyring, secretBox } from '../../adapters/crypto/envelope.ts';
import { correctionFile } from '../../adapters/files/correctionFile.ts';
import { alarmsOn } from '../../adapters/postgres/alarms.ts';
import { databaseOn, transaction } from '../../adapters/postgres/database.ts';
import { createDuplicates } from '../../adapters/postgres/duplicates/pairs.ts';
import { householdsOn } from '../../adapters/postgres/households/households.ts';
import { registrationsOn } from '../../adapters/postgres/households/register.ts';
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
import { historyOn } from '../../adapters/postgres/journeys/history.ts';
import { holdsOn } from '../../adapters/postgres/journeys/holds.ts';
import { notesOn } from '../../adapters/postgres/journeys/notes.ts';
import { nowOn } from '../../adapters/postgres/journeys/now.ts';
import { situationOn } from '../../adapters/postgres/journeys/situation.ts';
import { createOperations } from '../../adapters/postgres/operations/operations.ts';
import { activatePlan } from '../../adapters/postgres/operations/planActivation.ts';
import { createPlans } from '../../adapters/postgres/operations/plans.ts';
import { enableEndpoint, replayDeliveries, replayRange } from '../../adapters/postgres/partners/deliveries.ts';
import { peopleOn } from '../../adapters/postgres/people/people.ts';
import { personalDataOn } from '../../adapters/postgres/people/personData.ts';
import { type PrismaClient } from '../../adapters/postgres/prisma.ts';
import { createEvents } from '../../adapters/postgres/reads/events.ts';
import { createMovements } from '../../adapters/postgres/reads/movements.ts';
import { createPartners } from '../../adapters/postgres/reads/partners.ts';
import { createTasks } from '../../adapters/postgres/tasks.ts';
import type { GuardedClient } from '../../adapters/webhooks/client.ts';
import { newEndpointSecret } from '../../adapters/webhooks/signature.ts';
import { registerHousehold } from '../../application/households/register.ts';
import { derivedId, newId } from '../../application/ids.ts';
import { readHistory } from '../../application/journeys/history.ts';
import { readNow } from '../../application/journeys/now.ts';
import { readPerson } from '../../application/people/readPerson.ts';
import { searchPeople } from '../../application/people/search.ts';

export type StoreOptions = {
  pool: Pool;
  prisma: PrismaClient;
  keyring: Keyring;
  /** for addresses of partners */
  outside: GuardedClient;
  /** Tries to start what has been committed to be started. */
  startNow: (workflowIds: readonly string[]) => Promise<void>;
  /** real time */
  clock: () => number;
};

/** The API's storage on PostgreSQL. */
export function createStore({ pool, prisma, keyring, outside, startNow, clock }: StoreOptions) {
  const db = databaseOn(pool);
  const box = secretBox(keyring);
  const people = peopleOn(db);
  const holds = holdsOn(db);
  const notes = notesOn(db, keyring);
  const now = nowOn(db);
  const personal = personalDataOn(db, keyring);
  const operations = createOperations(pool);
  const operationOf = async (table: 'households' | 'imports', id: string): Promise<string | undefined> => {
    const { rows } = await pool.query<{ operation_id: string }>(`select operation_id from ${table} where id = $1`, [
      id,
    ]);
    return rows[0]?.operation_id;
  };

  return {
    operations,
    plans: {
      ...createPlans(prisma),
      activate: (activation: Parameters<typeof activatePlan>[1]) => activatePlan(pool, activation),
    },
    people,
    duplicates: createDuplicates(pool),
    households: householdsOn(db),
    holds,
    notes,
    registerHousehold: registerHousehold({ ...registrationsOn(db, keyring), startNow }),
    readPerson: readPerson({ people, holds, notes, personal }),
    searchPeople: searchPeople({ people, personal, now: (id) => operations.now(id, clock()) }),
    readHistory: readHistory({ history: historyOn(db), holds, notes, personal }),
    readNow: readNow({ people, now }),
    tasks: createTasks(pool),
    alarms: alarmsOn(db),
    now,
    situation: situationOn(db),
    movements: createMovements(pool),
    partners: createPartners(pool),
    events: createEvents(pool),
    keys: createIdempotency(pool),
    ids: { fresh: newId, derived: derivedId },
    personal,
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
    secrets: { issue: newEndpointSecret, encrypt: box.encrypt, open: box.open },
    deliveries: {
      replay: (endpointId: string, what: { eventId: string } | { from: number; to?: number }): Promise<number> =>
        'eventId' in what
          ? replayDeliveries(pool, endpointId, [what.eventId])
          : replayRange(pool, endpointId, what.from, what.to),
      enable: (endpointId: string) => transaction(pool, (client) => enableEndpoint(client, endpointId)),
      sendTest: (endpointId: string) => sendTestEvent({ db: pool, secrets: box, client: outside }, endpointId),
    },
  };
}

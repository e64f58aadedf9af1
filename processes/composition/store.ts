import type { Pool } from 'pg';
import { sendTestEvent } from '../../adapters/background/testEvent.ts';
import { type Keyring, secretBox } from '../../adapters/crypto/envelope.ts';
import { correctionFile } from '../../adapters/files/correctionFile.ts';
import { alarmsOn } from '../../adapters/postgres/alarms.ts';
import { databaseOn, transaction } from '../../adapters/postgres/database.ts';
import { duplicatesOn, pairDecisionsOn } from '../../adapters/postgres/duplicates/pairs.ts';
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
import { operationsOn } from '../../adapters/postgres/operations/operations.ts';
import { planActivationsOn, plansOn } from '../../adapters/postgres/operations/plans.ts';
import { enableEndpoint, replayDeliveries, replayRange } from '../../adapters/postgres/partners/deliveries.ts';
import { writeShown } from '../../adapters/postgres/people/disclosures.ts';
import { createHolds } from '../../adapters/postgres/people/holds.ts';
import { createHouseholds } from '../../adapters/postgres/people/households.ts';
import { createNotes } from '../../adapters/postgres/people/notes.ts';
import { readPeople } from '../../adapters/postgres/people/people.ts';
import { register } from '../../adapters/postgres/people/register.ts';
import type { RegistrationContext } from '../../adapters/postgres/people/registrations.ts';
import { searchKeysOfText } from '../../adapters/postgres/people/searchKeys.ts';
import { type PrismaClient } from '../../adapters/postgres/prisma.ts';
import { createEvents } from '../../adapters/postgres/reads/events.ts';
import { createHistory } from '../../adapters/postgres/reads/history.ts';
import { createMovements } from '../../adapters/postgres/reads/movements.ts';
import { createNow } from '../../adapters/postgres/reads/now.ts';
import { createPartners } from '../../adapters/postgres/reads/partners.ts';
import { createPeople } from '../../adapters/postgres/reads/people.ts';
import { createSituation } from '../../adapters/postgres/reads/situation.ts';
import { createTasks } from '../../adapters/postgres/tasks.ts';
import type { GuardedClient } from '../../adapters/webhooks/client.ts';
import { newEndpointSecret } from '../../adapters/webhooks/signature.ts';
import { wasRefused } from '../../api/commands.ts';
import type { Engine } from '../../api/ports.ts';
import { decidePair } from '../../application/duplicates/decide.ts';
import { derivedId, newId } from '../../application/ids.ts';
import { activatePlan } from '../../application/operations/activatePlan.ts';
import { changeOperationRules } from '../../application/operations/changeRules.ts';
import { createOperation } from '../../application/operations/create.ts';

export type StoreOptions = {
  engine: Pick<Engine, 'send' | 'startNow' | 'answers'>;
  pool: Pool;
  prisma: PrismaClient;
  keyring: Keyring;
  /** for addresses of partners */
  outside: GuardedClient;
  /** how journeys are started; the process builds it from workflows/messages.ts */
  journeys: RegistrationContext['journeys'];
  /** real time */
  clock: () => number;
};

/** The API's storage on PostgreSQL. */
export function createStore({ engine, pool, prisma, keyring, outside, journeys, clock }: StoreOptions) {
  const db = databaseOn(pool);
  const box = secretBox(keyring);
  const operations = operationsOn(db);
  const partners = createPartners(pool);
  const holds = createHolds(pool);
  const notes = createNotes(pool, keyring);
  const starting = { startNow: engine.startNow, clock };
  const operationOf = async (table: 'households' | 'imports', id: string): Promise<string | undefined> => {
    const { rows } = await pool.query<{ operation_id: string }>(`select operation_id from ${table} where id = $1`, [
      id,
    ]);
    return rows[0]?.operation_id;
  };

  return {
    operations: {
      ...operations,
      create: createOperation({ ...starting, create: operations.create, unknownPartners: partners.unknown }),
      changeRules: changeOperationRules({ ...operations, clock }),
    },
    plans: { ...plansOn(prisma), activate: activatePlan({ ...starting, ...planActivationsOn(db) }) },
    people: createPeople(pool),
    duplicates: {
      ...duplicatesOn(db),
      decide: decidePair({
        ...pairDecisionsOn(db),
        clock,
        engineAnswers: engine.answers,
        writeNote: notes.write,
        voidHold: holds.voidRaised,
        async sendHold(workflowId, command) {
          try {
            await engine.send(workflowId, 'raiseHold', command);
            return 'taken';
          } catch (error) {
            if (!wasRefused(error)) throw error;
            return 'refused';
          }
        },
      }),
    },
    households: createHouseholds(pool),
    holds,
    notes,
    tasks: createTasks(pool),
    alarms: alarmsOn(db),
    now: createNow(pool),
    history: createHistory(pool),
    situation: createSituation(pool),
    movements: createMovements(pool),
    partners,
    events: createEvents(pool),
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

import type { Pool } from 'pg';
import { loopReadsOn } from '../../adapters/background/loop.ts';
import { type Keyring, secretBox } from '../../adapters/crypto/envelope.ts';
import { correctionFile } from '../../adapters/files/correctionFile.ts';
import { alarmsOn } from '../../adapters/postgres/alarms.ts';
import { databaseOn } from '../../adapters/postgres/database.ts';
import { duplicatesOn, pairDecisionsOn } from '../../adapters/postgres/duplicates/pairs.ts';
import { registrationsOn } from '../../adapters/postgres/households/register.ts';
import { keysOn } from '../../adapters/postgres/idempotency.ts';
import { importsOn } from '../../adapters/postgres/imports/imports.ts';
import { importReadsOn } from '../../adapters/postgres/imports/reads.ts';
import { historyOn, notesOn } from '../../adapters/postgres/journeys/history.ts';
import { holdsOn } from '../../adapters/postgres/journeys/holds.ts';
import { nowOn, situationOn } from '../../adapters/postgres/journeys/now.ts';
import { reopeningsOn } from '../../adapters/postgres/journeys/reopenings.ts';
import { movementsOn } from '../../adapters/postgres/movements/reads.ts';
import { operationsOn, operationTime } from '../../adapters/postgres/operations/operations.ts';
import { planActivationsOn, plansOn } from '../../adapters/postgres/operations/plans.ts';
import { partnersOn } from '../../adapters/postgres/partners/partners.ts';
import { householdsOn, peopleOn } from '../../adapters/postgres/people/people.ts';
import { personalDataOn } from '../../adapters/postgres/people/personData.ts';
import { preparedCommandsOn } from '../../adapters/postgres/preparedCommands.ts';
import type { PrismaClient } from '../../adapters/postgres/prisma.ts';
import { tasksOn } from '../../adapters/postgres/tasks.ts';
import { endpointsOn } from '../../adapters/postgres/webhooks/endpoints.ts';
import { eventReadsOn } from '../../adapters/postgres/webhooks/feed.ts';
import { ZONES } from '../../adapters/timeZones/zones.ts';
import type { GuardedClient } from '../../adapters/webhooks/client.ts';
import { deliver } from '../../adapters/webhooks/send.ts';
import { newEndpointSecret } from '../../adapters/webhooks/signature.ts';
import type { Engine } from '../../api/ports.ts';
import { wasRefused } from '../../application/commands.ts';
import { decidePair } from '../../application/duplicates/pairs.ts';
import { registerHousehold } from '../../application/households/register.ts';
import { claimKey } from '../../application/idempotency/claimKey.ts';
import { derivedId, newId } from '../../application/ids.ts';
import { startCommit } from '../../application/imports/commit.ts';
import { rowsToCorrect } from '../../application/imports/correct.ts';
import { reprocess, uploadList } from '../../application/imports/upload.ts';
import { readHistory, readNow } from '../../application/journeys/reads.ts';
import { reopenJourney } from '../../application/journeys/reopen.ts';
import { readManifest } from '../../application/movements/manifest.ts';
import { planMovement } from '../../application/movements/planMovement.ts';
import { changeOperationRules, createOperation } from '../../application/operations/operations.ts';
import { activatePlan } from '../../application/operations/plans.ts';
import { partners } from '../../application/partners/partners.ts';
import { readPerson, searchPeople } from '../../application/people/reads.ts';
import { endpoints } from '../../application/webhooks/endpoints.ts';

export type StoreOptions = {
  engine: Pick<Engine, 'send' | 'startNow' | 'answers' | 'isRunning'>;
  pool: Pool;
  prisma: PrismaClient;
  keyring: Keyring;
  /** for addresses of partners */
  outside: GuardedClient;
  /** why the system may not send to this address; undefined if it may */
  refusedAddress: (url: string) => Promise<string | undefined>;
  /** real time */
  clock: () => number;
};

/** The API's storage on PostgreSQL. */
export function createStore({ engine, pool, prisma, keyring, outside, refusedAddress, clock }: StoreOptions) {
  const db = databaseOn(pool);
  const people = peopleOn(db);
  const holds = holdsOn(db);
  const notes = notesOn(db, keyring);
  const now = nowOn(db);
  const personal = personalDataOn(db, keyring);
  const imports = importsOn(db, keyring);
  const importReads = importReadsOn(db, keyring);
  const operations = operationsOn(db);
  const secrets = { ...secretBox(keyring), issue: newEndpointSecret };
  const partnerRows = partnersOn(db, prisma);
  const endpointRows = endpointsOn(db, prisma);
  const movements = movementsOn(db);
  const keys = keysOn(db);
  const starting = { startNow: engine.startNow, clock };

  return {
    operations: {
      ...operations,
      create: createOperation({ ...starting, create: operations.create, unknownPartners: partnerRows.unknown }),
      changeRules: changeOperationRules({ ...operations, clock }),
    },
    plans: { ...plansOn(prisma), activate: activatePlan({ ...starting, ...planActivationsOn(db) }) },
    people,
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
    households: householdsOn(db),
    holds,
    notes,
    registerHousehold: registerHousehold({ ...registrationsOn(db, keyring), startNow: engine.startNow }),
    readPerson: readPerson({ people, holds, notes, personal }),
    searchPeople: searchPeople({ people, personal, now: (id) => operations.now(id, clock()) }),
    readHistory: readHistory({ history: historyOn(db), holds, notes, personal }),
    readNow: readNow({ people, now }),
    tasks: tasksOn(db),
    alarms: alarmsOn(db),
    now,
    situation: situationOn(db),
    movements: {
      ...movements,
      plan: planMovement({ ...movements, zones: ZONES, operations, partners: partnerRows }),
      manifest: readManifest({ ...movements, operations, people: personal, clock }),
    },
    partners: {
      ...partnerRows,
      ...partners({ ...partnerRows, secrets, refusedAddress, now: (id) => operationTime(db, id, clock()) }),
    },
    endpoints: {
      ...endpointRows,
      ...endpoints({ ...endpointRows, secrets, refusedAddress, send: (attempt) => deliver(attempt, outside) }),
    },
    events: eventReadsOn(db),
    loops: loopReadsOn(db),
    keys: { ...keys, claim: claimKey(keys) },
    ids: { fresh: newId, derived: derivedId },
    personal,
    prepared: preparedCommandsOn(db),
    reopenJourney: reopenJourney({ ...reopeningsOn(db), isRunning: engine.isRunning, startNow: engine.startNow }),
    imports: {
      ...importReads,
      operationOf: imports.operationOf,
      upload: uploadList({
        ...imports,
        listOf: importReads.read,
        now: (operationId) => operations.now(operationId, clock()),
        partnerExists: async (id) => (await partnerRows.read(id)) !== undefined,
      }),
      reprocess: reprocess(imports),
      startCommit: startCommit(imports),
      rowsToCorrect: rowsToCorrect({ ...importReads, write: correctionFile }),
    },
  };
}

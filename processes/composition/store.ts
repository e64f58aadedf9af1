import type { Pool } from 'pg';
import { loopReadsOn } from '../../adapters/background/loop.ts';
import { type Keyring, secretBox } from '../../adapters/crypto/envelope.ts';
import { correctionFile } from '../../adapters/files/correctionFile.ts';
import { alarmsOn } from '../../adapters/postgres/alarms.ts';
import { databaseOn } from '../../adapters/postgres/database.ts';
import { createDuplicates } from '../../adapters/postgres/duplicates/pairs.ts';
import { keysOn } from '../../adapters/postgres/idempotency.ts';
import { importsOn } from '../../adapters/postgres/imports/imports.ts';
import { importReadsOn } from '../../adapters/postgres/imports/reads.ts';
import { movementsOn } from '../../adapters/postgres/movements/reads.ts';
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
import { createNow } from '../../adapters/postgres/reads/now.ts';
import { createPeople } from '../../adapters/postgres/reads/people.ts';
import { createSituation } from '../../adapters/postgres/reads/situation.ts';
import { tasksOn } from '../../adapters/postgres/tasks.ts';
import { endpointsOn } from '../../adapters/postgres/webhooks/endpoints.ts';
import { eventReadsOn } from '../../adapters/postgres/webhooks/outbox.ts';
import { ZONES } from '../../adapters/timeZones/zones.ts';
import type { GuardedClient } from '../../adapters/webhooks/client.ts';
import { deliver } from '../../adapters/webhooks/send.ts';
import { newEndpointSecret } from '../../adapters/webhooks/signature.ts';
import { claimKey } from '../../application/idempotency/claimKey.ts';
import { derivedId, newId } from '../../application/ids.ts';
import { startCommit } from '../../application/imports/commit.ts';
import { rowsToCorrect } from '../../application/imports/correct.ts';
import { reprocess } from '../../application/imports/reprocess.ts';
import { uploadList } from '../../application/imports/upload.ts';
import { planMovement } from '../../application/movements/planMovement.ts';
import { readManifest } from '../../application/movements/readManifest.ts';
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
  const imports = importsOn(db, keyring);
  const importReads = importReadsOn(db, keyring);
  const operations = createOperations(pool);
  const secrets = { ...secretBox(keyring), issue: newEndpointSecret };
  const partnerRows = partnersOn(db, prisma);
  const endpointRows = endpointsOn(db, prisma);
  const movements = movementsOn(db);
  const keys = keysOn(db);
  const personal = {
    cores: (personIds: readonly string[]) => readPeople(pool, keyring, personIds),
    searchKeys: (text: string) => searchKeysOfText(keyring, text),
    shown: (shown: Parameters<typeof writeShown>[1]) => writeShown(pool, shown),
  };

  return {
    operations,
    plans: {
      ...createPlans(prisma),
      activate: (activation: Parameters<typeof activatePlan>[1]) => activatePlan(pool, activation),
    },
    people: createPeople(pool),
    duplicates: createDuplicates(pool),
    households: createHouseholds(pool),
    holds: createHolds(pool),
    notes: createNotes(pool, keyring),
    tasks: tasksOn(db),
    alarms: alarmsOn(db),
    now: createNow(pool),
    history: createHistory(pool),
    situation: createSituation(pool),
    movements: {
      ...movements,
      plan: planMovement({ ...movements, zones: ZONES, operations, partners: partnerRows }),
      manifest: readManifest({ ...movements, operations, people: personal, clock }),
    },
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
    keys: { ...keys, claim: claimKey(keys) },
    ids: { fresh: newId, derived: derivedId },
    personal,
    registration: {
      register: (registration: Omit<Parameters<typeof register>[1], 'keyring' | 'journeys'>) =>
        register(pool, { ...registration, keyring, journeys }),
    },
    imports: {
      ...importReads,
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

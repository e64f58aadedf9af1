/**
 * B13: somebody found among 200,000 by any spelling of the trials (tests/adapters/files/trials).
 *
 * Ours: `POST /v1/people/search` over HTTP, one after the other: token, the keys of every word seen in the text, the
 * query by their index, up to 300 candidates opened and put in order by how well the name answers, the ledger written for
 * those who are shown, and their names. Each search must bring the person among the first three.
 * Peer: the same keys' query by the index alone, on the same PostgreSQL through the same driver.
 * Both look for every spelling in turn; compared is the time of all of them. The crowd is made up of the commonest names
 * of several languages, so that a word of the name is shared by thousands, and is filed by registration's own functions.
 */
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { type Keyring, loadKeyring } from '../adapters/crypto/keyring.ts';
import { searchKeysOfText } from '../adapters/crypto/people.ts';
import { databaseOn } from '../adapters/postgres/database.ts';
import { readFrame, readyHouseholds, registerHouseholds } from '../adapters/postgres/households/register.ts';
import { searchStatement } from '../adapters/postgres/people/people.ts';
import type { RegistrationContext } from '../application/households/register.ts';
import { judgeList } from '../domain/imports/judgeList.ts';
import { SPELLINGS, TRIALS, trialFile } from '../tests/api/imports/spellings.ts';
import { plainRows } from '../tests/domain/imports/scenario.ts';
import type { Cells } from '../tests/support/cells.ts';
import { holdStarts } from './abroad.ts';
import { type Bench, quantile, type Side } from './bench.ts';
import { openOperation } from './operation.ts';
import { madeUp } from './people.ts';
import { type BenchSystem, openBenchSystem, PROCESS } from './system.ts';

const PEOPLE = 200_000;
const AT_A_TIME = 1_000;
const REFERENCE_DATE = '2026-11-20';
/** As the API asks for them (application/people/search.ts). */
const CANDIDATES = 300;
const FIRST = 3;

const GIVEN = [
  'Mohammed',
  'Ahmed',
  'Ali',
  'Fatima',
  'Ibrahim',
  'Maria',
  'Jean',
  'Mary',
  'Hassan',
  'Amina',
  'Karim',
  'Halima',
];
const ONSETS = ['Ba', 'Che', 'Du', 'Fo', 'Gi', 'Ho', 'Ku', 'Lo', 'Mu', 'Pe', 'Ro', 'Su', 'Ti', 'Vo', 'Wa', 'Zu'];
const ENDS = ['bari', 'dolo', 'keta', 'lunga', 'mira', 'ntele', 'poro', 'rashi', 'sowe', 'tembo', 'vuli', 'zango'];

export const search: Bench = {
  id: 'B13',
  title: `somebody found among ${PEOPLE} by any spelling against the indexed query alone`,
  rows: [
    {
      id: 'B13',
      says: 'ms a search, mean of all spellings; peer: the query of the same keys',
      unit: 'ms',
      limit: { of: 'ratio', atMost: 5 },
    },
    { id: 'B13.slowest', says: 'ms of the slowest tenth; peer: of the queries', unit: 'ms' },
  ],
  async prepare(say) {
    const system = await openBenchSystem(say);
    const agent = new Agent({ connections: 1 });
    const close = async (): Promise<void> => {
      await agent.close();
      await system.close();
    };
    try {
      await system.start(PROCESS.api);
      const worker = await system.start(PROCESS.worker);
      const operationId = await openOperation(system.as('coordinator'));
      await worker.stop();
      await holdStarts(system);
      const keyring = await loadKeyring(join(system.folder, 'data/keys.json'));
      await fileEverybody(system, keyring, operationId);
      say(`${PEOPLE} people are filed`);
      return {
        flags: system.flags,
        ours: () => timed(SPELLINGS.flatMap(queriesOf), (query) => searchOverHttp(system, agent, query)),
        peer: () => timed(SPELLINGS.flatMap(queriesOf), (query) => queryAlone(system, keyring, query)),
        close,
      };
    } catch (error) {
      await close();
      throw error;
    }
  },
};

/** A spelling, and the household that whoever is meant came in. */
type Query = { text: string; household: string };

function queriesOf([trial, row, spellings]: (typeof SPELLINGS)[number]): Query[] {
  const household = plainRows(trialFile(trial))[row - 1]?.household_ref;
  if (household === undefined) throw new Error(`${trial} has no row ${row}`);
  return spellings.map((text) => ({ text, household: `${trial} ${household}` }));
}

async function fileEverybody(system: BenchSystem, keyring: Keyring, operationId: string): Promise<void> {
  const trials = TRIALS.flatMap((trial) =>
    plainRows(trialFile(trial)).map((cells) => ({ ...cells, household_ref: `${trial} ${cells.household_ref}` })),
  );
  await file(system, keyring, operationId, 'trials', trials);
  for (let from = 0; from < PEOPLE; from += AT_A_TIME) {
    const crowd = Array.from({ length: AT_A_TIME }, (_, index) => oneOfTheCrowd(from + index));
    await file(system, keyring, operationId, `crowd ${from}`, crowd);
  }
  await system.pool.query('analyze');
}

function oneOfTheCrowd(number: number): Cells {
  const [onset, end] = [ONSETS[Math.floor(number / 144) % 16] ?? '', ENDS[Math.floor(number / 2_304) % 12] ?? ''];
  return {
    ...madeUp(number),
    household_ref: `H-${number}`,
    given_names: `${GIVEN[number % 12]} ${GIVEN[Math.floor(number / 12) % 12]}`,
    family_name: `${onset}${end}${ENDS[Math.floor(number / 27_648) % 12]}`,
  };
}

/** Files people as registration does; each alone in a household where the list does not say otherwise. */
async function file(
  system: BenchSystem,
  keyring: Keyring,
  operationId: string,
  origin: string,
  cells: readonly Cells[],
): Promise<void> {
  const accepted = judgeList(cells, { referenceDate: REFERENCE_DATE }).rows.filter(
    ({ verdict }) => verdict !== 'reject',
  );
  const households = [...Map.groupBy(accepted, ({ meaning }) => meaning.householdRef)].map(([reference, members]) => ({
    reference,
    members,
    rejectedRows: [],
  }));
  await databaseOn(system.pool)
    .transaction()
    .execute(async (tx) => {
      const frame = await readFrame(tx, operationId);
      if (!frame) throw new Error('There is no operation');
      const registration: RegistrationContext = {
        operationId,
        frame,
        importId: null,
        origin,
        at: Date.now(),
        referenceDate: REFERENCE_DATE,
      };
      await registerHouseholds(tx, readyHouseholds(keyring, registration, households));
    });
}

async function timed(queries: readonly Query[], query: (one: Query) => Promise<void>): Promise<Side> {
  // Once unmeasured: the pages that these searches read are then in memory on both sides.
  for (const one of queries) await query(one);
  const took: number[] = [];
  for (const one of queries) {
    const began = performance.now();
    await query(one);
    took.push(performance.now() - began);
  }
  return { B13: took.reduce((sum, ms) => sum + ms, 0) / took.length, 'B13.slowest': quantile(took, 0.9) };
}

/** @throws Error unless the person is among the first three */
async function searchOverHttp(system: BenchSystem, agent: Agent, { text, household }: Query): Promise<void> {
  const { statusCode, body } = await request(`${system.api}/v1/people/search`, {
    method: 'POST',
    dispatcher: agent,
    headers: {
      authorization: `Bearer ${await system.signIn.token('case_worker')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ text }),
  });
  const found = (await body.json()) as { data?: Array<{ household_reference: string }> };
  const place = found.data?.findIndex((hit) => hit.household_reference === household) ?? -1;
  if (statusCode !== 200 || place < 0 || place >= FIRST)
    throw new Error(`"${text}" was answered ${statusCode} and brought ${household} on place ${place + 1}`);
}

async function queryAlone({ pool }: BenchSystem, keyring: Keyring, { text }: Query): Promise<void> {
  const { sql, parameters } = searchStatement(searchKeysOfText(keyring, text), 'all', CANDIDATES).compile(
    databaseOn(pool),
  );
  await pool.query(sql, [...parameters]);
}

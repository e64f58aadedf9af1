import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Db, databaseOn } from '../../../adapters/postgres/database.ts';
import {
  readFrame,
  readyHouseholds,
  registerHouseholds,
  registrationsOn,
} from '../../../adapters/postgres/households/register.ts';
import { FrameMoved, type RegistrationContext, registerHousehold } from '../../../application/households/register.ts';
import type { Actor } from '../../../domain/actor.ts';
import { HOLD_TYPES } from '../../../domain/holds.ts';
import { judgeList } from '../../../domain/imports/judgeList.ts';
import type { RouteLeg } from '../../../domain/rules.ts';
import { defaultRules } from '../../../domain/rules.ts';
import type { JourneyInput } from '../../../workflows/messages.ts';
import { person } from '../../domain/imports/scenario.ts';
import type { Cells } from '../../support/cells.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';
import { testKeyring } from '../../support/keyring.ts';
import { makeOperation } from '../../support/operations.ts';
import { recordEvents } from '../../support/recording.ts';

const keyring = await testKeyring();
const REFERENCE_DATE = '2026-11-25';
const AT = Date.UTC(2026, 10, 25, 12);
let database: TestDatabase;
let db: Db;

beforeAll(async () => {
  database = await testDatabase();
  db = databaseOn(database.pool);
});
afterAll(async () => {
  await database?.drop();
});

const none = { nationality: false, document: false, exitPermit: false };
const JOURNEY_STATUSES: RouteLeg[] = [
  { code: 'road', needs: none, forHouseholdsOf: null },
  { code: 'air', needs: none, forHouseholdsOf: ['SDN'] },
];

let serial = 0;

/** Registers one household, in its own operation unless one is given. */
async function register(cells: Cells[], over: { origin?: string; operationId?: string; rejectedRows?: number[] } = {}) {
  const { pool } = database;
  const operationId =
    over.operationId ?? (await makeOperation(pool, { rules: defaultRules('evacuation', JOURNEY_STATUSES) })).id;
  const { rows } = judgeList(cells, { referenceDate: REFERENCE_DATE });
  return db.transaction().execute(async (tx) => {
    const frame = await readFrame(tx, operationId);
    if (!frame) throw new Error('There is no such operation');
    const registration: RegistrationContext = {
      operationId,
      frame,
      importId: null,
      origin: over.origin ?? `coordinator:${++serial}`,
      at: AT,
      referenceDate: REFERENCE_DATE,
    };
    const members = rows.filter(({ verdict }) => verdict !== 'reject');
    const rejectedRows = over.rejectedRows ?? rows.filter(({ verdict }) => verdict === 'reject').map(({ row }) => row);
    const ready = readyHouseholds(keyring, registration, [{ reference: 'H1', members, rejectedRows }]);
    await registerHouseholds(tx, ready);
    const [household] = ready.households;
    if (!household) throw new RangeError('Nobody of the household is accepted');
    return { operationId, ...household };
  });
}

async function all<T>(sql: string, ...values: unknown[]): Promise<T[]> {
  return (await database.pool.query(sql, values)).rows as T[];
}

const FAMILY = [
  person({ person_ref: 'A', registered_at: '2026-11-20T09:30:00+02:00' }),
  person({
    person_ref: 'B',
    relationship_to_head: 'CHILD',
    date_of_birth: '2025',
    dob_precision: 'year',
    registered_at: '2026-11-20T09:00:00+02:00',
  }),
  person({
    person_ref: 'C',
    relationship_to_head: 'CHILD',
    date_of_birth: '2015-05',
    dob_precision: 'month',
    special_needs: 'MEDICAL',
  }),
];

describe('a household that is registered', () => {
  it('has its people, its place in the order and what their journeys begin with', async () => {
    const { operationId, householdId, people } = await register(FAMILY);
    expect(people.map(({ row }) => row)).toEqual([1, 2, 3]);
    const [household] = await all<object>('select * from households where id = $1', householdId);
    expect(household).toMatchObject({
      operation_id: operationId,
      reference: 'H1',
      site: 'Hall B',
      priority: 10,
      requested_at: new Date('2026-11-20T07:00:00Z'),
      head_nationality: 'SDN',
    });
    const members = await all<object>(
      `select j.relationship, j.is_head, j.status, j.route, j.route_decided, j.protection, p.traveller, p.sex, p.nationality
         from journeys j join persons p on p.id = j.person_id where j.household_id = $1
         order by j.is_head desc, p.traveller desc`,
      householdId,
    );
    const common = { status: 'registered', route: ['road', 'air'], route_decided: true, sex: 'F', nationality: 'SDN' };
    expect(members).toEqual([
      { ...common, relationship: 'HEAD', is_head: true, protection: [], traveller: 'adult' },
      { ...common, relationship: 'CHILD', is_head: false, protection: [], traveller: 'infant' },
      { ...common, relationship: 'CHILD', is_head: false, protection: ['MEDICAL'], traveller: 'child' },
    ]);
    const [start] = await all<{ workflow_id: string; input: JourneyInput }>(
      `select workflow_id, input from pending_starts where workflow_id = $1`,
      people[0]?.workflowId,
    );
    expect(start?.workflow_id).toBe(`journey:${people[0]?.journeyId}`);
    const frame = await readFrame(db, operationId);
    expect(start?.input).toEqual({
      version: 1,
      journeyId: people[0]?.journeyId,
      operationId,
      householdId,
      clock: frame?.clock,
      rules: frame?.rules,
      registration: {
        registeredAt: Date.parse('2026-11-20T07:30:00Z'),
        consent: 'given',
        holds: [],
        joins: false,
        child: false,
        route: ['road', 'air'],
        routeDecided: true,
      },
    });
  });

  it('is the same household when it comes twice, and another under another key', async () => {
    const first = await register(FAMILY, { origin: 'anna:key-1' });
    const again = await register(FAMILY, { origin: 'anna:key-1', operationId: first.operationId });
    expect(again).toEqual(first);
    const other = await register(FAMILY, { origin: 'anna:key-2', operationId: first.operationId });
    expect(other.householdId).not.toBe(first.householdId);
    expect(await all('select id from journeys where operation_id = $1', first.operationId)).toHaveLength(6);
  });

  it('is the same household when it comes many times at once', async () => {
    const { id: operationId } = await makeOperation(database.pool, {
      rules: defaultRules('evacuation', JOURNEY_STATUSES),
    });
    for (let round = 1; round <= 10; round++) {
      const origin = `anna:at-once-${round}`;
      const taken = await Promise.all([1, 2, 3, 4, 5, 6].map(() => register(FAMILY, { origin, operationId })));
      expect(new Set(taken.map((one) => JSON.stringify(one))).size).toBe(1);
      expect(await all('select id from journeys where operation_id = $1', operationId)).toHaveLength(3 * round);
    }
  });

  it('without a head, or of a head without a State, has a route as far as the rules give one', async () => {
    const noHead = await register([
      person({ relationship_to_head: 'SIBLING', nationality: 'VUT' }),
      person({ person_ref: 'B', relationship_to_head: 'SIBLING' }),
    ]);
    const stateless = await register([person({ nationality: 'XXA' })]);
    const routes = async (householdId: string) =>
      all('select distinct route, route_decided as decided from journeys where household_id = $1', householdId);
    expect(await routes(noHead.householdId)).toEqual([{ route: ['road'], decided: true }]);
    expect(await routes(stateless.householdId)).toEqual([{ route: ['road'], decided: false }]);
  });

  it('has the passport of whoever holds one that leaves no doubt', async () => {
    const passport = {
      given_names: 'Md Rubel',
      family_name: 'Sheikh',
      sex: 'M',
      nationality: 'BGD',
      date_of_birth: '1990-09-01',
      document_type: 'PASSPORT',
      document_number: 'Z8970403',
      mrz_line1: 'P<BGDSHEIKH<<MD<RUBEL<<<<<<<<<<<<<<<<<<<<<<<',
      mrz_line2: 'Z8970403<0BGD9009017M3106084<<<<<<<<<<<<<<<6',
    } as const;
    const held = await register([person({ ...passport })]);
    const doubted = await register([person({ ...passport, document_number: 'Z8970404' })]);
    const documents = (householdId: string) =>
      all<object>(
        'select d.kind, d.issued_by, d.valid_until, d.status from documents d join journeys j on j.id = d.journey_id where j.household_id = $1',
        householdId,
      );
    expect(await documents(held.householdId)).toEqual([
      { kind: 'PASSPORT', issued_by: 'BGD', valid_until: new Date('2031-06-08T00:00:00Z'), status: 'held' },
    ]);
    expect(await documents(doubted.householdId)).toEqual([]);
    const [start] = await all<{ input: JourneyInput }>(
      'select input from pending_starts where workflow_id = $1',
      held.people[0]?.workflowId,
    );
    expect(start?.input.registration.document?.validUntil).toBe(Date.UTC(2031, 5, 8));
  });
});

describe('protection at registration', () => {
  const holdsOf = (householdId: string) =>
    all<{ type: string }>(
      `select h.type
         from holds h join journeys j on j.id = h.journey_id where j.household_id = $1 and h.status = 'active' order by h.type`,
      householdId,
    );

  it.each([
    { needs: 'UASC', types: ['UASC'] },
    { needs: 'TRAFFICKING_RISK;UASC', types: ['TRAFFICKING', 'UASC'] },
    { needs: 'ASYLUM', types: ['ASYLUM'] },
    { needs: 'MEDICAL;PREGNANT;DISABILITY;ELDERLY', types: [] },
  ])('$needs raises $types', async ({ needs, types }) => {
    const { householdId, people } = await register([person({ special_needs: needs })]);
    const holds = await holdsOf(householdId);
    expect(holds.map(({ type }) => type)).toEqual(types);
    const [start] = await all<{ input: JourneyInput }>(
      'select input from pending_starts where workflow_id = $1',
      people[0]?.workflowId,
    );
    expect(start?.input.registration.holds).toHaveLength(types.length);
    // Temporal gets an opaque id only
    for (const type of HOLD_TYPES) expect(JSON.stringify(start?.input.registration)).not.toContain(type);
  });

  it('holds a child who heads a household, and a child with an adult who is no relative', async () => {
    const alone = await register([person({ date_of_birth: '2010-01-01' })]);
    expect((await holdsOf(alone.householdId)).map(({ type }) => type)).toEqual(['BEST_INTERESTS', 'UASC']);
    const reserved = await register([
      person(),
      person({ person_ref: 'B', relationship_to_head: 'NON_RELATIVE', date_of_birth: '2015-01-01' }),
    ]);
    expect((await holdsOf(reserved.householdId)).map(({ type }) => type)).toEqual(['CUSTODY', 'UASC']);
  });

  it('the order of the list does not disclose who fears return or was trafficked', async () => {
    const [ordinary, asylum] = [
      await register([person()]),
      await register([person({ special_needs: 'ASYLUM;TRAFFICKING_RISK' })]),
    ];
    const priority = (householdId: string) => all('select priority from households where id = $1', householdId);
    expect(await priority(asylum.householdId)).toEqual(await priority(ordinary.householdId));
  });

  it('a household that lacks a member is held together until protection has released everybody', async () => {
    const { householdId } = await register([
      ...FAMILY,
      person({ person_ref: 'D', relationship_to_head: 'SPOUSE', sex: '' }),
    ]);
    const holds = await holdsOf(householdId);
    expect(holds).toHaveLength(3);
    expect(new Set(holds.map(({ type }) => type))).toEqual(new Set(['DATA_DISPUTE']));
    const task = () =>
      all<object>(`select role, status, data -> 'rejectedRows' as rows from tasks where subject = $1`, householdId);
    expect(await task()).toEqual([{ role: 'case_worker', status: 'open', rows: [4] }]);
    const ids = await all<{ id: string; journey: string; operation: string }>(
      'select h.id, h.journey_id as journey, h.operation_id as operation from holds h join journeys j on j.id = h.journey_id where j.household_id = $1',
      householdId,
    );
    for (const { id, journey, operation } of ids) {
      expect((await task())[0]).toMatchObject({ status: 'open' });
      const actor: Actor = { kind: 'staff', id: 'duty', role: 'duty_supervisor' };
      await recordEvents(database.pool, {
        subject: journey,
        subjectKind: 'journey',
        operationId: operation,
        after: 0,
        events: [{ seq: 1, type: 'holdReleased', at: AT, actor, data: { holdId: id } }],
        projection: { seq: 0 },
        waits: [],
      });
    }
    expect((await task())[0]).toMatchObject({ status: 'done' });
    expect(
      await all(
        'select distinct status, released_by from holds where id = any($1)',
        ids.map(({ id }) => id),
      ),
    ).toEqual([{ status: 'released', released_by: 'duty' }]);
  });

  it('writes nothing where the operation is not any more as it was read, and alone reads it again', async () => {
    const { pool } = database;
    const { id: operationId } = await makeOperation(pool, { rules: defaultRules('evacuation', JOURNEY_STATUSES) });
    const { rows: members } = judgeList([person()], { referenceDate: REFERENCE_DATE });
    const frame = await readFrame(db, operationId);
    if (!frame) throw new Error('There is no such operation');
    await pool.query(
      `insert into operation_rules (operation_id, version, document, decided_by, decided_at)
       select operation_id, version + 1, document, decided_by, decided_at from operation_rules where operation_id = $1`,
      [operationId],
    );
    await pool.query('update operations set rules_version = rules_version + 1 where id = $1', [operationId]);
    const registration = { operationId, at: AT, referenceDate: REFERENCE_DATE, frame, importId: null, origin: 'early' };
    const early = readyHouseholds(keyring, registration, [{ reference: 'H1', members, rejectedRows: [] }]);
    await expect(registerHouseholds(db, early)).rejects.toThrow(FrameMoved);
    expect(await all('select id from households where operation_id = $1', operationId)).toEqual([]);
    const { frame: read, write } = registrationsOn(db, keyring);
    let frames = 0;
    const alone = registerHousehold({
      // the first time as it was before
      frame: async (id) => (++frames === 1 ? frame : read(id)),
      write,
      startNow: async () => {},
    });
    const one = { operationId, householdRef: 'H1', members: [person()], dryRun: false, now: AT };
    expect(await alone({ ...one, origin: 'late' })).toMatchObject({ household: { people: [{ row: 1 }] } });
    expect(frames).toBe(2);
    await pool.query('update operations set registration_open = false where id = $1', [operationId]);
    expect(await alone({ ...one, origin: 'later' })).toMatchObject({ outcome: 'closed' });
    expect(await all('select id from journeys where operation_id = $1', operationId)).toHaveLength(1);
  });

  it('registers no row that was rejected', async () => {
    await expect(register([person({ sex: '' })])).rejects.toThrow(RangeError);
  });
});

import { setTimeout as pause } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { requestActivities, type SendInput } from '../../../activities/requests.ts';
import { type Keyring, newDataKey, wrapKey } from '../../../adapters/crypto/envelope.ts';
import { guardedFetch, partnerClient } from '../../../adapters/partners/protocol.ts';
import { databaseOn } from '../../../adapters/postgres/database.ts';
import { insertHold } from '../../../adapters/postgres/journeys/holds.ts';
import { readPartnerEndpoint } from '../../../adapters/postgres/partners/partners.ts';
import { writeFieldSet } from '../../../adapters/postgres/people/personData.ts';
import { asideOn, requestsOn } from '../../../adapters/postgres/requests.ts';
import { type BodyGate, type GuardedClient, openGuardedClient } from '../../../adapters/webhooks/client.ts';
import { newId } from '../../../application/ids.ts';
import { requests } from '../../../application/requests/requests.ts';
import { type PersonCore, storedPersonCore } from '../../../domain/personData.ts';
import { PERSON_FIELDS } from '../../../domain/requests/fields.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';
import { testKeyring } from '../../support/keyring.ts';
import {
  insertAgreement,
  insertJourney,
  insertOperation,
  insertPartner,
  type JourneyRow,
  openBox,
  TEST_SECRET,
} from '../../support/systemRows.ts';
import { startTestPartner, type TestPartner } from '../../support/testPartner.ts';

const CORE: PersonCore = {
  personRef: 'NDU-1',
  givenNames: 'Canaria',
  familyName: 'Leakproof',
  birthDate: '1990-05-04',
  phone: '+67812345',
  preferredLanguage: 'bi',
  documentType: 'PASSPORT',
  documentNumber: 'X1234567',
  mrz: null,
  destination: 'VU-SAM',
};
const AT = Date.parse('2026-06-01T12:00:00Z');
const RACES = 1_000;
const AT_ONCE = 4;

let database: TestDatabase;
let keyring: Keyring;
let client: GuardedClient;
let partner: TestPartner;
let operationId: string;
let consulate: string;
let person: JourneyRow;

beforeAll(async () => {
  database = await testDatabase();
  keyring = await testKeyring();
  client = openGuardedClient({ allowLoopback: true });
});
afterAll(async () => {
  await client.close();
  await database.drop();
});
beforeEach(async () => {
  partner = await startTestPartner(TEST_SECRET);
  operationId = await insertOperation(database.pool);
  consulate = await partnerOf('consulate', ['verification', 'document'], 'VUT');
  person = await someone();
});
afterEach(() => partner.stop());

async function partnerOf(
  kind: 'consulate' | 'registry' | 'clinic' | 'border' | 'carrier' | 'agency',
  purposes: string[],
  state: string | null = null,
): Promise<string> {
  const id = await insertPartner(database.pool, operationId, { kind, state, baseUrl: `${partner.url}/` });
  await insertAgreement(database.pool, id, operationId, { purposes, fields: [...PERSON_FIELDS] });
  return id;
}

async function someone(nationality = 'VUT'): Promise<JourneyRow> {
  const row = await insertJourney(database.pool, operationId, { nationality });
  const { kekId, wrapped } = wrapKey(keyring, row.personId, newDataKey());
  await database.pool.query('insert into person_keys (person_id, kek_id, wrapped_key) values ($1, $2, $3)', [
    row.personId,
    kekId,
    wrapped,
  ]);
  await writeFieldSet(databaseOn(database.pool), keyring, row.personId, 'core', storedPersonCore(CORE));
  return row;
}

type Watching = {
  /** of one call: short, for the calls whose answer is lost */
  timeoutMs?: number;
  /** before the connection is opened, and so after the decision to send */
  connecting?: () => Promise<void>;
  /** when the last question has let the body go */
  handing?: () => void;
};

function activities({ timeoutMs = 2_000, connecting = async () => {}, handing = () => {} }: Watching = {}) {
  const fetch = guardedFetch(client);
  const db = databaseOn(database.pool);
  const deps = { keyring, secrets: openBox, clock: Date.now };
  return requestActivities(
    requests({
      ...asideOn(db),
      store: requestsOn(db, deps),
      transaction: (work) => db.transaction().execute((tx) => work(requestsOn(tx, deps))),
      client: partnerClient({
        async fetch({ lastQuestion, ...call }) {
          await connecting();
          const watched: BodyGate | undefined =
            lastQuestion &&
            ((hand) =>
              lastQuestion(async () => {
                handing();
                await hand();
              }));
          return fetch({ ...call, lastQuestion: watched, timeoutMs });
        },
        readPartnerEndpoint: (id) => readPartnerEndpoint(db, openBox, id),
      }),
      callbackBase: 'http://127.0.0.1:1',
      clock: Date.now,
    }),
  );
}

const asking = (over: Partial<SendInput> = {}): SendInput => ({
  kind: 'verification',
  subject: person.journeyId,
  operationId,
  round: 1,
  at: AT,
  ...over,
});
const ledger = async () =>
  (
    await database.pool.query(
      'select purpose, fields, partner_id, consent_version from disclosures where journey_id = $1',
      [person.journeyId],
    )
  ).rows;
const request = async () =>
  (
    await database.pool.query('select status, attempts, last_failure, partner_ref from requests where subject = $1', [
      person.journeyId,
    ])
  ).rows;
const isAgain = (type: string) => (error: unknown) =>
  error instanceof ApplicationFailure && error.type === type && !error.nonRetryable;

describe('a request to a partner', () => {
  it('sends the State’s consulate the fields that the request needs, and writes the ledger', async () => {
    await partnerOf('consulate', ['verification'], 'FRA');
    const asked = await activities().sendRequest(asking());
    expect(asked).toMatchObject({ outcome: 'requested', partnerId: consulate, at: AT });
    const [message] = [...partner.requests.values()];
    expect(message).toEqual({
      request_id: asked.outcome === 'requested' ? asked.requestId : '',
      kind: 'verification',
      operation: operationId,
      requested_at: '2026-06-01T12:00:00.000Z',
      person: {
        reference: 'NDU-1',
        given_names: 'Canaria',
        family_name: 'Leakproof',
        sex: 'F',
        birth_date: '1990-05-04',
        nationality: 'VUT',
        document_type: 'PASSPORT',
        document_number: 'X1234567',
      },
      reply_to: `http://127.0.0.1:1/v1/callbacks/${consulate}`,
    });
    expect(partner.forged).toBe(0);
    expect(await ledger()).toEqual([
      {
        purpose: 'verification',
        fields: Object.keys(message?.['person'] ?? {}),
        partner_id: consulate,
        consent_version: 1,
      },
    ]);
    expect(await request()).toMatchObject([{ status: 'acknowledged', attempts: 1, last_failure: null }]);
  });

  it('sends a clinic no nationality and no document, whatever the agreement allows', async () => {
    await partnerOf('clinic', ['fitness']);
    await activities().sendRequest(asking({ kind: 'fitness' }));
    const [message] = [...partner.requests.values()];
    expect(Object.keys(message?.['person'] ?? {})).toEqual([
      'reference',
      'given_names',
      'family_name',
      'sex',
      'birth_date',
    ]);
  });

  it('sends no more than the agreement names, and nothing where it leaves out what the request needs', async () => {
    const narrow = (fields: string[]) =>
      database.pool.query('update agreements set fields = $2 where partner_id = $1', [consulate, fields]);
    await narrow(['reference', 'given_names', 'family_name']);
    await activities().sendRequest(asking());
    const [message] = [...partner.requests.values()];
    expect(Object.keys(message?.['person'] ?? {})).toEqual(['reference', 'given_names', 'family_name']);
    await narrow(['reference']);
    expect(await activities().sendRequest(asking({ round: 2 }))).toEqual({
      outcome: 'blocked',
      reasons: ['agreement_too_narrow'],
    });
    expect(partner.requests.size).toBe(1);
  });

  it.each([
    [
      'a hold that is being raised',
      `insert into holds (id, journey_id, operation_id, type, status, raised_by, raised_at)
       select 'hld_' || id, id, operation_id, 'ASYLUM', 'raising', 'x', now() from journeys where id = $1`,
    ],
    ['no consent', `update journeys set consent = 'pending' where id = $1`],
    ['consent to travel alone', `update journeys set consent_sharing = false where id = $1`],
    [
      'no agreement',
      `update agreements set valid_until = '2001-01-01' where operation_id = (select operation_id from journeys where id = $1)`,
    ],
    [
      'a suspended operation',
      `insert into suspensions (id, operation_id, scope_kind, from_at, reason_code) select 'sus_' || id, operation_id, 'all', '2001-01-01', 'x' from journeys where id = $1`,
    ],
  ])('tells nobody anything under %s', async (_name, sql) => {
    await database.pool.query(sql, [person.journeyId]);
    const asked = await activities().sendRequest(asking());
    expect(asked.outcome).toBe('blocked');
    expect(partner.calls).toEqual([]);
    expect(await ledger()).toEqual([]);
    expect(await request()).toEqual([]);
  });

  it('finds no partner for people without a State, and sends the request to another State on a decision', async () => {
    const stateless = await someone('XXA');
    expect(await activities().sendRequest(asking({ subject: stateless.journeyId }))).toEqual({
      outcome: 'no_partner',
    });
    const other = await partnerOf('consulate', ['verification'], 'FRA');
    const asked = asking({ subject: stateless.journeyId, partnerId: other });
    // Another State is another consent.
    expect(await activities().sendRequest(asked)).toEqual({ outcome: 'blocked', reasons: ['state_not_consented'] });
    await database.pool.query('update journeys set consent_consulates = $2 where id = $1', [
      stateless.journeyId,
      [other],
    ]);
    expect(await activities().sendRequest(asked)).toMatchObject({
      outcome: 'requested',
      partnerId: other,
    });
  });

  it('returns the immediate answer of a registry, and the same again without a second call', async () => {
    const registry = await partnerOf('registry', ['registry']);
    partner.answer = { outcome: 'match', name: 'must not stay' };
    const found = await activities().sendRequest(asking({ kind: 'registry' }));
    expect(found).toMatchObject({ answer: { kind: 'registry', outcome: 'match' }, partnerId: registry, at: AT });
    const calls = partner.calls.length;
    expect(await activities().sendRequest(asking({ kind: 'registry' }))).toEqual(found);
    expect(partner.calls).toHaveLength(calls);
    expect(
      JSON.stringify(
        (await database.pool.query('select outcome from requests where partner_id = $1', [registry])).rows,
      ),
    ).not.toContain('must not');
  });

  it('looks up the answer of a registry that did not arrive at once', async () => {
    await partnerOf('registry', ['registry']);
    await expect(activities().sendRequest(asking({ kind: 'registry' }))).rejects.toSatisfy(isAgain('answer_pending'));
    partner.answer = { outcome: 'several' };
    expect(await activities().sendRequest(asking({ kind: 'registry' }))).toMatchObject({
      answer: { outcome: 'several' },
    });
    expect(partner.requests.size).toBe(1);
  });
});

const hold = (of = person) =>
  insertHold(databaseOn(database.pool), {
    id: newId('hold'),
    journeyId: of.journeyId,
    operationId,
    type: 'TRAFFICKING',
    raisedBy: 'officer',
    raisedAt: Date.now(),
  });
const withdrawn = () =>
  database.pool.query(`update journeys set consent = 'withdrawn', consent_sharing = false where id = $1`, [
    person.journeyId,
  ]);

describe('between the decision to send and the first byte', () => {
  const toHold = ['hold', () => hold()] as const;
  const toWithdraw = ['withdrawal', withdrawn] as const;

  it.each([toHold, toWithdraw])('a %s stops a request: the partner receives nothing', async (_what, stop) => {
    const asked = await activities({ connecting: async () => void (await stop()) }).sendRequest(asking());
    expect(asked.outcome).toBe('blocked');
    expect(partner.calls).toEqual([]);
    expect(partner.forged).toBe(0);
    expect(await request()).toMatchObject([{ status: 'failed', last_failure: 'blocked' }]);
  });

  it.each([toHold, toWithdraw])(
    'a %s during a look-up stops a request, and no ledger tells of it',
    async (_what, stop) => {
      partner.treat = () => ({ status: 503 });
      await expect(activities().sendRequest(asking())).rejects.toBeInstanceOf(ApplicationFailure);
      const before = await ledger();
      partner.treat = () => ({ after: stop().then(() => undefined) });
      expect((await activities().sendRequest(asking())).outcome).toBe('blocked');
      expect(partner.requests.size).toBe(0);
      expect(partner.calls.map(({ method }) => method)).toEqual(['POST', 'GET']);
      expect(await ledger()).toEqual(before);
    },
  );

  it.each([toHold, toWithdraw])('a %s stops a reminder and evidence', async (_what, stop) => {
    const asked = await activities().sendRequest(asking());
    if (asked.outcome !== 'requested') throw new Error('It was not sent');
    const { requestId } = asked;
    let stopped: Promise<unknown> | undefined;
    const late = activities({ connecting: async () => void (await (stopped ??= stop())) });
    expect(await late.remindRequest({ requestId, at: AT })).toEqual({ reminded: false });
    expect(await late.sendEvidence({ requestId, kinds: ['photo'], at: AT })).toEqual({ sent: false });
    expect(partner.notified).toEqual([]);
    expect(await activities().recallRequest({ requestId, at: AT })).toEqual({ recalled: true });
    expect(partner.notified).toMatchObject([{ action: 'recall', body: { request_id: requestId, action: 'recall' } }]);
  });

  it('a hold waits for no answer of a partner: it is answered while the partner still thinks', async () => {
    let answer = (): void => {};
    partner.treat = () => ({ after: new Promise<void>((resolve) => (answer = resolve)) });
    const asked = activities().sendRequest(asking());
    await expect.poll(() => partner.calls.length).toBe(1);
    await hold();
    answer();
    expect((await asked).outcome).toBe('requested');
  });

  it('nothing leaves after a hold was answered, in thousands of races', async () => {
    const seen = { sent: 0, withheld: 0 };
    const race = async (round: number): Promise<void> => {
      const raced = await someone();
      let held = false;
      let afterHold = false;
      const handing = () => void (afterHold ||= held);
      const [asked] = await Promise.all([
        activities({ handing }).sendRequest(asking({ subject: raced.journeyId })),
        pause((round * 7) % 64)
          .then(() => hold(raced))
          .then(() => {
            held = true;
          }),
      ]);
      expect(afterHold, `round ${round}`).toBe(false);
      seen[asked.outcome === 'requested' ? 'sent' : 'withheld'] += 1;
    };
    for (let round = 0; round < RACES; round += AT_ONCE)
      await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => race(round + index)));
    // Both ends of the race were met, or it proves nothing.
    expect(seen.sent).toBeGreaterThan(RACES / 20);
    expect(seen.withheld).toBeGreaterThan(RACES / 20);
    expect(partner.requests.size).toBe(seen.sent);
  });
});

describe('an unknown outcome', () => {
  it.each(['lose', 'hang', 'garbage'] as const)(
    'is looked up before any repeat (effect done, answer: %s)',
    async (treatment) => {
      partner.treat = ({ method }) => (method === 'POST' ? treatment : 'answer');
      const short = activities({ timeoutMs: 300 });
      await expect(short.sendRequest(asking())).rejects.toBeInstanceOf(ApplicationFailure);
      partner.treat = () => 'answer';
      expect(await short.sendRequest(asking())).toMatchObject({ outcome: 'requested' });
      expect(partner.calls.map(({ method }) => method)).toEqual(['POST', 'GET']);
      expect(partner.requests.size).toBe(1);
      expect(await ledger()).toHaveLength(1);
      expect(await request()).toMatchObject([{ status: 'acknowledged', attempts: 2, last_failure: null }]);
    },
  );

  it('repeats the call where the partner never had it', async () => {
    partner.treat = () => ({ status: 503 });
    await expect(activities().sendRequest(asking())).rejects.toSatisfy(isAgain('partner_failing'));
    partner.treat = () => 'answer';
    expect(await activities().sendRequest(asking())).toMatchObject({ outcome: 'requested' });
    expect(partner.calls.map(({ method }) => method)).toEqual(['POST', 'GET', 'POST']);
    expect(await ledger()).toHaveLength(1);
  });

  it('does not repeat blindly where the look-up fails too', async () => {
    partner.treat = () => ({ status: 500 });
    await expect(activities().sendRequest(asking())).rejects.toBeInstanceOf(ApplicationFailure);
    await expect(activities().sendRequest(asking())).rejects.toBeInstanceOf(ApplicationFailure);
    expect(partner.calls.map(({ method }) => method)).toEqual(['POST', 'GET']);
  });

  it('evaluates the preconditions again before a retry; a request that was sent counts as sent, so that it can be recalled', async () => {
    partner.treat = ({ method }) => (method === 'POST' ? 'lose' : 'answer');
    await expect(activities().sendRequest(asking())).rejects.toBeInstanceOf(ApplicationFailure);
    await database.pool.query(`update journeys set consent = 'withdrawn', consent_sharing = false where id = $1`, [
      person.journeyId,
    ]);
    partner.treat = () => 'answer';
    const asked = await activities().sendRequest(asking());
    expect(asked.outcome).toBe('requested');
    expect(partner.calls.filter(({ method }) => method === 'POST')).toHaveLength(1);
    if (asked.outcome !== 'requested') return;
    expect(await activities().recallRequest({ requestId: asked.requestId, at: AT })).toEqual({
      recalled: true,
    });
    expect(partner.notified).toMatchObject([{ action: 'recall' }]);
  });

  it('is blocked where nothing had gone out before the preconditions failed', async () => {
    partner.treat = () => ({ status: 503 });
    await expect(activities().sendRequest(asking())).rejects.toBeInstanceOf(ApplicationFailure);
    await database.pool.query(`update journeys set consent_sharing = false where id = $1`, [person.journeyId]);
    partner.treat = () => 'answer';
    expect(await activities().sendRequest(asking())).toMatchObject({ outcome: 'blocked' });
    expect(partner.requests.size).toBe(0);
    // With a new consent it may be asked: one request, and a line in the ledger for each consent it was to go out under.
    await database.pool.query(`update journeys set consent_sharing = true, consent_version = 3 where id = $1`, [
      person.journeyId,
    ]);
    expect(await activities().sendRequest(asking())).toMatchObject({ outcome: 'requested' });
    expect((await ledger()).map(({ consent_version }) => consent_version)).toEqual([1, 3]);
    expect(await request()).toHaveLength(1);
  });

  it('treats a callback that arrives before the response as proof that the request arrived', async () => {
    partner.treat = ({ method }) => (method === 'POST' ? 'lose' : 'answer');
    await expect(activities().sendRequest(asking())).rejects.toBeInstanceOf(ApplicationFailure);
    await database.pool.query(
      `update requests set status = 'answered', sent_at = now(), answered_at = now() where subject = $1`,
      [person.journeyId],
    );
    const calls = partner.calls.length;
    expect(await activities().sendRequest(asking())).toMatchObject({ outcome: 'requested' });
    expect(partner.calls).toHaveLength(calls);
    expect(await request()).toMatchObject([{ status: 'answered' }]);
  });

  it('is one effect with ten attempts at once', async () => {
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => activities().sendRequest(asking())));
    expect(results.every(({ status }) => status === 'fulfilled')).toBe(true);
    expect(partner.requests.size).toBe(1);
    expect(await ledger()).toHaveLength(1);
  });
});

describe('a partner that does not take the request', () => {
  it.each([422, 400, 410, 302])('is a matter for a person (%i), with an alarm', async (status) => {
    partner.treat = () => ({ status });
    expect(await activities().sendRequest(asking())).toEqual({ outcome: 'no_partner' });
    expect(await request()).toMatchObject([{ status: 'refused', last_failure: 'request_refused' }]);
    expect((await database.pool.query('select detail from alarms where subject = $1', [consulate])).rows).toMatchObject(
      [{ detail: { code: 'request_refused' } }],
    );
  });

  it.each([
    [401, 'signature_not_accepted'],
    [403, 'signature_not_accepted'],
    [404, 'address_answers_404'],
  ])('is asked again once somebody has corrected it (%i)', async (status, code) => {
    partner.treat = () => ({ status });
    await expect(activities().sendRequest(asking())).rejects.toSatisfy(isAgain(code));
    expect((await database.pool.query('select from alarms where subject = $1', [consulate])).rowCount).toBe(1);
  });

  it('gets the delay that it requests', async () => {
    partner.treat = () => ({ status: 429, headers: { 'retry-after': '120' } });
    await expect(activities().sendRequest(asking())).rejects.toMatchObject({
      type: 'partner_busy',
      nextRetryDelay: 120_000,
    });
    expect((await database.pool.query('select from alarms where subject = $1', [consulate])).rowCount).toBe(0);
  });

  it('is never called at an address that we do not send to', async () => {
    await database.pool.query(`update partners set base_url = 'http://10.0.0.1/' where id = $1`, [consulate]);
    expect(await activities().sendRequest(asking())).toEqual({ outcome: 'no_partner' });
    expect(await request()).toMatchObject([{ last_failure: 'address_not_allowed' }]);
  });
});

describe('after the request', () => {
  const asked = async (): Promise<string> => {
    const outcome = await activities().sendRequest(asking());
    return outcome.outcome === 'requested' ? outcome.requestId : '';
  };

  it('evidence is sent under the preconditions and recorded in the ledger', async () => {
    const requestId = await asked();
    const evidence = {
      requestId,
      kinds: ['OLD_DOCUMENT', 'INTERVIEW'],
      at: AT,
    };
    expect(await activities().sendEvidence(evidence)).toEqual({ sent: true });
    expect(await activities().sendEvidence(evidence)).toEqual({ sent: true });
    expect(partner.notified[0]).toMatchObject({
      requestId,
      action: 'evidence',
      body: { kinds: ['OLD_DOCUMENT', 'INTERVIEW'] },
    });
    expect((await ledger()).map(({ fields }) => fields)).toContainEqual([
      'evidence:INTERVIEW',
      'evidence:OLD_DOCUMENT',
    ]);
    expect(await ledger()).toHaveLength(2);
    await database.pool.query(`update journeys set consent_sharing = false where id = $1`, [person.journeyId]);
    expect(await activities().sendEvidence({ ...evidence, at: AT + 1 })).toEqual({ sent: false });
    expect(partner.notified).toHaveLength(2);
  });

  it.each([
    [
      'a hold',
      `insert into holds (id, journey_id, operation_id, type, status, raised_by, raised_at)
       select 'hld_' || id, id, operation_id, 'ASYLUM', 'raising', 'x', now() from journeys where id = $1`,
    ],
    ['a withdrawn consent', `update journeys set consent = 'withdrawn' where id = $1`],
    ['the end of the journey', `update journeys set ending = 'deceased' where id = $1`],
    [
      'the end of the agreement',
      `update agreements set valid_until = '2001-01-01' where operation_id = (select operation_id from journeys where id = $1)`,
    ],
  ])('a reminder asks the preconditions again: nothing goes out after %s', async (_name, sql) => {
    const requestId = await asked();
    await database.pool.query(sql, [person.journeyId]);
    const calls = partner.calls.length;
    expect(await activities().remindRequest({ requestId, at: AT })).toEqual({ reminded: false });
    expect(partner.calls).toHaveLength(calls);
    expect(await ledger()).toHaveLength(1);
  });

  it('a reminder is in the ledger before it is sent, once for each reminder, and none goes out after the answer', async () => {
    const requestId = await asked();
    partner.treat = () => ({ status: 503 });
    await expect(activities().remindRequest({ requestId, at: AT })).rejects.toSatisfy(isAgain('partner_failing'));
    expect((await ledger()).map(({ fields }) => fields)).toContainEqual(['reminder']);
    partner.treat = () => 'answer';
    expect(await activities().remindRequest({ requestId, at: AT })).toEqual({ reminded: true });
    expect(await ledger()).toHaveLength(2);
    await database.pool.query(`update requests set status = 'answered' where id = $1`, [requestId]);
    expect(await activities().remindRequest({ requestId, at: AT + 1 })).toEqual({ reminded: false });
  });

  it('a request that was recalled while it was on its way is recalled again when it has arrived', async () => {
    const recall = Promise.withResolvers<void>();
    partner.treat = ({ path }) => (path === '/requests' ? { after: recall.promise } : 'answer');
    const sending = asked();
    await expect.poll(() => partner.calls.length).toBe(1);
    await database.pool.query(`update requests set status = 'recalled'`);
    recall.resolve();
    await sending;
    expect(partner.notified).toMatchObject([{ action: 'recall' }]);
    expect(await request()).toMatchObject([{ status: 'recalled' }]);
  });

  it('a request that may have arrived before the journey ended is recalled by itself', async () => {
    partner.treat = ({ method }) => (method === 'POST' ? 'lose' : 'answer');
    await expect(activities().sendRequest(asking())).rejects.toBeInstanceOf(ApplicationFailure);
    await database.pool.query(`update journeys set ending = 'lost_contact' where id = $1`, [person.journeyId]);
    partner.treat = () => 'answer';
    expect(await activities().sendRequest(asking())).toEqual({ outcome: 'blocked', reasons: ['journey_ended'] });
    expect(partner.notified).toMatchObject([{ action: 'recall' }]);
    expect(await request()).toMatchObject([{ status: 'recalled' }]);
  });

  it('a look-up in a registry that has not answered is recalled under a hold', async () => {
    await partnerOf('registry', ['registry']);
    await expect(activities().sendRequest(asking({ kind: 'registry' }))).rejects.toSatisfy(isAgain('answer_pending'));
    await database.pool.query(`update journeys set consent_sharing = false where id = $1`, [person.journeyId]);
    expect(await activities().sendRequest(asking({ kind: 'registry' }))).toMatchObject({ outcome: 'blocked' });
    expect(partner.notified).toMatchObject([{ action: 'recall' }]);
  });

  it('an answer that nobody waits for is an alarm and a task for who decides about it', async () => {
    const requestId = await asked();
    const late = { requestId, partnerId: consulate, eventKey: `${consulate}:late`, at: AT };
    await activities().setAnswerAside(late);
    await activities().setAnswerAside(late);
    const { rows } = await database.pool.query('select kind, role, subject from tasks where subject = $1', [
      person.journeyId,
    ]);
    expect(rows).toEqual([{ kind: 'late_answer', role: 'consular_officer', subject: person.journeyId }]);
    const raised = await database.pool.query('select kind from alarms where subject = $1', [person.journeyId]);
    expect(raised.rows).toEqual([{ kind: 'late_answer' }]);
  });

  it('a recall is done once, also where the partner never had the request; a reminder names the request alone', async () => {
    const requestId = await asked();
    expect(await activities().remindRequest({ requestId, at: AT })).toEqual({ reminded: true });
    expect(await activities().recallRequest({ requestId, at: AT })).toEqual({ recalled: true });
    expect(await activities().recallRequest({ requestId, at: AT })).toEqual({ recalled: true });
    expect(partner.notified.map(({ action }) => action)).toEqual(['reminders', 'recall']);
    expect(await activities().remindRequest({ requestId, at: AT })).toEqual({ reminded: false });
    partner.requests.clear();
    await database.pool.query(`update requests set status = 'sent' where id = $1`, [requestId]);
    expect(await activities().recallRequest({ requestId, at: AT })).toEqual({ recalled: true });
  });
});

describe('a movement', () => {
  const movement = async (carrierId: string): Promise<string> => {
    const id = newId('movement');
    await database.pool.query(
      `insert into movements (id, operation_id, reference, leg, mode, carrier_id, origin, destination, stops, departs_at, arrives_at, seat_capacity)
       values ($1, $2, $1, 'evacuation', 'ship', $3, '{"code": "NDU"}', '{"code": "SAN"}', '[]', now(), now(), 40)`,
      [id, operationId, carrierId],
    );
    return id;
  };

  it('is booked once, though the answer of the carrier was lost', async () => {
    const carrier = await partnerOf('carrier', []);
    const movementId = await movement(carrier);
    const booking = {
      kind: 'booking',
      subject: movementId,
      operationId,
      partnerId: carrier,
      round: 1,
      at: AT,
    } as const;
    partner.treat = ({ method }) => (method === 'POST' ? 'lose' : 'answer');
    await expect(activities().sendRequest(booking)).rejects.toBeInstanceOf(ApplicationFailure);
    partner.treat = () => 'answer';
    partner.answer = { booking_reference: 'BK-1' };
    expect(await activities().sendRequest(booking)).toMatchObject({
      answer: { kind: 'booking', outcome: 'booked', bookingRef: 'BK-1' },
      partnerId: carrier,
    });
    expect(partner.requests.size).toBe(1);
    expect([...partner.requests.values()][0]).toMatchObject({
      kind: 'booking',
      movement: { reference: movementId, destination: 'SAN', seats: { seat: 40 } },
    });
    partner.answer = { reason: 'NO_VESSEL' };
    expect(await activities().sendRequest({ ...booking, round: 2 })).toMatchObject({
      answer: { kind: 'booking', outcome: 'refused', reasonCode: 'NO_VESSEL' },
    });
    partner.answer = undefined;
    expect(await activities().sendRequest({ ...booking, round: 3 })).toMatchObject({
      outcome: 'requested',
      partnerId: carrier,
    });
    await database.pool.query(`update partners set status = 'suspended' where id = $1`, [carrier]);
    expect(await activities().sendRequest({ ...booking, round: 4 })).toEqual({ outcome: 'no_partner' });
  });

  it('is announced to the receiving agency in numbers alone, and only by agreement', async () => {
    const agency = await partnerOf('agency', ['reception']);
    const movementId = await movement(agency);
    const reception = { kind: 'reception', subject: movementId, operationId, round: 1, at: AT } as const;
    expect(await activities().sendRequest(reception)).toMatchObject({ outcome: 'requested', partnerId: agency });
    const [message] = [...partner.requests.values()];
    expect(message).not.toHaveProperty('person');
    expect(message).toMatchObject({ kind: 'reception', movement: { expected: { people: 0, households: 0 } } });
    await database.pool.query(`update agreements set purposes = '{}' where partner_id = $1`, [agency]);
    expect(await activities().sendRequest({ ...reception, round: 2 })).toEqual({
      outcome: 'blocked',
      reasons: ['no_agreement'],
    });
  });
});

it('keeps names and numbers out of requests, ledger, alarms and failures', async () => {
  partner.treat = () => ({ status: 500 });
  const failure: unknown = await activities()
    .sendRequest(asking())
    .catch((error: unknown) => error);
  const { rows } = await database.pool.query(
    `select (select json_agg(r) from requests r)::text || (select json_agg(d) from disclosures d)::text || coalesce((select json_agg(a) from alarms a)::text, '') as everything`,
  );
  const text = rows[0].everything + JSON.stringify(failure) + String((failure as Error).stack);
  for (const canary of ['Canaria', 'Leakproof', 'X1234567', '1990-05-04']) expect(text).not.toContain(canary);
});

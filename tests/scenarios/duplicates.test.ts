import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { type Registered, register, runOperation } from '../support/faultOperation.ts';
import { type FaultSystem, openFaultSystem } from '../support/faultSystem.ts';

type Pair = { id: string; status: string };
type Task = { kind: string; person_id: string | null };

let system: FaultSystem;
let operationId: string;
beforeAll(async () => {
  system = await openFaultSystem();
  await system.workers[0]?.start();
  ({ operationId } = await runOperation(system, {}));
});
afterAll(() => system?.close());

const get = async <T>(role: string, path: string): Promise<T> =>
  (await system.once(role, 'GET', `/v1${path}`)).body as T;
const openPairs = async (): Promise<Pair[]> =>
  (await get<{ data: Pair[] }>('case_worker', `/operations/${operationId}/duplicate-pairs?filter[state]=open`)).data;
const tasks = async (): Promise<string[]> =>
  (await get<{ data: Task[] }>('duty_supervisor', `/operations/${operationId}/tasks`)).data
    .map(({ kind }) => kind)
    .filter((kind) => ['decide_pair', 'close_duplicate', 'resume'].includes(kind));

/** Registers one human twice. The duplicate matcher finds the pair and a case worker decides that it is one person. */
async function linked(
  name: string,
  born: string,
): Promise<{ waits: Registered; goesOn: Registered; hold: string; pair: string }> {
  const cells = { given_names: name, date_of_birth: born };
  const one = await register(system, operationId, `${name}-1`, cells);
  const two = await register(system, operationId, `${name}-2`, {
    ...cells,
    registered_at: '2026-01-03T08:00:00+11:00',
  });
  await eventually('the pair', async () => (await openPairs()).length === 1);
  const pair = (await openPairs())[0]?.id ?? '';
  const decided = (await system
    .as('case_worker')
    .post(`/duplicate-pairs/${pair}/commands/same`, { reason_code: 'told_so' })) as {
    waiting: { journey_id: string; hold_id: string };
  };
  const { journey_id, hold_id } = decided.waiting;
  const [waits, goesOn] = journey_id === one.journeyId ? [one, two] : [two, one];
  return { waits, goesOn, hold: hold_id, pair };
}

const holds = async (person: Registered): Promise<string[]> =>
  (await get<{ holds: Array<{ id: string }> }>('protection_officer', `/people/${person.personId}`)).holds.map(
    ({ id }) => id,
  );

describe('one person registered twice, in the running system', () => {
  it('has one suspended journey, which endJourney ends', async () => {
    const { waits, goesOn, hold, pair } = await linked('Merelyn', '1961-05-06');
    expect(waits.reference).toBe('Merelyn-2');
    expect(await holds(waits)).toEqual([hold]);
    expect(await holds(goesOn)).toEqual([]);
    const history = await get<object>('protection_officer', `/people/${waits.personId}/history`);
    expect(JSON.stringify(history)).toContain('Hold raised');
    expect(JSON.stringify(history)).toContain('Confirmed as the same person as another registration');
    expect(await tasks()).toEqual(['close_duplicate']);
    await system.as('coordinator').post(`/people/${waits.personId}/commands/end-journey`, {
      args: { ending: 'ineligible' },
      reason_code: 'registered_twice',
    });
    await system.as('protection_lead').post(`/people/${waits.personId}/commands/confirm-ending`, {
      args: { ending: 'ineligible' },
    });
    expect(await tasks()).toEqual([]);
    const { status } = await get<Pair>('auditor', `/duplicate-pairs/${pair}`);
    expect(status).toBe('same');
  });

  it('lets protection resume the suspended journey when the other one ends', async () => {
    const { waits, goesOn, hold } = await linked('Fabiola', '1971-07-08');
    await system.as('coordinator').post(`/people/${goesOn.personId}/commands/end-journey`, {
      args: { ending: 'ineligible' },
      reason_code: 'registered_twice',
    });
    await system.as('duty_supervisor').post(`/people/${goesOn.personId}/commands/confirm-ending`, {
      args: { ending: 'ineligible' },
    });
    expect(await tasks()).toEqual(['resume']);
    await system.as('protection_officer').post(`/people/${waits.personId}/commands/release-hold`, {
      args: { hold_id: hold, reference: 'DUP-1' },
      reason_code: 'the_right_one',
    });
    expect(await holds(waits)).toEqual([]);
    expect(await tasks()).toEqual([]);
  });
});

import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import { ROLES, type Role } from '../../../domain/actor.ts';
import { HOUR } from '../../../domain/time.ts';
import { readScenario } from '../../../sandbox/scenarioData.ts';
import { CASE_WORKER } from '../../../sandbox/staff/caseWorker.ts';
import { CONSULAR_OFFICER } from '../../../sandbox/staff/consularOfficer.ts';
import { COORDINATOR } from '../../../sandbox/staff/coordinator.ts';
import { Directory } from '../../../sandbox/staff/directory.ts';
import { HEALTH_OFFICER } from '../../../sandbox/staff/healthOfficer.ts';
import type { Member } from '../../../sandbox/staff/household.ts';
import type { Shift } from '../../../sandbox/staff/shift.ts';
import { DUTY_SUPERVISOR, PROTECTION_LEAD } from '../../../sandbox/staff/supervisor.ts';
import type { Task } from '../../../sandbox/staff/tasks.ts';

type Given = { role: Role; what: string; body: { args: Record<string, unknown>; reason_code?: string } };

let given: Given[];
let members: Member[];
let events: string[];
let proposed: { ending: string } | null;

beforeEach(() => {
  given = [];
  members = [];
  events = [];
  proposed = null;
});

/** A shift on a scenario, before a system that takes every command and tells what the test says. */
async function shiftOn(name: string): Promise<Shift> {
  const scenario = readScenario(fileURLToPath(new URL(`../../../sandbox/scenarioData/${name}`, import.meta.url)));
  const clients = Object.fromEntries(
    ROLES.map((role) => [
      role,
      {
        get: async (path: string) => {
          if (path.endsWith('/history')) return { phases: [{ entries: events.map((event) => ({ event })) }] };
          if (path.endsWith('/now')) return { proposed_ending: proposed };
          return path.startsWith('/households/') ? { members } : { household_id: 'hh_1' };
        },
        all: async (path: string) =>
          path.includes('/rows')
            ? scenario.people.map((person) => ({ row: person.row, person_id: `per_${person.personRef}` }))
            : [],
        post: async (path: string, body: Given['body']) => {
          given.push({ role, what: path.replace('/commands', ''), body });
          return { detail: {} };
        },
      },
    ]),
  ) as unknown as Shift['clients'];
  const start = Date.parse('2017-09-28T00:00:00Z');
  return {
    clients,
    operationId: 'op_1',
    clock: [{ fromOperationTime: start, fromRealTime: Date.now(), secondsPerDay: 86_400 }],
    scenario,
    directory: await Directory.of(clients.case_worker as never, 'imp_1', scenario),
    relief: [],
    partners: new Map([['consulates/NER', 'par_ner']]),
    notifyCrew: async () => undefined,
    stop: new AbortController().signal,
    log: (message) => {
      throw new Error(message);
    },
    decided: { count: 0 },
  };
}

function task(ref: string, kind: string, id = `jrn_1.${kind}.0.waiting`): Task {
  return { id, subject: 'jrn_1', person_id: `per_${ref}`, kind, role: '', opened_at: '', due: null };
}

function member(ref: string, different: Partial<Member> = {}): Member {
  return {
    person_id: `per_${ref}`,
    traveller: 'adult',
    status: 'verified',
    ending: null,
    on_hold: false,
    ...different,
  };
}

const commands = () =>
  given.map(
    ({ role, what, body }) =>
      `${role} ${what}${Object.keys(body.args).length > 0 ? ` ${JSON.stringify(body.args)}` : ''}`,
  );

describe('case workers', () => {
  test('take a refusal in the list at its word, and a pending consent for travel alone', async () => {
    const shift = await shiftOn('ambae-2017');
    await CASE_WORKER['consent_decision']?.(shift, task('NDU-22385', 'consent_decision'));
    await CASE_WORKER['consent_decision']?.(shift, task('LOL-96445', 'consent_decision'));
    await CASE_WORKER['consent_decision']?.(shift, task('LOL-37741', 'consent_decision'));
    expect(commands()).toEqual([
      'case_worker /people/per_NDU-22385/refuse-consent',
      'case_worker /people/per_LOL-96445/give-consent {"form":"explicit","sharing":false,"own_state":false}',
      'case_worker /people/per_LOL-37741/give-consent {"form":"proxy","sharing":false,"own_state":false}',
    ]);
  });

  test('leave three households to the visitor', async () => {
    const shift = await shiftOn('ambae-2017');
    members = [member('NDU-22385', { ending: 'declined' }), member('NDU-66901')];
    expect(await CASE_WORKER['household_decision']?.(shift, task('NDU-66901', 'household_decision'))).toBe('left');
    expect(await CASE_WORKER['consent_decision']?.(shift, task('NDU-07807', 'consent_decision'))).toBe('left');
    expect(await CASE_WORKER['consent_decision']?.(shift, task('WAL-46941', 'consent_decision'))).toBe('left');
    expect(given).toEqual([]);
  });

  test('leave whoever came in otherwise to the visitor', async () => {
    const shift = await shiftOn('ambae-2017');
    for (const handler of Object.values(CASE_WORKER))
      expect(await handler(shift, task('unknown', 'screening'))).toBe('left');
    expect(given).toEqual([]);
  });

  test('let a family go on where a grown-up does, and never children alone', async () => {
    const shift = await shiftOn('libya-vhr-flight');
    members = [
      member('TRI-43056'),
      member('TRI-87362', { ending: 'referred_out' }),
      member('TRI-06660', { traveller: 'child' }),
    ];
    await CASE_WORKER['household_decision']?.(shift, task('TRI-06660', 'household_decision'));
    expect(commands()).toEqual(['case_worker /people/per_TRI-06660/confirm-household']);
    given = [];
    members = [member('TRI-43056', { ending: 'declined' }), member('TRI-06660', { traveller: 'child' })];
    expect(await CASE_WORKER['household_decision']?.(shift, task('TRI-06660', 'household_decision'))).toBe('left');
    members = [
      member('TRI-43056', { ending: 'referred_out' }),
      member('TRI-06660', { traveller: 'child' }),
      member('TRI-68440', { traveller: 'infant', on_hold: true }),
    ];
    await CASE_WORKER['household_decision']?.(shift, task('TRI-06660', 'household_decision'));
    expect(commands()).toEqual(['protection_lead /people/per_TRI-06660/end-journey {"ending":"referred_out"}']);
  });

  test('make the follow-up of its month', async () => {
    const shift = await shiftOn('ambae-2017');
    await CASE_WORKER['follow_up_contact']?.(
      shift,
      task('WAL-18245', 'follow_up_contact', 'jrn_1.followUp12.1506700000000.waiting'),
    );
    expect(commands()).toEqual(['case_worker /people/per_WAL-18245/record-follow-up {"month":12,"reached":true}']);
  });
});

describe('second people', () => {
  test('confirm an ending that somebody else proposed, and none that nobody did', async () => {
    const shift = await shiftOn('ambae-2017');
    expect(await DUTY_SUPERVISOR['ending_decision']?.(shift, task('NDU-22385', 'ending_decision'))).toBe('left');
    proposed = { ending: 'declined' };
    await DUTY_SUPERVISOR['ending_decision']?.(shift, task('NDU-22385', 'ending_decision'));
    await PROTECTION_LEAD['ending_decision']?.(shift, task('NDU-22385', 'ending_decision'));
    expect(commands()).toEqual([
      'duty_supervisor /people/per_NDU-22385/confirm-ending {"ending":"declined"}',
      'protection_lead /people/per_NDU-22385/confirm-ending {"ending":"declined"}',
    ]);
  });
});

describe('consular officers', () => {
  const decide = (shift: Shift, ref: string) =>
    CONSULAR_OFFICER['nationality_decision']?.(shift, task(ref, 'nationality_decision'));

  test('send what was asked for', async () => {
    const shift = await shiftOn('libya-vhr-flight');
    await CONSULAR_OFFICER['evidence']?.(shift, task('TRI-76232', 'evidence'));
    expect(commands()).toEqual([
      'consular_officer /people/per_TRI-76232/provide-evidence {"kinds":["FAMILY_CONTACT","SCHOOL_RECORD"]}',
    ]);
  });

  test('ask the other State once, and refer a grown-up whom that one does not know either', async () => {
    const shift = await shiftOn('libya-vhr-flight');
    members = [member('SEB-25517')];
    await decide(shift, 'SEB-25517');
    events = ['nationality_not_confirmed', 'nationality_decided', 'nationality_not_confirmed'];
    await decide(shift, 'SEB-25517');
    expect(commands()).toEqual([
      'case_worker /people/per_SEB-25517/give-consent {"form":"explicit","sharing":true,"own_state":true,"consulates":["par_ner"]}',
      'consular_officer /people/per_SEB-25517/request-other-state {"partner_id":"par_ner"}',
      'protection_lead /people/per_SEB-25517/end-journey {"ending":"referred_out"}',
    ]);
  });

  test('keep a child with its parents, and the other way round', async () => {
    const shift = await shiftOn('libya-vhr-flight');
    const parents = [member('TRI-50794'), member('TRI-29505')];
    const child = member('TRI-08063', { traveller: 'child' });
    members = [...parents, child];
    expect(await decide(shift, 'TRI-08063')).toBe('left');
    expect(given).toEqual([]);
    members = [member('TRI-50794'), child];
    await decide(shift, 'TRI-50794');
    expect(commands()).toEqual([
      'protection_lead /people/per_TRI-08063/end-journey {"ending":"referred_out"}',
      'protection_lead /people/per_TRI-50794/end-journey {"ending":"referred_out"}',
    ]);
  });

  test('take nobody off a vehicle for it', async () => {
    const shift = await shiftOn('libya-vhr-flight');
    members = [member('TRI-23981', { status: 'checked_in' })];
    expect(await decide(shift, 'TRI-23981')).toBe('left');
    expect(given).toEqual([]);
  });

  test('leave it where no status of the way home asks for a nationality', async () => {
    const shift = await shiftOn('ambae-2017');
    members = [member('WAL-68281')];
    expect(await decide(shift, 'WAL-68281')).toBe('left');
    expect(given).toEqual([]);
  });
});

describe('health officers', () => {
  const examine = (shift: Shift, ref: string) => HEALTH_OFFICER['fitness_answer']?.(shift, task(ref, 'fitness_answer'));

  test('find what the scenario says, for as long as it holds', async () => {
    const shift = await shiftOn('ambae-2017');
    await examine(shift, 'LOL-17529');
    const until = Date.parse(String(given[0]?.body.args['until']));
    expect(given[0]?.body.args['result']).toBe('fit');
    expect(Math.round((until - Date.parse('2017-09-28T00:00:00Z')) / HOUR)).toBe(72);
  });

  test('find somebody unfit until the review', async () => {
    const shift = await shiftOn('ambae-2017');
    await examine(shift, 'LOL-96445');
    expect(given[0]?.body.args).toMatchObject({ result: 'unfit', review_at: expect.any(String) as string });
  });

  test('do not examine again and again who is held, or who cannot get papers', async () => {
    const libya = await shiftOn('libya-vhr-flight');
    expect(await examine(libya, 'TRI-27141')).toBe('left');
    expect(await examine(libya, 'TRI-06920')).toBe('left');
    expect(given).toEqual([]);
  });
});

test('coordinators send whom no list names as far as everybody goes', async () => {
  const sudan = await shiftOn('sudan-2023');
  await COORDINATOR['route_decision']?.(sudan, task('PSU-84314', 'route_decision'));
  expect(commands()).toEqual(['coordinator /people/per_PSU-84314/decide-route {"route":["road","sea"]}']);
});

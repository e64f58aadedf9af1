import { describe, expect, it } from 'vitest';
import {
  FrameMoved,
  type HouseholdRegistration,
  type OperationFrame,
  registerHousehold,
} from '../../../application/households/register.ts';
import { defaultRules } from '../../../domain/rules.ts';
import { person } from '../../domain/imports/scenario.ts';

const NOW = Date.UTC(2026, 10, 25, 12);
const FRAME: OperationFrame = {
  registrationOpen: true,
  country: 'SDN',
  rulesVersion: 1,
  rules: defaultRules('evacuation'),
  clock: [{ fromOperationTime: NOW, fromRealTime: NOW, secondsPerDay: 86_400 }],
};

/** @param moves how often the operation changes between reading and writing */
function system(frame: Partial<OperationFrame> = {}, moves = 0) {
  const written: HouseholdRegistration[] = [];
  const started: string[] = [];
  let left = moves;
  const register = registerHousehold({
    frame: async () => ({ ...FRAME, ...frame }),
    write: async (_registration, household) => {
      if (left-- > 0) throw new FrameMoved();
      written.push(household);
    },
    startNow: async (workflowIds) => {
      started.push(...workflowIds);
    },
  });
  const one = { operationId: 'op_1', origin: 'anna key-1', householdRef: 'H1', dryRun: false, now: NOW };
  return { register, one, written, started };
}

const HEAD = person({ person_ref: 'A' });
const REJECTED = person({ person_ref: 'B', relationship_to_head: 'CHILD', sex: '' });

describe('a household that is registered', () => {
  it('is written with its accepted members, and their journeys are started', async () => {
    const { register, one, written, started } = system();
    const done = await register({ ...one, members: [HEAD, REJECTED] });
    expect(done.rows.map(({ verdict }) => verdict)).toEqual(['accept', 'reject']);
    expect(written).toMatchObject([{ reference: 'H1', rejectedRows: [2], people: [{ row: 1, isHead: true }] }]);
    expect(written[0]?.people[0]?.holds.map(({ type }) => type)).toEqual(['DATA_DISPUTE']);
    expect(started).toEqual([`journey:${written[0]?.people[0]?.journeyId}`]);
  });

  it('is judged again where the operation has changed meanwhile', async () => {
    const { register, one, written } = system({}, 2);
    expect(await register({ ...one, members: [HEAD] })).toMatchObject({ outcome: 'registered' });
    expect(written).toHaveLength(1);
  });
});

describe('nothing is written or started', () => {
  it.each([
    ['on a dry run', {}, { dryRun: true, members: [HEAD] }, 'judged'],
    ['on a dry run of a closed operation', { registrationOpen: false }, { dryRun: true, members: [HEAD] }, 'judged'],
    ['where nobody is accepted', { registrationOpen: false }, { members: [REJECTED] }, 'refused'],
    ['where registration is closed', { registrationOpen: false }, { members: [HEAD] }, 'closed'],
  ])('%s', async (_when, frame, given, outcome) => {
    const { register, one, written, started } = system(frame);
    const done = await register({ ...one, ...given });
    expect(done.outcome).toBe(outcome);
    expect(done.rows).toHaveLength(1);
    expect([written, started]).toEqual([[], []]);
  });

  it('where writing fails', async () => {
    const { one, started } = system();
    const register = registerHousehold({
      frame: async () => FRAME,
      write: () => Promise.reject(new Error('away')),
      startNow: async (ids) => {
        started.push(...ids);
      },
    });
    await expect(register({ ...one, members: [HEAD] })).rejects.toThrow('away');
    expect(started).toEqual([]);
  });
});

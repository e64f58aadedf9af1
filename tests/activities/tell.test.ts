import { expect, it } from 'vitest';
import { type TellPorts, tellActivities } from '../../activities/tell.ts';

function told(over: Partial<TellPorts> = {}) {
  const heard: unknown[][] = [];
  const activities = tellActivities({
    unitMustLeave: async (...said) => {
      heard.push(said);
      return 'told';
    },
    householdChanged: async (...said) => {
      heard.push(said);
      return said[0] === 'jrn_ended' ? 'closed' : 'told';
    },
    othersOf: async () => ['jrn_ended', 'jrn_b', 'jrn_c'],
    ...over,
  });
  return { heard, activities };
}

const NEWS = { householdId: 'hh_1', journeyId: 'jrn_a', ending: 'withdrawn', key: 'jrn_a-end', at: 1 } as const;

it('every other member hears who left, under one key, past one whose own journey has ended', async () => {
  const { heard, activities } = told();
  await activities.tellHousehold(NEWS);
  const news = [{ key: 'jrn_a-end', at: 1, journeyId: 'jrn_a', ending: 'withdrawn' }];
  expect(heard).toEqual([
    ['jrn_ended', news],
    ['jrn_b', news],
    ['jrn_c', news],
  ]);
});

it('fails where one could not be told, so that all are told again', async () => {
  const { activities } = told({
    householdChanged: async (journeyId) => {
      if (journeyId === 'jrn_b') throw new Error('Temporal is away');
      return 'told';
    },
  });
  await expect(activities.tellHousehold(NEWS)).rejects.toThrow('Temporal is away');
});

it('the movement hears which household must leave, and why', async () => {
  const { heard, activities } = told();
  await activities.unitMustLeave({ movementId: 'mov_1', householdId: 'hh_1', key: 'k', at: 2, cause: 'withdrawal' });
  expect(heard).toEqual([['mov_1', { key: 'k', householdId: 'hh_1', at: 2, cause: 'withdrawal' }]]);
});

import { expect, it } from 'vitest';
import { type NotificationPorts, notificationActivities } from '../../activities/subjects.ts';

function delivered(over: Partial<NotificationPorts> = {}) {
  const seen: unknown[][] = [];
  const activities = notificationActivities({
    householdMustLeave: async (...said) => {
      seen.push(said);
      return 'delivered';
    },
    householdChanged: async (...said) => {
      seen.push(said);
      return said[0] === 'jrn_ended' ? 'closed' : 'delivered';
    },
    membersReady: async (...said) => {
      seen.push(said);
      return 'delivered';
    },
    holdsFound: async (...said) => {
      seen.push(said);
      return 'delivered';
    },
    raisedIn: async () => [],
    hasChildren: async () => true,
    othersOf: async () => ['jrn_ended', 'jrn_b', 'jrn_c'],
    ...over,
  });
  return { seen, activities };
}

const ENDED = { householdId: 'hh_1', journeyId: 'jrn_a', ending: 'withdrawn', key: 'jrn_a-end', at: 1 } as const;

it('every other member firstSeen who left, under one key, past one whose own journey has ended', async () => {
  const { seen, activities } = delivered();
  await activities.notifyHousehold(ENDED);
  const update = [{ key: 'jrn_a-end', at: 1, journeyId: 'jrn_a', ending: 'withdrawn', child: true }];
  expect(seen).toEqual([
    ['jrn_ended', update],
    ['jrn_b', update],
    ['jrn_c', update],
  ]);
});

it('fails where one could not be delivered, so that all are delivered again', async () => {
  const { activities } = delivered({
    householdChanged: async (journeyId) => {
      if (journeyId === 'jrn_b') throw new Error('Temporal is away');
      return 'delivered';
    },
  });
  await expect(activities.notifyHousehold(ENDED)).rejects.toThrow('Temporal is away');
});

it('the movement firstSeen which household must leave, and why', async () => {
  const { seen, activities } = delivered();
  await activities.householdMustLeave({
    movementId: 'mov_1',
    householdId: 'hh_1',
    key: 'k',
    at: 2,
  });
  expect(seen).toEqual([['mov_1', { key: 'k', householdId: 'hh_1', at: 2 }]]);
});

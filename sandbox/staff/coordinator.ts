import { legsOf, servedBy } from '../drill/policy.ts';
import { command } from './shift.ts';
import type { Handler } from './tasks.ts';

/** Coordinators: the way of those whom no list of nationalities names goes as far as everybody's. */
export const COORDINATOR: Record<string, Handler> = {
  route_decision: async (shift, task) => {
    if (task.person_id === null || !shift.directory.find(task.person_id)) return 'left';
    const { movements } = shift.scenario;
    const route = legsOf(movements).filter((leg) => servedBy(leg, movements) === null);
    if (route.length === 0) return 'left';
    return (await command(shift, 'coordinator', task.person_id, 'decide_route', { route }, 'as_far_as_everybody'))
      ? 'done'
      : 'left';
  },
};

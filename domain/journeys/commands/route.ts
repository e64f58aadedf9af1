import { z } from 'zod';
import { FIELDS } from '../../fields.ts';
import { defineCommand } from './define.ts';

export const decideRoute = defineCommand({
  name: 'decideRoute',
  args: { route: z.array(FIELDS.code).min(1).max(20).meta({ description: 'codes of the legs, in order' }) },
  example: { route: ['sea'] },
  roles: ['coordinator', 'protection_lead'],
  reason: true,
  sentence: 'command.journey.decideRoute',
  refusal: (state, { route }, { rules }) => {
    if (state.arrivedAt !== undefined) return 'The person has arrived';
    if (state.travel.status !== 'none') return 'The person has a seat on the present route';
    if (state.routeDone.some((leg, index) => route[index] !== leg))
      return `The legs that are travelled come first: ${state.routeDone.join(', ')}`;
    const known = rules?.legs.map(({ code }) => code);
    const unknown = known && route.find((leg) => !known.includes(leg));
    return unknown && `The rules have no leg ${unknown}; they have: ${known.join(', ')}`;
  },
  effect: (_state, { route }) => [{ type: 'routeDecided', data: { route } }],
});

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
  refusal: ({ routeDecided }) => (routeDecided ? 'The route is already decided' : undefined),
  effect: (_state, { route }) => [{ type: 'routeDecided', data: { route } }],
});

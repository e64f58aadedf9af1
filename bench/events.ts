/**
 * B12: how many events the reference journey takes, exactly. Ours runs the real workflows of the production bundle on
 * the time-skipping server, arrivals in a fixed order, through a year of follow-ups; the peer is the analytic minimum of
 * the same journey, committed with its sum in reference-journey.json. Activities answer at once: they cost no event more
 * or less by what they do. The same count is a test (tests/workflows/eventCount.test.ts).
 */

import { timeSkippingEnvironment, workflowBundle } from '../tests/support/temporal.ts';
import { runReferenceJourney } from '../tests/workflows/referenceJourney.ts';
import type { Bench } from './bench.ts';
import { quietEngine } from './engine.ts';
import { ALLOWED_EVENTS, FEWEST_EVENTS } from './reference.ts';

export const events: Bench = {
  id: 'B12',
  title: 'events of the reference journey against their analytic minimum',
  exact: true,
  rows: [
    {
      id: 'B12',
      says: 'events in both runs of the journey; peer: the sum in reference-journey.json',
      unit: 'events',
      limit: { of: 'ratio', atMost: ALLOWED_EVENTS },
    },
  ],
  async prepare() {
    quietEngine();
    const environment = await timeSkippingEnvironment();
    return {
      async ours() {
        const { histories } = await runReferenceJourney(environment, await workflowBundle());
        return { B12: histories.reduce((sum, history) => sum + (history.events?.length ?? 0), 0) };
      },
      peer: async () => ({ B12: FEWEST_EVENTS }),
      close: () => environment.teardown(),
    };
  },
};

import { condition, defineSignal, proxyActivities, setCurrentDetails, setHandler } from '@temporalio/workflow';
import type { FeedActivities } from '../activities/feed.ts';
import { feedSignals, type PartnerFeedInput } from './messages.ts';
import { goOnAsNew, NEW_VERSION, newVersionWanted } from './versions.ts';

const { sendDue } = proxyActivities<FeedActivities>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '45 seconds',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1 minute' },
  summary: 'Send the events that are due',
});

/**
 * One for each endpoint of a partner: sends what is due, then waits until it is nudged or until the next attempt is due
 * (real time, as all of the wire). What waits stands in the table `deliveries`; nothing is kept here.
 */
export async function partnerFeed(input: PartnerFeedInput): Promise<void> {
  let nudged = false;
  setHandler(defineSignal(feedSignals.nudged), () => {
    nudged = true;
  });
  setHandler(defineSignal(NEW_VERSION), () => undefined);
  for (;;) {
    nudged = false;
    const { next, ended } = await sendDue({ endpointId: input.endpointId });
    if (ended) return;
    // A new run begins by looking, so that a nudge that came meanwhile is not lost.
    if (newVersionWanted()) await goOnAsNew<typeof partnerFeed>(input);
    if (next === 0 || nudged) continue;
    setCurrentDetails(
      next === null ? 'Nothing waits; a new event wakes this feed.' : 'Waits for the next attempt that is due.',
    );
    if (next === null) await condition(() => nudged || newVersionWanted());
    else await condition(() => nudged || newVersionWanted(), next);
  }
}

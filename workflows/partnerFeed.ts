import { condition, defineSignal, proxyActivities, setCurrentDetails, setHandler } from '@temporalio/workflow';
import type { FeedActivities } from '../activities/background.ts';
import { PARTNER_FEED_INPUT, type PartnerFeedInput } from '../domain/workflowInputs.ts';
import { type CancelWatch, reportingCancelRequests } from './cancelReport.ts';
import { feedSignals, NEW_VERSION } from './messages.ts';
import { goOnAsNew, newVersionWanted } from './waiting.ts';

const { sendDue } = proxyActivities<FeedActivities>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '45 seconds',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1 minute' },
  summary: 'Send the events that are due',
});

/**
 * One for each endpoint of a partner: sends what is due, then waits until it is nudged or until the next attempt is due
 * (real time, as all of the wire). What waits stands in the table `deliveries`; nothing is kept here.
 *
 * To stop sending is to disable the endpoint. A cancellation that is asked for in Temporal's own UI raises an alarm, and
 * the feed goes on in a new run, which notices a later one.
 */
export async function partnerFeed(given: unknown): Promise<void> {
  const input = PARTNER_FEED_INPUT.read(given);
  const nudge = { came: false };
  const nudged = (): void => {
    nudge.came = true;
  };
  setHandler(defineSignal(feedSignals.nudged), nudged);
  setHandler(defineSignal(NEW_VERSION), nudged);
  await reportingCancelRequests({ subject: input.endpointId }, (watch) => feed(input, nudge, watch), nudged);
}

async function feed(input: PartnerFeedInput, nudge: { came: boolean }, watch: CancelWatch): Promise<void> {
  for (;;) {
    nudge.came = false;
    const { next, ended } = await sendDue({ endpointId: input.endpointId });
    if (ended) return;
    // A new run begins by looking, so that a nudge that came meanwhile is not lost.
    if (newVersionWanted() || watch.asked) {
      await watch.reported;
      return goOnAsNew<typeof partnerFeed>(input);
    }
    if (next === 0 || nudge.came) continue;
    setCurrentDetails(
      next === null ? 'Nothing waits; a new event wakes this feed.' : 'Waits for the next attempt that is due.',
    );
    if (next === null) await condition(() => nudge.came);
    else await condition(() => nudge.came, next);
  }
}

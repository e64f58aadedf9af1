import { Context } from '@temporalio/activity';
import { deliverFeed, type FeedPorts } from '../application/webhooks/feed.ts';

/** Activities of a partner's feed. */
export type FeedActivities = {
  /**
   * Sends the deliveries that are due at an endpoint. `next`: milliseconds of real time until the next one, 0 for at
   * once, null for none. `ended`: the endpoint was removed.
   */
  sendDue(input: { endpointId: string }): Promise<{ next: number | null; ended: boolean }>;
};

export function feedActivities(ports: FeedPorts): FeedActivities {
  return {
    sendDue({ endpointId }) {
      const context = Context.current();
      const run = { heartbeat: () => context.heartbeat(), leaving: () => context.cancellationSignal.aborted };
      return deliverFeed(ports, run, endpointId);
    },
  };
}

import { feedsWithDue } from '../postgres/partners/deliveries.ts';
import { stampOutbox } from '../postgres/partners/outbox.ts';
import type { WorkflowGateway } from '../temporal/workflowGateway.ts';
import { type Loop, type LoopLog, startLoop } from './loop.ts';
import { startNudges } from './nudges.ts';

/** Session lock of the outbox publisher; any number that no other lock uses. */
const OUTBOX_PUBLISHER_LOCK = 7_261_001;
const BATCH = 1_000;
/** How often to search for due deliveries that no feed sends. */
const SWEEP_MS = 30_000;

export type OutboxPublisherDeps = {
  connectionString: string;
  gateway: Pick<WorkflowGateway, 'nudgeFeed'>;
  log: LoopLog;
  pollMs?: number;
};

/**
 * The outbox publisher gives committed outbox rows gapless positions, makes a delivery for each subscribed endpoint, and
 * nudges the feeds. Several processes may start one; one works, the others stand by.
 */
export function startOutboxPublisher({ connectionString, gateway, log, pollMs = 1_000 }: OutboxPublisherDeps): Loop {
  const nudges = startNudges((endpointId) => gateway.nudgeFeed(endpointId), log);
  let sweptAt = Number.NEGATIVE_INFINITY;
  const loop = startLoop({
    name: 'relay',
    connectionString,
    lock: OUTBOX_PUBLISHER_LOCK,
    channel: 'outbox',
    pollMs,
    log,
    async pass(client) {
      // One statement is one transaction: rows get their positions and their deliveries together, or neither.
      const { stamped, endpoints } = await stampOutbox(client, BATCH);
      nudges.ask(endpoints);
      const now = performance.now();
      if (now - sweptAt >= SWEEP_MS) {
        nudges.ask(await feedsWithDue(client));
        sweptAt = now;
      }
      return stamped >= BATCH ? 'more' : 'idle';
    },
  });
  return {
    wake: loop.wake,
    async stop() {
      await loop.stop();
      await nudges.stop();
    },
  };
}

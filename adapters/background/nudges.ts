import { setTimeout as sleep } from 'node:timers/promises';
import { eachOf } from '../../application/eachOf.ts';
import { codeOf, type Log } from '../../application/log.ts';

/** Nudges to send, each endpoint once. */
export type Nudges = { ask(endpointIds: readonly string[]): void; stop(): Promise<void> };

const AT_ONCE = 8;
const LONGEST_PAUSE_MS = 10_000;

/**
 * Sends nudges in the background, so that a slow or absent server does not delay the outbox publisher. Many events at
 * one time become one nudge: after a round it rests for `restMs`. What fails is tried again, with a jittered back-off.
 */
export function startNudges(nudge: (endpointId: string) => Promise<void>, log: Log, restMs = 250): Nudges {
  const wanted = new Set<string>();
  const stopping = new AbortController();
  let failures = 0;
  let running: Promise<void> | undefined;

  const rounds = async (): Promise<void> => {
    while (wanted.size > 0 && !stopping.signal.aborted) {
      const round = [...wanted];
      wanted.clear();
      let failed = false;
      await eachOf(round, AT_ONCE, async (endpointId) => {
        try {
          await nudge(endpointId);
        } catch (error) {
          failed = true;
          wanted.add(endpointId);
          if (failures === 0) log.warn({ endpoint: endpointId, error: codeOf(error) }, 'feed not nudged, tried again');
        }
      });
      failures = failed ? failures + 1 : 0;
      const pause = Math.min(LONGEST_PAUSE_MS, 200 * 2 ** Math.min(failures, 10)) * (0.5 + Math.random() / 2);
      await sleep(failed ? pause : restMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
  };
  const begin = (): void => {
    if (running !== undefined || wanted.size === 0 || stopping.signal.aborted) return;
    running = rounds().finally(() => {
      running = undefined;
      begin();
    });
  };

  return {
    ask(endpointIds) {
      for (const endpointId of endpointIds) wanted.add(endpointId);
      begin();
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

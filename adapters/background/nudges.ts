import { codeOf, type LoopLog } from './loop.ts';

/** Nudges to send, each endpoint once. */
export type Nudges = { ask(endpointIds: readonly string[]): void; stop(): Promise<void> };

const AT_ONCE = 8;
const LONGEST_PAUSE_MS = 10_000;

/**
 * Sends nudges in the background, so that a slow or absent server does not delay the outbox publisher. Many events at
 * one time become one nudge: after it, the endpoint rests for `restMs`.
 */
export function startNudges(nudge: (endpointId: string) => Promise<void>, log: LoopLog, restMs = 250): Nudges {
  const wanted = new Set<string>();
  const resting = new Map<string, NodeJS.Timeout>();
  let stopped = false;
  let failures = 0;
  let retry: NodeJS.Timeout | undefined;
  const underWay = new Set<Promise<void>>();

  const send = async (endpointId: string): Promise<void> => {
    try {
      await nudge(endpointId);
      failures = 0;
      resting.set(
        endpointId,
        setTimeout(() => {
          resting.delete(endpointId);
          pump();
        }, restMs),
      );
    } catch (error) {
      failures += 1;
      wanted.add(endpointId);
      if (failures === 1) log.warn({ endpoint: endpointId, error: codeOf(error) }, 'feed not nudged, tried again');
    }
  };

  const pump = (): void => {
    if (stopped || retry !== undefined) return;
    for (const endpointId of wanted) {
      if (underWay.size >= AT_ONCE) return;
      if (resting.has(endpointId)) continue;
      wanted.delete(endpointId);
      const sending: Promise<void> = send(endpointId).finally(() => {
        underWay.delete(sending);
        if (failures === 0) pump();
        else pause();
      });
      underWay.add(sending);
    }
  };

  const pause = (): void => {
    if (stopped || retry !== undefined) return;
    const ms = Math.min(LONGEST_PAUSE_MS, 200 * 2 ** Math.min(failures, 10)) * (0.5 + Math.random() / 2);
    retry = setTimeout(() => {
      retry = undefined;
      pump();
    }, ms);
  };

  return {
    ask(endpointIds) {
      for (const endpointId of endpointIds) wanted.add(endpointId);
      pump();
    },
    async stop() {
      stopped = true;
      clearTimeout(retry);
      for (const timer of resting.values()) clearTimeout(timer);
      await Promise.all(underWay);
    },
  };
}

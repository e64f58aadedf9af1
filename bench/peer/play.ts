import {
  CancellationScope,
  condition,
  defineSignal,
  defineUpdate,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
  sleep,
} from '@temporalio/workflow';
import { type PeerActivities, type Play, playMessages } from './messages.ts';

const activities = proxyActivities<PeerActivities>({ startToCloseTimeout: '60s' });
const locals = proxyLocalActivities<PeerActivities>({ startToCloseTimeout: '20s' });

/** A timer that never fires. */
const FAR = '3650 days';
/** A timer that fires at once. */
const SOON = 1;

/**
 * Does nothing, in as many workflow tasks as the plan has steps: each is woken as the plan says, then runs empty local
 * activities one after the other, starts timers that it cancels again, and leaves some running.
 */
export async function play({ steps, ends }: Play): Promise<void> {
  let signals = 0;
  let updates = 0;
  setHandler(defineSignal(playMessages.signalled), () => {
    signals += 1;
  });
  setHandler(defineUpdate<void>(playMessages.updated), () => {
    updates += 1;
  });
  let [signalled, updated] = [0, 0];
  let running = new CancellationScope();
  for (const step of steps) {
    if (step.wake === 'activity') await activities.nothing();
    if (step.wake === 'timer') await sleep(SOON);
    if (step.wake === 'signal') {
      signalled += 1;
      await condition(() => signals >= signalled);
    }
    if (step.wake === 'update') {
      updated += 1;
      await condition(() => updates >= updated);
    }
    running.cancel();
    running = new CancellationScope();
    for (let local = 0; local < step.locals; local += 1) await locals.nothing();
    for (let timer = 0; timer < step.open; timer += 1) void sleep(FAR);
    // Cancelled by the next step: what is started and cancelled in one task leaves no event.
    for (let timer = 0; timer < step.timers; timer += 1) running.run(() => sleep(FAR)).catch(() => undefined);
  }
  if (!ends) await condition(() => false);
}

import { CancellationScope, defineSignal, setHandler } from '@temporalio/workflow';
import type { Ending } from '../../domain/journeys/statuses.ts';
import type { JourneyInput } from '../messages.ts';
import { goOnAsNew, NEW_VERSION } from '../versions.ts';
import { Interrupted, until } from '../waiting.ts';
import { becomeFit, obtainExitPermit } from './clearToTravel.ts';
import { close } from './close.ts';
import { takeCommands } from './commands.ts';
import { consent } from './consent.ts';
import { identify } from './identify.ts';
import { handleMessages } from './messages.ts';
import { receive } from './receive.ts';
import { followUp, plan } from './reintegrate.ts';
import { JourneyRun } from './run.ts';
import { screen } from './screen.ts';
import { secureDocuments } from './secureDocuments.ts';
import { stayTogether, travel } from './travel.ts';
import { verifyNationality } from './verifyNationality.ts';

/** One person's way home in one operation. */
export async function journey(input: JourneyInput): Promise<Ending> {
  const run = setup(input);
  try {
    if (!run.state.planned) await wayHome(run);
    await followUp(run);
  } catch (error) {
    // Anything else is a fault of ours: the task fails and is tried again by a corrected build; the journey never closes by it.
    if (!(error instanceof Interrupted)) throw new Error('The journey met a fault', { cause: error });
  }
  if (!run.over() && run.continuingAsNew()) return continuation(run, input);
  return close(run);
}

/**
 * Begins with what registration knew, then registers every handler, all before anything awaits. In this order: a command that
 * came with the first task is handled in the moment its handler is registered, and must find the journey begun.
 */
function setup(input: JourneyInput): JourneyRun {
  const run = new JourneyRun(input);
  if (run.state.seq === 0) {
    const { registeredAt, consent: asked, holds, route, routeDecided, document } = input.registration;
    const at = Math.min(registeredAt, run.now());
    run.event('journeyStarted', { consent: asked, holds, route, routeDecided }, { at });
    if (document) run.event('documentHeld', document, { at });
  }
  takeCommands(run);
  handleMessages(run);
  setHandler(defineSignal(NEW_VERSION), () => undefined);
  return run;
}

/** The table of contents. What does not depend on another phase runs inBackground it. */
async function wayHome(run: JourneyRun): Promise<void> {
  await all(identify(run), screen(run), consent(run));
  await all(
    travel(run),
    inBackground(run, verifyNationality),
    inBackground(run, secureDocuments),
    inBackground(run, becomeFit),
    inBackground(run, obtainExitPermit),
    inBackground(run, stayTogether),
  );
  await receive(run);
  await plan(run);
  // The year of follow-ups is a run of its own: what came before need not be replayed at each of its steps.
  run.continueAsNewSoon();
}

/** Waits for all of them, also when one is interrupted, so that none is left behind running. */
async function all(...phases: Array<Promise<void>>): Promise<void> {
  const results = await Promise.allSettled(phases);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

/** A phase that goes on as long as the person travels, and is left, with its waits, when they have arrived. */
async function inBackground(run: JourneyRun, phase: (run: JourneyRun) => Promise<void>): Promise<void> {
  const scope = new CancellationScope();
  const going = scope.run(() => phase(run));
  const arrived = until(run, () => run.state.travel.status === 'arrived');
  arrived.catch(() => {});
  try {
    await Promise.race([going, arrived]);
  } finally {
    scope.cancel();
    await going.catch(() => {});
  }
}

async function continuation(run: JourneyRun, input: JourneyInput): Promise<never> {
  await run.drained();
  return goOnAsNew<typeof journey>({ ...input, carried: run.carried() });
}

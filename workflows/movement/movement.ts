import { CancellationScope, defineSignal, setHandler } from '@temporalio/workflow';
import { type MovementStatus, statusOf } from '../../domain/movements/state.ts';
import type { MovementInput } from '../messages.ts';
import { goOnAsNew, NEW_VERSION } from '../versions.ts';
import { Interrupted } from '../waiting.ts';
import { takeCommands } from './commands.ts';
import { handleMessages } from './messages.ts';
import { IN_BACKGROUND, JOURNEY_PHASES } from './phases.ts';
import { MovementRun } from './run.ts';
import { cancel } from './steps.ts';

/** One flight, ship, bus or convoy, from its plan until every seat is accounted for. */
export async function movement(input: MovementInput): Promise<MovementStatus> {
  const asked = CancellationScope.current().cancelRequested;
  // What it does for people is brought to its end: to be cancelled by the engine is to be cancelled like any movement.
  return CancellationScope.nonCancellable(() => run(input, asked));
}

async function run(input: MovementInput, cancelRequested: Promise<never>): Promise<MovementStatus> {
  const run = setup(input);
  cancelRequested.catch(() =>
    run.exclusively(async () => {
      if (run.state.departedAt === undefined && !run.state.cancelled)
        await cancel(run, { reasonCode: 'cancelled_by_engine' });
    }),
  );
  const inBackground = IN_BACKGROUND.map((work) => uninterrupted(work(run)));
  try {
    while (!run.over()) await JOURNEY_PHASES[run.phase](run);
  } catch (error) {
    // Anything else is a fault of ours: the task fails and is tried again by a corrected build; the movement never closes by it.
    if (!(error instanceof Interrupted)) throw new Error('The movement met a fault', { cause: error });
  }
  await Promise.all(inBackground);
  await run.drained();
  if (!run.over()) return goOnAsNew<typeof movement>({ ...input, carried: run.carried() });
  return statusOf(run.state);
}

/** Registers every handler before anything awaits. */
function setup(input: MovementInput): MovementRun {
  const run = new MovementRun(input);
  takeCommands(run);
  handleMessages(run);
  setHandler(defineSignal(NEW_VERSION), () => undefined);
  if (run.state.seq === 0) {
    const { leg, departsAt, arrivesAt, capacity, stops, clearances } = input;
    run.event('movementPlanned', { leg, departsAt, arrivesAt, capacity, stops, clearances: clearances ?? [] });
  }
  return run;
}

/** A part that ends because the whole ends, or turns to a new run, has not failed. */
async function uninterrupted(work: Promise<never>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof Interrupted)) throw new Error('The movement met a fault', { cause: error });
  }
}

import { CancellationScope, continueAsNew } from '@temporalio/workflow';
import { type MovementStatus, statusOf } from '../../domain/movement/state.ts';
import type { MovementInput } from '../messages.ts';
import { Interrupted } from '../waiting.ts';
import { BESIDE, CHAPTERS } from './chapters.ts';
import { takeCommands } from './commands.ts';
import { hearNews } from './news.ts';
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
  const beside = BESIDE.map((work) => uninterrupted(work(run)));
  try {
    while (!run.over()) await CHAPTERS[run.chapter](run);
  } catch (error) {
    // Anything else is a fault of ours: the task fails and is tried again by a mended build; the movement never closes by it.
    if (!(error instanceof Interrupted)) throw new Error('The movement met a fault', { cause: error });
  }
  await Promise.all(beside);
  await run.drained();
  if (!run.over()) return continueAsNew<typeof movement>({ ...input, carried: run.carried() });
  return statusOf(run.state);
}

/** Registers every handler before anything awaits. */
function setup(input: MovementInput): MovementRun {
  const run = new MovementRun(input);
  takeCommands(run);
  hearNews(run);
  if (run.state.seq === 0) {
    const { stage, departsAt, arrivesAt, capacity, stops, clearances } = input;
    run.fact('movementPlanned', { stage, departsAt, arrivesAt, capacity, stops, clearances: clearances ?? [] });
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

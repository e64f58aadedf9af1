import { CancellationScope } from '@temporalio/workflow';
import { JOURNEY_COMMANDS } from '../../domain/journeys/commands/index.ts';
import { endingAfterFollowUps } from '../../domain/journeys/endings.ts';
import { ENDINGS, type Ending } from '../../domain/journeys/statuses.ts';
import { JOURNEY_CARRIED, JOURNEY_INPUT } from '../../domain/journeys/stored.ts';
import { live, type Subject } from '../aggregate/live.ts';
import { until } from '../waiting.ts';
import { becomeFit, obtainExitPermit, secureDocuments, verifyNationality } from './clearToTravel.ts';
import { consent, identify, screen } from './identify.ts';
import { decideEnding, followUp, plan, receive, settle } from './postArrival.ts';
import { RECALLED_IN_BACKGROUND } from './request.ts';
import { type JourneyMessages, JourneyRun, type JourneyTypes, SIGNALS } from './run.ts';
import { agreeToShare, awaitMembers, decideRisk, keepConsent, reviewHolds } from './standing.ts';
import { stayTogether, travel } from './travel.ts';

const JOURNEYS: Subject<JourneyTypes, JourneyRun, JourneyMessages> = {
  commands: JOURNEY_COMMANDS,
  steps: {},
  signals: SIGNALS,
  serial: false,
  background: [...RECALLED_IN_BACKGROUND, decideRisk, decideEnding, reviewHolds, stayTogether],
  begin: (run) => run.begin(),
  async work(run) {
    if (!run.state.planned) await wayHome(run);
    await followUp(run);
    if (!run.over()) run.event('journeyEnded', { ending: endingAfterFollowUps(run.state, run.rules.followUpMonths) });
  },
  async close(run) {
    const { ending } = run.state;
    if (ending !== undefined) await settle(run, ending);
  },
};

/** One person's way home in one operation. */
export async function journey(given: unknown): Promise<Ending> {
  const input = JOURNEY_INPUT.read(given);
  const run = await live(
    JOURNEYS,
    () => new JourneyRun(input),
    input,
    (left) => ({ version: JOURNEY_CARRIED.version, ...left.carried() }),
  );
  return run.state.ending ?? ENDINGS[0];
}

/** The table of contents. What does not depend on another phase runs inBackground it. */
async function wayHome(run: JourneyRun): Promise<void> {
  await all(screen(run), identify(run), consent(run));
  await all(
    travel(run),
    inBackground(run, verifyNationality),
    inBackground(run, secureDocuments),
    inBackground(run, becomeFit),
    inBackground(run, obtainExitPermit),
    inBackground(run, keepConsent),
    inBackground(run, agreeToShare),
    inBackground(run, awaitMembers),
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
  const hasArrived = () => run.state.travel.status === 'arrived';
  // A run that goes on after the arrival asks nobody for what was needed on the way.
  if (hasArrived()) return;
  const scope = new CancellationScope();
  const going = scope.run(() => phase(run));
  const arrived = until(run, hasArrived);
  arrived.catch(() => {});
  try {
    await Promise.race([going, arrived]);
  } finally {
    scope.cancel();
    await going.catch(() => {});
  }
}

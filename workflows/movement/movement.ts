import { MOVEMENT_COMMANDS } from '../../domain/movements/commands/index.ts';
import { type MovementStatus, statusOf } from '../../domain/movements/state.ts';
import { MOVEMENT_CARRIED, MOVEMENT_INPUT } from '../../domain/movements/stored.ts';
import { live, type Subject } from '../aggregate/live.ts';
import { IN_BACKGROUND, JOURNEY_PHASES } from './phases.ts';
import { type MovementMessages, MovementRun, type MovementTypes, SIGNALS } from './run.ts';
import { STEPS } from './steps.ts';

const MOVEMENTS: Subject<MovementTypes, MovementRun, MovementMessages> = {
  commands: MOVEMENT_COMMANDS,
  steps: STEPS,
  signals: SIGNALS,
  serial: true,
  background: IN_BACKGROUND,
  begin: (run) => run.begin(),
  async work(run) {
    while (!run.over()) await JOURNEY_PHASES[run.phase](run);
  },
};

/** One flight, ship, bus or convoy, from its plan until every seat is accounted for. */
export async function movement(given: unknown): Promise<MovementStatus> {
  const input = MOVEMENT_INPUT.read(given);
  const run = await live(
    MOVEMENTS,
    () => new MovementRun(input),
    input,
    (left) => ({ version: MOVEMENT_CARRIED.version, ...left.carried() }),
  );
  return statusOf(run.state);
}

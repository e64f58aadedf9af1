import { followUpDay } from '../../domain/journeys/state.ts';
import { waitFor } from '../waiting.ts';
import type { JourneyRun } from './run.ts';

const phase = 'reintegrate';

/** A plan made with the person. */
export async function plan(run: JourneyRun): Promise<void> {
  await waitFor(
    run,
    { key: 'plan', phase, whom: { kind: 'role', id: 'case_worker' }, what: 'reintegrationPlan' },
    () => run.state.planned,
  );
}

/** Follow-ups at the months that the rules name: until its day an appointment, from its day on a case worker's task. */
export async function followUp(run: JourneyRun): Promise<void> {
  for (const month of run.rules.followUpMonths) {
    const done = () => run.state.followUps.some((made) => made.month === month);
    const day = followUpDay(run.state, run.rules, month);
    if (day === undefined) continue;
    const key = `followUp${month}`;
    if (run.now() < day && !run.waits.some((wait) => wait.key === key)) {
      await waitFor(
        run,
        {
          key: `${key}Day`,
          phase,
          whom: { kind: 'person', id: 'person' },
          what: 'followUpContact',
          rule: { due: day - run.now(), remind: null, escalate: null },
          appointment: true,
        },
        done,
      );
    }
    await waitFor(
      run,
      { key, phase, whom: { kind: 'role', id: 'case_worker' }, what: 'followUpContact', since: day },
      done,
    );
  }
}

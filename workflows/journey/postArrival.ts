import { protectionMustConfirm } from '../../domain/journeys/endings.ts';
import { followUpDay } from '../../domain/journeys/state.ts';
import type { Ending } from '../../domain/journeys/statuses.ts';
import { JOURNEY_REQUESTS } from '../../domain/requests/index.ts';
import { notify } from '../activities.ts';
import { until, waitFor } from '../waiting.ts';
import { recall } from './request.ts';
import type { JourneyRun } from './run.ts';

const phase = 'reintegrate';

/** Somebody is there. */
export async function receive(run: JourneyRun): Promise<void> {
  await waitFor(
    run,
    {
      key: 'reception',
      phase: 'receive',
      whom: { kind: 'role', id: 'case_worker' },
      what: 'reception',
      safety: true,
    },
    () => run.state.received,
  );
}

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

/** One person proposed an ending. A second one confirms or rejects it; under a hold or on board one of the two is of protection. */
export async function decideEnding(run: JourneyRun): Promise<never> {
  for (;;) {
    await until(run, () => run.state.proposedEnding !== null);
    const proposed = run.state.proposedEnding;
    const forProtection = protectionMustConfirm(run.state);
    await waitFor(
      run,
      {
        key: 'ending',
        phase: run.phase ?? 'close',
        whom: { kind: 'role', id: forProtection ? 'protection_lead' : 'duty_supervisor' },
        what: 'endingDecision',
        ...(proposed && { since: proposed.at }),
      },
      () => run.state.proposedEnding?.at !== proposed?.at || protectionMustConfirm(run.state) !== forProtection,
    );
  }
}

/** What an ending leaves to do: every open request is recalled, and the household that goes on is notified. */
export async function settle(run: JourneyRun, ending: Ending): Promise<void> {
  const recalls = JOURNEY_REQUESTS.map((request) => recall(run, request));
  if (ending !== 'completed' && run.state.arrivedAt === undefined) {
    await run.trackInFlight(
      notify.notifyHousehold({
        householdId: run.householdId,
        journeyId: run.subject,
        ending,
        key: `${run.subject}:ended`,
        at: run.now(),
      }),
    );
  }
  await Promise.all(recalls);
}

import { ActivityFailure, sleep } from '@temporalio/workflow';

/** One compensation, tried twice over: `soon` gives up after a few tries, `long` goes on for as long as it may take. */
export type Compensation<Input, Result> = {
  soon: (input: Input) => Promise<Result>;
  long: (input: Input) => Promise<Result>;
};

/**
 * For an activity that compensates and has failed at once. It is one activity, tried again by the server for months:
 * tries of an activity add nothing to the history.
 */
export const LONG = {
  startToCloseTimeout: '1 minute',
  scheduleToCloseTimeout: '365 days',
  retry: { initialInterval: '1 minute', backoffCoefficient: 2, maximumInterval: '1 hour' },
} as const;

/** Where even that ended, by a failure that allows no other try: a day, and again. A person has had the task all along. */
const BETWEEN = '1 day';

type Compensating = {
  state: { compensating: readonly string[] };
  event(type: 'compensationFailed' | 'compensated', data: { step: string }): void;
};

/**
 * Compensates a step that was done, until it is compensated. When it fails at first it is an event and a task for a
 * person (`compensationFailed`); it is never passed over, and waiting for it does not fill the history.
 */
export async function compensate<Input, Result>(
  run: Compensating,
  step: string,
  { soon, long }: Compensation<Input, Result>,
  input: Input,
): Promise<Result> {
  for (let attempt = soon; ; attempt = long) {
    try {
      const result = await attempt(input);
      if (run.state.compensating.includes(step)) run.event('compensated', { step });
      return result;
    } catch (failure) {
      // Anything else is a fault of ours and fails the task, which is tried again by a corrected build.
      if (!(failure instanceof ActivityFailure)) throw failure;
      if (!run.state.compensating.includes(step)) run.event('compensationFailed', { step });
      if (attempt === long) await sleep(BETWEEN);
    }
  }
}

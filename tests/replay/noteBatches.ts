/** A workflow interceptor for tests: notes what each local activity `record` is given, also in a replay. */
import { proxySinks, type Sinks, type WorkflowInterceptors } from '@temporalio/workflow';

interface NoteSinks extends Sinks {
  notes: { batch(batch: unknown): void };
}

const { notes } = proxySinks<NoteSinks>();

export const interceptors = (): WorkflowInterceptors => ({
  outbound: [
    {
      scheduleLocalActivity(input, next) {
        if (input.activityType === 'record') notes.batch(input.args[0]);
        return next(input);
      },
    },
  ],
});

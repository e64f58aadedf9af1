import { until, type WaitSpec, waitFor } from '../waiting.ts';
import type { AggregateRun, AggregateTypes } from './run.ts';

const DUTY_SUPERVISOR: WaitSpec['whom'] = { kind: 'role', id: 'duty_supervisor' };

/** A task for somebody for as long as `holds`, again and again. */
export async function whenever<T extends AggregateTypes>(
  run: AggregateRun<T>,
  holds: () => boolean,
  spec: Omit<WaitSpec, 'phase'>,
): Promise<never> {
  for (;;) {
    await until(run, holds);
    await waitFor(run, { ...spec, phase: run.phase ?? '' }, () => !holds());
  }
}

/** What every subject asks people for, whatever its kind. */
export const STANDING_TASKS: ReadonlyArray<<T extends AggregateTypes>(run: AggregateRun<T>) => Promise<never>> = [
  // Somebody asked Temporal to cancel the workflow. The subject goes on; a person decides with the subject's own commands.
  (run) =>
    whenever(run, () => run.state.cancelRequested, {
      key: 'cancelRequest',
      whom: DUTY_SUPERVISOR,
      what: 'cancelRequest',
      blocks: false,
    }),
  (run) =>
    whenever(run, () => run.buffer.full, {
      key: 'bufferedMessages',
      whom: DUTY_SUPERVISOR,
      what: 'bufferedMessages',
      blocks: false,
    }),
];

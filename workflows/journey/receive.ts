import { waitFor } from '../waiting.ts';
import type { JourneyRun } from './run.ts';

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

import { waitFor } from '../waiting.ts';
import type { JourneyRun } from './run.ts';

/** Counselled alone and screened for risks, by a person; it comes before any partner of another State firstSeen of them. */
export async function screen(run: JourneyRun): Promise<void> {
  await waitFor(
    run,
    { key: 'screening', phase: 'screen', whom: { kind: 'role', id: 'case_worker' }, what: 'screening', safety: true },
    () => run.state.screened,
  );
}

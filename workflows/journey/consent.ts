import { waitFor } from '../waiting.ts';
import type { JourneyRun } from './run.ts';

/** The person says yes or no, and what may be shared. A refusal that stands in a list is confirmed by a person too. */
export async function consent(run: JourneyRun): Promise<void> {
  await waitFor(
    run,
    { key: 'consent', phase: 'consent', whom: { kind: 'role', id: 'case_worker' }, what: 'consentDecision' },
    () => run.state.consent.status === 'given',
  );
}

import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { sendCommand } from '../adapters/temporal/workflowGateway.ts';
import type { Role } from '../domain/actor.ts';
import type { Decision } from '../domain/commands.ts';
import { type JourneyAnswer, type JourneyInput, workflowId } from '../workflows/messages.ts';
import type { Abroad } from './abroad.ts';
import { playToTheWait } from './played.ts';
import { realJourney } from './realJourney.ts';
import type { Watch } from './watch.ts';

/** Far more than it takes. A journey that never continues as new must not block the bench. */
const MOST_HOLDS = 1_000;
const DECIDED_WITHIN_MS = 60_000;

/**
 * Plays a journey until it continues as new by itself, because the server says that its history is long enough: holds are
 * raised and released, each time the partners' requests are recalled and asked anew. @returns the events of that run
 */
export async function longestRun(client: Client, abroad: Abroad, input: JourneyInput, watch: Watch): Promise<string> {
  await playToTheWait(realJourney(client, abroad, input, watch));
  const handle = client.workflow.getHandle(workflowId.journey(input.journeyId));
  const { runId } = await handle.describe();
  const decide = async (name: string, role: Role, args: object): Promise<void> => {
    const commandId = randomUUID();
    const actor: Decision<object>['actor'] = { kind: 'staff', id: `${role}@bench`, role };
    const command: Decision<object> = { commandId, actor, args, reasonCode: 'bench' };
    // As the API sends it: also where the run is just being left for the next.
    await sendCommand<JourneyAnswer>(client, handle.workflowId, name, command, { deadline: DECIDED_WITHIN_MS });
  };
  for (let hold = 1; hold <= MOST_HOLDS; hold += 1) {
    const holdId = `hold-${hold}`;
    await decide('raiseHold', 'protection_officer', { holdId });
    await decide('reconfirmConsent', 'case_worker', {});
    await decide('releaseHold', 'protection_officer', { holdId });
    if ((await handle.describe()).runId !== runId) return runId;
  }
  throw new Error('The journey never continued as new');
}

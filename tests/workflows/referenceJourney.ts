import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { addMonths, DAY } from '../../domain/time.ts';
import type { workflowBundle } from '../support/temporal.ts';
import { eventually, fakeActivities, journeyInput, RULES, startJourney, withWorker } from './journeyHarness.ts';

type History = Awaited<ReturnType<Awaited<ReturnType<typeof startJourney>>['handle']['fetchHistory']>>;

/** Runs the reference journey in its fixed order (bench/reference-journey.json). Both runs' histories, in order. */
export async function runReferenceJourney(
  env: TestWorkflowEnvironment,
  bundle: Awaited<ReturnType<typeof workflowBundle>>,
): Promise<{ histories: History[]; types: string[] }> {
  const fake = fakeActivities();
  const histories = await withWorker(env, bundle, fake.activities, async (queue) => {
    const input = journeyInput({
      rules: RULES.abroad,
      registration: { route: ['return'], registeredAt: await env.currentTimeMs() },
    });
    const person = await startJourney(env, input, queue);
    const firstRun = person.handle.firstExecutionRunId;
    const seen = (type: string, times = 1) =>
      eventually(
        () => fake.types().filter((one) => one === type).length >= times,
        `${type} (${fake.types().join(' ')})`,
      );
    const far = (await env.currentTimeMs()) + 400 * DAY;
    await person.command('completeScreening', 'case_worker', { risk: 'none' });
    await seen('identityConfirmed');
    for (const type of ['verificationRequested', 'fitnessRequested', 'exitPermitRequested']) await seen(type);
    await person.partner('req_verification_1', { kind: 'acknowledged' });
    await seen('verificationAcknowledged');
    await person.partner('req_fitness_1', { kind: 'fitness', result: 'fit', conditions: [], until: far });
    await seen('fitnessFound');
    await person.partner('req_exitPermit_1', { kind: 'exit_permit', outcome: 'granted', fineWaived: false });
    await seen('exitPermitGranted');
    await person.partner('req_verification_1', { kind: 'nationality', outcome: 'confirmed' });
    await seen('documentRequested');
    await person.partner('req_document_1', {
      kind: 'document',
      outcome: 'issued',
      documentId: 'doc_1',
      validUntil: far,
    });
    await seen('documentIssued');
    for (const [kind, extra] of [
      ['seatAssigned', { leg: 'return', seat: 'seat' }],
      ['checkedIn', {}],
      ['boarded', {}],
      ['departed', {}],
      ['arrived', { leg: 'return' }],
    ] as const) {
      await person.travel({ kind, movementId: 'mov_1', ...extra });
      await seen(kind);
    }
    const arrivedAt = fake.event_log().find((event) => event.type === 'arrived')?.at ?? 0;
    await person.command('receive', 'case_worker');
    await person.command('planReintegration', 'case_worker', { dimensions: ['economic'] });
    for (const month of RULES.abroad.followUpMonths) {
      await env.sleep(addMonths(arrivedAt, month) + DAY - (await env.currentTimeMs()));
      await eventually(
        () => fake.batches.at(-1)?.waits.some((wait) => wait.key === `followUp${month}`) === true,
        `month ${month}`,
      );
      await person.command('recordFollowUp', 'case_worker', { month, reached: true });
    }
    await person.handle.result();
    const last = await person.handle.fetchHistory();
    const first = await env.client.workflow.getHandle(person.handle.workflowId, firstRun).fetchHistory();
    return [first, last];
  });
  return { histories, types: fake.types() };
}

import type { Client } from '@temporalio/client';
import { sendCommand } from '../adapters/temporal/workflowGateway.ts';
import { type Actor, type Role, SYSTEM } from '../domain/actor.ts';
import type { Decision } from '../domain/commands.ts';
import { DAY, toOperation } from '../domain/time.ts';
import {
  type JourneyAnswer,
  type JourneyInput,
  journeySignals,
  type MovementUpdate,
  type PartnerAnswered,
  TASK_QUEUE,
  workflowId,
} from '../workflows/messages.ts';
import { type Abroad, requestId } from './abroad.ts';
import type { Played, Update } from './played.ts';
import type { Watch } from './watch.ts';

/** What stands of journeys, for a watch: events recorded, and the follow-up a case worker is waited for. */
export const STANDING_OF_JOURNEYS = `
  select j.id as subject, j.seq, (select max(substring(w.key from '^followUp([0-9]+)$')::int) from waits w where w.subject = j.id) as month
    from journeys j where j.id = any($1)`;

const MOVEMENT = 'mov_bench';
const DECIDED_WITHIN_MS = 60_000;
/** A document, a finding: good for longer than any journey here takes. */
const LONG = 15 * 365 * DAY;

/** A journey of the system, spoken to as the API and the loops speak to it: updates and signals of workflows/messages.ts. */
export function realJourney(client: Client, abroad: Abroad, input: JourneyInput, watch: Watch): Played {
  const { journeyId, clock } = input;
  const handle = client.workflow.getHandle<() => Promise<unknown>>(workflowId.journey(journeyId));
  let commands = 0;
  const decide = async (name: string, role: Role, args: object = {}): Promise<void> => {
    const commandId = `${journeyId}-${++commands}`;
    const actor: Extract<Actor, { kind: 'staff' }> = { kind: 'staff', id: `${role}@bench`, role };
    const command: Decision<object> = { commandId, actor, args };
    await sendCommand<JourneyAnswer>(client, workflowId.journey(journeyId), name, command, {
      deadline: DECIDED_WITHIN_MS,
    });
  };
  const now = () => toOperation(clock, Date.now());
  const partner = (kind: Parameters<typeof requestId>[2], answer: PartnerAnswered['answer'], key: string) => {
    const { partners } = abroad;
    const partnerId =
      kind === 'fitness' ? partners.clinic : kind === 'exit_permit' ? partners.border : partners.consulate;
    const update: PartnerAnswered = {
      eventKey: `${journeyId}-${key}`,
      requestId: requestId(abroad, journeyId, kind),
      partnerId,
      at: now(),
      answer,
    };
    return handle.signal(journeySignals.partnerAnswered, [update]);
  };
  const travel = (update: MovementUpdate['update']) => {
    const message: MovementUpdate = { key: `${journeyId}-${update.kind}`, at: now(), actor: SYSTEM, update };
    return handle.signal(journeySignals.movementUpdated, [message]);
  };
  const notifications: Record<Update, () => Promise<void>> = {
    acknowledged: () => partner('verification', { kind: 'acknowledged' }, 'acknowledged'),
    fit: () => partner('fitness', { kind: 'fitness', result: 'fit', conditions: [], until: now() + LONG }, 'fit'),
    permitGranted: () =>
      partner('exit_permit', { kind: 'exit_permit', outcome: 'granted', fineWaived: false }, 'permit'),
    nationalityConfirmed: () => partner('verification', { kind: 'nationality', outcome: 'confirmed' }, 'nationality'),
    documentIssued: () =>
      partner(
        'document',
        { kind: 'document', outcome: 'issued', documentId: `doc-${journeyId}`, validUntil: now() + LONG },
        'document',
      ),
    seatAssigned: () => travel({ kind: 'seatAssigned', movementId: MOVEMENT, leg: 'return', seat: 'seat' }),
    checkedIn: () => travel({ kind: 'checkedIn', movementId: MOVEMENT }),
    boarded: () => travel({ kind: 'boarded', movementId: MOVEMENT }),
    departed: () => travel({ kind: 'departed', movementId: MOVEMENT }),
    arrived: () => travel({ kind: 'arrived', movementId: MOVEMENT, leg: 'return' }),
  };
  return {
    async start() {
      await client.workflow.start('journey', {
        workflowId: workflowId.journey(journeyId),
        taskQueue: TASK_QUEUE,
        args: [input],
      });
    },
    async decide(decision) {
      if (decision === 'completeScreening') await decide(decision, 'case_worker', { risk: 'none' });
      else if (decision === 'receive') await decide(decision, 'case_worker');
      else if (decision === 'planReintegration') await decide(decision, 'case_worker', { dimensions: ['economic'] });
      else await decide('recordFollowUp', 'case_worker', { month: decision.followUp, reached: true });
    },
    notify: (update) => notifications[update](),
    recorded: (seq) => watch.sees(journeyId, (row) => row.seq >= seq, `event ${seq}`),
    due: (followUp) => watch.sees(journeyId, ({ month }) => month === followUp, `follow-up ${followUp}`),
    async completed() {
      const ending = await handle.result();
      if (ending !== 'completed') throw new Error(`${journeyId} ended as ${String(ending)}`);
    },
  };
}

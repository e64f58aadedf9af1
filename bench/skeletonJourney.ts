import type { Client } from '@temporalio/client';
import { PEER_QUEUE, type SkeletonInput, skeletonMessages } from './peer/messages.ts';
import type { Played } from './played.ts';
import type { Watch } from './watch.ts';

/** Where the skeleton's one transaction writes; see bench/peer/worker.ts. */
export const PEER_TABLES = `
  create table bench_events (subject text, seq int, data jsonb, recorded_at timestamptz default now(), primary key (subject, seq));
  create table bench_subjects (subject text primary key, seq int, month int);
  create table bench_outbox (position bigserial primary key, subject text, seq int, data jsonb)`;

/** What stands of skeletons, for a watch. */
export const STANDING_OF_SKELETONS = 'select subject, seq, month from bench_subjects where subject = any($1)';

/** A skeleton, spoken to with as many updates and signals, with nothing in them. */
export function skeletonJourney(client: Client, input: SkeletonInput, watch: Watch): Played {
  const { subject } = input;
  const handle = client.workflow.getHandle(subject);
  return {
    async start() {
      await client.workflow.start('skeleton', { workflowId: subject, taskQueue: PEER_QUEUE, args: [input] });
    },
    decide: () => handle.executeUpdate<void, []>(skeletonMessages.decided),
    notify: () => handle.signal(skeletonMessages.notified),
    recorded: (seq) => watch.sees(subject, (row) => row.seq >= seq, `event ${seq}`),
    due: (followUp) => watch.sees(subject, ({ month }) => month === followUp, `follow-up ${followUp}`),
    async completed() {
      await handle.result();
    },
  };
}

import type { Pool } from 'pg';
import { derivedId } from '../../../application/ids.ts';
import type { Role } from '../../../domain/actor.ts';
import {
  journeyThatWaits,
  PAIR_COMMANDS,
  PAIR_EVENT_FORMS,
  type PairCommand,
  type PairedJourney,
  type PairStatus,
  refusalOfPair,
} from '../../../domain/duplicates/decisions.ts';
import type { JourneyStatus } from '../../../domain/journeys/statuses.ts';
import { type Instant, iso } from '../../../domain/time.ts';
import { databaseIn, type Queryable, transaction } from '../database.ts';
import { operationTime } from '../operations/clocks.ts';
import { insertHold, voidHold } from '../people/holds.ts';
import { type Pair, readPair } from './pairRow.ts';

export type Decision = {
  pairId: string;
  command: PairCommand;
  /** makes a repeated command idempotent */
  commandId: string;
  /** the operation through which the person reached the pair */
  operationId: string;
  by: string;
  role: Role;
  reasonCode?: string;
  noteId?: string;
  /** real time */
  now: Instant;
};

/** `waits`: a hold that is written and that the journey's workflow does not know yet. */
export type DecidedPair =
  | { outcome: 'decided'; pair: Pair; waits?: { journeyId: string; holdId: string } }
  | { outcome: 'refused'; status: PairStatus; reason: string };

/**
 * Records a decision in one transaction: the event log of the pair, its row, its tasks, and for `same` the hold on one
 * of the two journeys. The hold is valid at once, so that no seat is given in between.
 */
export async function decidePair(pool: Pool, decision: Decision): Promise<DecidedPair> {
  return transaction(pool, async (client) => {
    await client.query('select from duplicate_pairs where id = $1 for update', [decision.pairId]);
    const pair = await readPair(client, decision.pairId);
    if (pair === undefined) throw new Error(`There is no pair ${decision.pairId}`);
    if (!(await isRecorded(client, decision))) {
      const reason = refusalOfPair(decision.command, pair.status);
      if (reason !== undefined) return { outcome: 'refused', status: pair.status, reason };
      await take(client, decision, pair);
    }
    const decided = (await readPair(client, decision.pairId)) ?? pair;
    const waits = await pendingNotifications(client, decided);
    return { outcome: 'decided', pair: decided, ...(waits ? { waits } : {}) };
  });
}

async function isRecorded(client: Queryable, { pairId, commandId }: Decision): Promise<boolean> {
  const { rowCount } = await client.query('select from event_log where subject = $1 and command_id = $2', [
    pairId,
    commandId,
  ]);
  return (rowCount ?? 0) > 0;
}

async function take(client: Queryable, decision: Decision, pair: Pair): Promise<void> {
  const { becomes, event } = PAIR_COMMANDS[decision.command];
  const at = await operationTime(databaseIn(client), decision.operationId, decision.now);
  const held = decision.command === 'same' ? await holdOneOfTwo(client, decision, pair) : undefined;
  await client.query(
    `insert into event_log (subject, seq, operation_id, phase, type, at, actor, actor_kind, role, command_id, reason_code, note_id, data, data_version)
     values ($1, $2, $3, 'identify', $4, $5, $6, 'staff', $7, $8, $9, $10, $11, $12)`,
    [
      pair.id,
      pair.seq + 1,
      decision.operationId,
      event,
      iso(at),
      decision.by,
      decision.role,
      decision.commandId,
      decision.reasonCode ?? null,
      decision.noteId ?? null,
      {
        people: pair.people.map(({ personId }) => personId),
        score: pair.score,
        ...(held ? { heldJourney: held.journeyId, holdId: held.holdId } : {}),
      },
      PAIR_EVENT_FORMS.versionOf(event),
    ],
  );
  await client.query(
    `update duplicate_pairs
        set status = $2, seq = seq + 1, decided_by = $3, decided_role = $4, decided_at = $5, reason_code = $6, note_id = $7,
            held_journey = $8, hold_id = $9
      where id = $1`,
    [
      pair.id,
      becomes,
      decision.by,
      decision.role,
      iso(at),
      decision.reasonCode ?? null,
      decision.noteId ?? null,
      held?.journeyId ?? null,
      held?.holdId ?? null,
    ],
  );
  if (decision.command === 'ask') return;
  await client.query(
    `update tasks set status = 'done', closed_at = $2 where subject = $1 and kind = 'decidePair' and status = 'open'`,
    [pair.id, iso(at)],
  );
  if (held) await askToEndOne(client, pair, held);
  if (decision.command === 'separate') await resume(client, pair);
}

type Held = { journeyId: string; operationId: string; holdId: string; at: Instant };

async function holdOneOfTwo(client: Queryable, decision: Decision, pair: Pair): Promise<Held | undefined> {
  const one = await disposition(client, pair.people[0].journeyId);
  const other = await disposition(client, pair.people[1].journeyId);
  const waits = one && other && journeyThatWaits(one, other);
  if (waits === undefined) return undefined;
  const holdId = derivedId('hold', decision.commandId);
  const at = await operationTime(databaseIn(client), waits.operationId, decision.now);
  await insertHold(client, {
    id: holdId,
    journeyId: waits.journeyId,
    operationId: waits.operationId,
    type: 'DATA_DISPUTE',
    raisedBy: decision.by,
    raisedAt: at,
  });
  return { journeyId: waits.journeyId, operationId: waits.operationId, holdId, at };
}

async function disposition(
  client: Queryable,
  journeyId: string,
): Promise<(PairedJourney & { operationId: string }) | undefined> {
  const { rows } = await client.query<{
    operation_id: string;
    status: JourneyStatus;
    ended: boolean;
    registered_at: Date;
  }>('select operation_id, status, ending is not null as ended, registered_at from journeys where id = $1', [
    journeyId,
  ]);
  const row = rows[0];
  return (
    row && {
      journeyId,
      operationId: row.operation_id,
      status: row.status,
      ended: row.ended,
      registeredAt: row.registered_at.getTime(),
    }
  );
}

/** A person decides which of the two journeys continues, by ending the other. */
async function askToEndOne(client: Queryable, pair: Pair, held: Held): Promise<void> {
  await client.query(
    `insert into tasks (id, operation_id, subject, kind, role, opened_at, data)
     values ($1 || '.closeDuplicate', $2, $3, 'closeDuplicate', 'coordinator', $4, $5)
     on conflict (id) do update set subject = excluded.subject, operation_id = excluded.operation_id, status = 'open', closed_at = null, data = excluded.data`,
    [
      pair.id,
      held.operationId,
      held.journeyId,
      iso(held.at),
      { pairId: pair.id, journeys: pair.people.map(({ journeyId }) => journeyId) },
    ],
  );
}

/**
 * The registrations are two people again, so there is no duplicate to close. A hold that the workflow has not confirmed
 * becomes void. A confirmed one is released by a person, never by the system.
 */
async function resume(client: Queryable, pair: Pair): Promise<void> {
  await client.query(
    `update tasks set status = 'void', closed_at = now() where id = $1 || '.closeDuplicate' and status = 'open'`,
    [pair.id],
  );
  if (pair.holdId === null) return;
  await voidHold(client, pair.holdId);
  await client.query(
    `insert into tasks (id, operation_id, subject, kind, role, opened_at, data)
     select $1 || '.resume', h.operation_id, h.journey_id, 'resume', 'duty_supervisor', h.raised_at,
            jsonb_build_object('pairId', $1::text, 'holdId', h.id)
       from holds h join journeys j on j.id = h.journey_id
      where h.id = $2 and h.status = 'active' and j.ending is null
     on conflict (id) do update set status = 'open', closed_at = null, subject = excluded.subject, data = excluded.data`,
    [pair.id, pair.holdId],
  );
}

/** The hold of this decision, while the journey's workflow has not confirmed it. */
async function pendingNotifications(
  client: Queryable,
  pair: Pair,
): Promise<{ journeyId: string; holdId: string } | undefined> {
  if (pair.holdId === null || pair.heldJourney === null) return undefined;
  const { rows } = await client.query<{ status: string }>('select status from holds where id = $1', [pair.holdId]);
  return rows[0]?.status === 'raising' ? { journeyId: pair.heldJourney, holdId: pair.holdId } : undefined;
}

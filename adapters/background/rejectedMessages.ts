import type { Role } from '../../domain/actor.ts';
import type { AlarmKind } from '../../domain/messages/t.ts';
import type { RequestKind } from '../../domain/partners/protocol.ts';
import { type Instant, iso } from '../../domain/time.ts';
import { raiseAlarm } from '../postgres/alarms.ts';
import type { Queryable } from '../postgres/database.ts';
import { endInbox, type InboxEnd, type InboxRow, type UnreadableMessage } from '../postgres/partners/inbox.ts';
import type { RequestRow } from '../postgres/partners/requests.ts';

/** A message that reaches no workflow. `taskFor`: the kind of request whose person gets a task. */
export type Rejected = {
  end: Exclude<InboxEnd, 'applied'>;
  alarm?: AlarmKind;
  subject?: string;
  operationId?: string;
  taskFor?: RequestKind;
};

/** The key by which the receiving workflow recognises a repeated event. */
export const keyOf = (row: Pick<InboxRow, 'partnerId' | 'eventId'>): string => `${row.partnerId}:${row.eventId}`;

/** The message is unreadable, so the person who follows this kind of request gets a task; other messages continue. */
export async function setAside(
  client: Queryable,
  message: UnreadableMessage,
  requests: ReadonlyMap<string, RequestRow>,
  now: ReadonlyMap<string, Instant>,
): Promise<void> {
  const request = message.requestId === undefined ? undefined : requests.get(message.requestId);
  const about = request?.partnerId === message.partnerId ? request : undefined;
  await reject(
    client,
    { ...message, at: message.receivedAt },
    {
      end: 'unreadable',
      alarm: 'unreadable_message',
      ...(about && { subject: about.subject, operationId: about.operationId, taskFor: about.kind }),
    },
    now,
    { why: message.why },
  );
}

export async function reject(
  client: Queryable,
  row: Pick<InboxRow, 'partnerId' | 'eventId' | 'requestId'> & { type: string; at: Instant },
  verdict: Rejected,
  now: ReadonlyMap<string, Instant>,
  more: Record<string, string> = {},
): Promise<void> {
  const { end, alarm, subject, operationId, taskFor } = verdict;
  await endInbox(client, row, end, subject);
  const detail = {
    partner: row.partnerId,
    event: row.eventId,
    type: row.type,
    request: row.requestId ?? null,
    ...more,
  };
  if (alarm !== undefined) {
    await raiseAlarm(
      client,
      { subject: subject ?? row.partnerId, kind: alarm, detail, ...(operationId ? { operationId } : {}) },
      keyOf(row),
    );
  }
  if (taskFor !== undefined && alarm !== undefined && subject !== undefined && operationId !== undefined) {
    await client.query(
      `insert into tasks (id, operation_id, subject, kind, role, opened_at, data) values ($1, $2, $3, $4, $5, $6, $7)
       on conflict (id) do nothing`,
      [
        `${alarm}.${keyOf(row)}`,
        operationId,
        subject,
        alarm,
        WHO_LOOKS[taskFor],
        iso(now.get(operationId) ?? row.at),
        detail,
      ],
    );
  }
}

/** Whose task it is when a partner contradicts itself. */
const WHO_LOOKS: Record<RequestKind, Role> = {
  registry: 'case_worker',
  verification: 'consular_officer',
  document: 'consular_officer',
  fitness: 'health_officer',
  exit_permit: 'coordinator',
  booking: 'movement_officer',
  reception: 'coordinator',
};

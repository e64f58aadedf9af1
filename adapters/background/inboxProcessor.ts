import { eachOf } from '../../application/eachOf.ts';
import { derivedId } from '../../application/ids.ts';
import type { Log } from '../../application/log.ts';
import {
  type Answer,
  answerOf,
  isVehicleUpdate,
  type VehicleUpdate,
  vehicleUpdateOf,
} from '../../domain/partners/answers.ts';
import { classify, outcomeAfter } from '../../domain/partners/classify.ts';
import { CALLBACKS, type RequestKind } from '../../domain/partners/protocol.ts';
import type { Instant } from '../../domain/time.ts';
import { raiseAlarm } from '../postgres/alarms.ts';
import { databaseIn, type Queryable } from '../postgres/database.ts';
import { writeDocument } from '../postgres/journeys/documents.ts';
import { operationTimes } from '../postgres/operations/clocks.ts';
import {
  claimReceived,
  endInbox,
  type InboxRow,
  movementsOfCarrier,
  type UnreadableMessage,
} from '../postgres/partners/inbox.ts';
import { lockRequests, markSeen, type RequestRow } from '../postgres/partners/requests.ts';
import { startsOn } from '../postgres/starts.ts';
import {
  type Delivered,
  temporalIsAway,
  type WorkflowGateway,
  type WorkflowNames,
} from '../temporal/workflowGateway.ts';
import { type Loop, startLoop, within } from './loop.ts';
import { keyOf, type Rejected, reject, setAside } from './rejectedMessages.ts';

const INBOX_PROCESSOR_LOCK = 7_261_002;
const BATCH = 100;
const AT_ONCE = 16;

export type InboxProcessorDeps = {
  connectionString: string;
  gateway: Pick<WorkflowGateway, 'partnerAnswered' | 'carrierReported'>;
  names: Pick<WorkflowNames, 'workflowId'>;
  /**
   * Moves the number of an issued document from the inbox to its person, encrypted under the person's key.
   * False if it cannot be decrypted: then only the partner has it.
   */
  storeNumber(
    client: Queryable,
    number: { keyId: string; encrypted: string },
    to: { journeyId: string; documentId: string; eventKey: string },
  ): Promise<boolean>;
  log: Log;
  pollMs?: number;
};

/**
 * Applies the callbacks of partners, in one process at a time, in the order of receipt. An answer goes to the journey or
 * movement that sent the request; a message about a vehicle goes to the movement.
 * The signal is sent before the row is marked. After an interruption it is sent again, and its key makes it idempotent.
 */
export function startInboxProcessor(deps: InboxProcessorDeps): Loop {
  return startLoop({
    name: 'inbox processor',
    connectionString: deps.connectionString,
    lock: INBOX_PROCESSOR_LOCK,
    channel: 'inbox',
    pollMs: deps.pollMs ?? 1_000,
    log: deps.log,
    pass: (client) =>
      within(client, async () => {
        const reserved = await claimReceived(client, BATCH);
        const waiting = await apply(deps, client, reserved);
        const all = reserved.rows.length + reserved.unreadable.length;
        return all === BATCH && waiting < BATCH ? 'more' : 'idle';
      }),
  });
}

/** What to do with one callback. */
type Verdict =
  | Rejected
  | { notify: 'answer'; request: RequestRow; answer: Answer; at: Instant }
  | { notify: 'vehicle'; movementId: string; operationId: string; update: VehicleUpdate; at: Instant };

/** Returns how many callbacks remain for a later pass. */
async function apply(
  deps: InboxProcessorDeps,
  client: Queryable,
  { rows, unreadable }: { rows: readonly InboxRow[]; unreadable: readonly UnreadableMessage[] },
): Promise<number> {
  if (rows.length + unreadable.length === 0) return 0;
  const requests = await lockRequests(
    client,
    [...rows, ...unreadable].flatMap(({ requestId }) => requestId ?? []),
  );
  const now = await operationTimes(
    databaseIn(client),
    [...requests.values()].map(({ operationId }) => operationId),
    Date.now(),
  );
  for (const message of unreadable) await setAside(client, message, requests, now);
  const notifying: Array<{ row: InboxRow; verdict: Exclude<Verdict, { end: string }> }> = [];
  for (const row of inTheirOwnOrder(rows)) {
    const verdict = await judge(client, row, requests, now);
    if ('end' in verdict) {
      const { type, occurredAt } = row.body.callback;
      await reject(client, { ...row, type, at: occurredAt }, verdict, now);
    } else {
      if (verdict.notify === 'answer') await recordAnswer(deps, client, row, verdict, requests);
      notifying.push({ row, verdict });
    }
  }
  return notify(deps, client, notifying);
}

/**
 * Answers to one request are ordered by the partner's own clock, as far as they have arrived; other callbacks by
 * receipt.
 */
function inTheirOwnOrder(rows: readonly InboxRow[]): InboxRow[] {
  const byRequest = new Map<string, InboxRow[]>();
  for (const row of rows) {
    const key = row.requestId ?? `${row.partnerId} ${row.eventId}`;
    byRequest.set(key, [...(byRequest.get(key) ?? []), row]);
  }
  return [...byRequest.values()].flatMap((group) =>
    group.sort((a, b) => a.body.callback.occurredAt - b.body.callback.occurredAt),
  );
}

async function judge(
  client: Queryable,
  row: InboxRow,
  requests: ReadonlyMap<string, RequestRow>,
  now: ReadonlyMap<string, Instant>,
): Promise<Verdict> {
  const { callback } = row.body;
  const request = row.requestId === undefined ? undefined : requests.get(row.requestId);
  if (request && request.partnerId !== row.partnerId) return { end: 'refused', alarm: 'foreign_answer' };
  if (isVehicleUpdate(callback.type)) return judgeVehicle(client, row, request);
  if (!request) return { end: 'unknown', alarm: 'unknown_request' };
  const { subject, operationId } = request;
  const about = { subject, operationId };
  switch (classify(request, callback)) {
    case 'misplaced':
      return { end: 'refused', alarm: 'misplaced_answer', ...about };
    case 'contradicts':
      return { end: 'stale', alarm: 'contradicting_answer', taskFor: request.kind, ...about };
    case 'stale': {
      // The document exists although the request was recalled, so a person must collect or destroy it.
      const late = callback.type === 'document.issued' && request.status === 'recalled';
      return { end: 'stale', ...about, ...(late ? { alarm: 'issued_after_recall', taskFor: request.kind } : {}) };
    }
    case 'apply': {
      const at = Math.min(callback.occurredAt, now.get(operationId) ?? callback.occurredAt);
      const answer = answerOf(callback, now.get(operationId) ?? callback.occurredAt, documentIdOf(request));
      return answer === undefined
        ? { end: 'refused', alarm: 'misplaced_answer', ...about }
        : { notify: 'answer', request, answer, at };
    }
  }
}

async function judgeVehicle(client: Queryable, row: InboxRow, request: RequestRow | undefined): Promise<Verdict> {
  const { callback, movementReference } = row.body;
  const update = vehicleUpdateOf(callback);
  const movements =
    request?.kind === 'booking'
      ? [{ id: request.subject, operationId: request.operationId }]
      : movementReference === undefined
        ? []
        : await movementsOfCarrier(client, row.partnerId, movementReference);
  const [movement, another] = movements;
  if (!update || !movement) return { end: 'unknown', alarm: 'unknown_movement' };
  if (another) return { end: 'unknown', alarm: 'ambiguous_movement' };
  return {
    notify: 'vehicle',
    movementId: movement.id,
    operationId: movement.operationId,
    update,
    at: callback.occurredAt,
  };
}

/** Records the answer with its request, and the document that it brings. */
async function recordAnswer(
  deps: InboxProcessorDeps,
  client: Queryable,
  row: InboxRow,
  { request, at }: Extract<Verdict, { notify: 'answer' }>,
  requests: Map<string, RequestRow>,
): Promise<void> {
  const { callback } = row.body;
  const outcome = outcomeAfter(request.outcome, callback);
  const status = CALLBACKS[callback.type].final || request.status === 'answered' ? 'answered' : 'acknowledged';
  await markSeen(client, request.id, status, outcome);
  requests.set(request.id, { ...request, status, outcome });
  if (callback.type !== 'document.issued') return;
  const documentId = documentIdOf(request);
  await writeDocument(databaseIn(client), {
    id: documentId,
    status: 'issued',
    journeyId: request.subject,
    kind: callback.data.kind,
    issuedBy: row.partnerId,
    validUntil: callback.data.validUntil,
    requestId: request.id,
    at,
  });
  if (row.body.encryptedNumber) {
    const stored = await deps.storeNumber(client, row.body.encryptedNumber, {
      journeyId: request.subject,
      documentId,
      eventKey: keyOf(row),
    });
    if (!stored) {
      const detail = { partner: row.partnerId, event: row.eventId, document: documentId };
      await raiseAlarm(
        client,
        { subject: request.subject, operationId: request.operationId, kind: 'document_number_lost', detail },
        keyOf(row),
      );
    }
  }
}

/** Signals for one workflow: sent together, so that they share a workflow task. */
type StoredMessage = {
  rows: InboxRow[];
  workflowId: string;
  subject: string;
  vehicle: boolean;
  send(): Promise<Delivered>;
  /** `refused`: the server never accepts this signal */
  delivered?: Delivered | 'refused';
};

/**
 * Sends the signals, those of one subject together, and marks the rows. Returns how many wait for the start of their
 * workflow.
 */
async function notify(
  deps: InboxProcessorDeps,
  client: Queryable,
  notifying: ReadonlyArray<{ row: InboxRow; verdict: Exclude<Verdict, { end: string }> }>,
): Promise<number> {
  const messages: StoredMessage[] = [];
  for (const group of Map.groupBy(notifying, ({ verdict }) => addressOf(verdict)).values()) {
    const [first] = group;
    if (!first) continue;
    const subject = first.verdict.notify === 'answer' ? first.verdict.request.subject : first.verdict.movementId;
    const kind =
      first.verdict.notify === 'answer' && !isMovementRequest(first.verdict.request.kind) ? 'journey' : 'movement';
    messages.push({
      rows: group.map(({ row }) => row),
      workflowId: kind === 'journey' ? deps.names.workflowId.journey(subject) : deps.names.workflowId.movement(subject),
      subject,
      vehicle: first.verdict.notify === 'vehicle',
      send: () =>
        first.verdict.notify === 'answer'
          ? deps.gateway.partnerAnswered(
              { kind, id: subject },
              group.flatMap(({ row, verdict }) =>
                verdict.notify === 'answer'
                  ? {
                      eventKey: keyOf(row),
                      requestId: verdict.request.id,
                      partnerId: row.partnerId,
                      at: verdict.at,
                      answer: verdict.answer,
                    }
                  : [],
              ),
            )
          : deps.gateway.carrierReported(
              subject,
              group.flatMap(({ row, verdict }) =>
                verdict.notify === 'vehicle'
                  ? {
                      eventKey: keyOf(row),
                      partnerId: row.partnerId,
                      at: verdict.at,
                      ...reasonOf(row),
                      update: verdict.update,
                    }
                  : [],
              ),
            ),
    });
  }
  await eachOf(messages, AT_ONCE, async (message) => {
    try {
      message.delivered = await message.send();
    } catch (error) {
      if (temporalIsAway(error)) throw error;
      message.delivered = 'refused';
    }
  });
  let waiting = 0;
  for (const { rows, workflowId, vehicle, subject, delivered } of messages) {
    if (vehicle && delivered === 'closed' && (await startsOn(databaseIn(client)).isPending(workflowId))) {
      // The workflow has not started yet: the signal is delivered after its start.
      waiting += rows.length;
      continue;
    }
    for (const row of rows) {
      await endInbox(client, row, delivered === 'delivered' ? 'applied' : 'stale', subject);
      if (delivered === 'refused') {
        await raiseAlarm(
          client,
          { subject, kind: 'message_not_handled', detail: { partner: row.partnerId, event: row.eventId } },
          keyOf(row),
        );
      }
    }
  }
  return waiting;
}

const addressOf = (verdict: Exclude<Verdict, { end: string }>): string =>
  verdict.notify === 'answer' ? `answer ${verdict.request.subject}` : `vehicle ${verdict.movementId}`;

const isMovementRequest = (kind: RequestKind): boolean => kind === 'booking' || kind === 'reception';

/** One request brings one document, so the document's id derives from the request. */
const documentIdOf = (request: RequestRow): string => derivedId('document', request.id);

function reasonOf(row: InboxRow): { reasonCode?: string } {
  const { callback } = row.body;
  return callback.type === 'movement.cancelled' && callback.data.reason !== undefined
    ? { reasonCode: callback.data.reason }
    : {};
}

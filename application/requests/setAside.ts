import type { Role } from '../../domain/actor.ts';
import type { AlarmKind } from '../../domain/messages/t.ts';
import { ANSWERS_FOR_A_PERSON, type PartnerRequest } from '../../domain/requests/classify.ts';
import { REQUESTS } from '../../domain/requests/index.ts';
import type { Instant } from '../../domain/time.ts';
import type { Alarm } from '../alarms/alarms.ts';

export type AsidePorts = {
  /** once for each `occasion` */
  raiseAlarm(alarm: Alarm, occasion: string): Promise<void>;
  /** opens a task once for each id */
  openTask(task: {
    id: string;
    operationId: string;
    subject: string;
    kind: AlarmKind;
    role: Role;
    openedAt: Instant;
    data: Record<string, unknown>;
  }): Promise<void>;
};

/** Puts an answer that is not applied before people: an alarm, and a task for who decides about this kind of request. */
export async function setAside(
  ports: AsidePorts,
  aside: {
    alarm: AlarmKind;
    /** journey, movement, or the partner where neither is known */
    subject: string;
    request: PartnerRequest | undefined;
    detail: Record<string, unknown>;
    at: Instant;
    occasion: string;
  },
): Promise<void> {
  const { alarm, subject, request, detail, at, occasion } = aside;
  const operationId = request?.operationId;
  await ports.raiseAlarm({ subject, kind: alarm, detail, ...(operationId && { operationId }) }, occasion);
  if (!request || !ANSWERS_FOR_A_PERSON.some((kind) => kind === alarm)) return;
  await ports.openTask({
    id: `${alarm}.${occasion}`,
    ...{ operationId: request.operationId, subject: request.subject, kind: alarm, data: detail },
    role: REQUESTS[request.kind].decides,
    openedAt: at,
  });
}

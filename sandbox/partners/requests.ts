import type { RequestKind } from '../../domain/requests/index.ts';
import type { Instant } from '../../domain/time.ts';

/** A request as it reached a partner: what the partner knows, and nothing else. */
export type ReceivedRequest = {
  requestId: string;
  kind: RequestKind;
  /** under which path of the drill: `consulates/VUT`, `clinic`, … */
  partner: string;
  /** operation time, as the system says it */
  requestedAt: Instant;
  /** the team's number of the registration; absent for requests about a movement */
  person?: string;
  /** which fields of the person were sent: the ledger shows them by name, never their values */
  fields: string[];
  movement?: { reference: string; departsAt?: Instant; arrivesAt?: Instant; origin?: string; destination?: string };
  replyTo: string;
};

/** Something a partner will say by a callback at a moment of operation time. */
export type Announcement = {
  /** the event id: the same for every try, so twice is once */
  eventId: string;
  at: Instant;
  type: string;
  data: Record<string, unknown>;
  requestId?: string;
  movementReference?: string;
  partner: string;
  replyTo: string;
};

/** How a partner misbehaves when somebody turns a knob. */
export type Knobs = {
  /** hours of operation time added to every answer */
  slowHours?: number;
  /** requests are taken and never answered */
  silent?: boolean;
  /** requests are refused with this code */
  refuse?: string;
  /** every nationality that is confirmed is taken back after so many hours */
  retractAfterHours?: number;
  /** every callback is sent twice */
  twice?: boolean;
  /** the answer overtakes what should come before it */
  outOfOrder?: boolean;
  /** the partner answers 503 to everything */
  down?: boolean;
};

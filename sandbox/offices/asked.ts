import type { RequestKind } from '../../domain/offices/protocol.ts';
import type { Instant } from '../../domain/time.ts';

/** A question as it reached an office: what the office knows, and nothing else. */
export type Asked = {
  requestId: string;
  kind: RequestKind;
  /** under which path of the drill: `consulates/VUT`, `clinic`, … */
  office: string;
  /** operation time, as the house says it */
  askedAt: Instant;
  /** the team's number of the registration; absent for questions about a movement */
  person?: string;
  /** which fields of the person were sent: the ledger shows them by name, never their values */
  fields: string[];
  movement?: { reference: string; departsAt?: Instant; arrivesAt?: Instant; origin?: string; destination?: string };
  replyTo: string;
};

/** Something an office will say by a callback at a moment of operation time. */
export type Announcement = {
  /** the event id: the same for every try, so twice is once */
  eventId: string;
  at: Instant;
  type: string;
  data: Record<string, unknown>;
  requestId?: string;
  movementReference?: string;
  office: string;
  replyTo: string;
};

/** How an office misbehaves when somebody turns a knob. */
export type Knobs = {
  /** hours of operation time added to every answer */
  slowHours?: number;
  /** questions are taken and never answered */
  silent?: boolean;
  /** questions are refused with this code */
  refuse?: string;
  /** every nationality that is confirmed is taken back after so many hours */
  retractAfterHours?: number;
  /** every callback is sent twice */
  twice?: boolean;
  /** the answer overtakes what should come before it */
  outOfOrder?: boolean;
  /** the office answers 503 to everything */
  down?: boolean;
};

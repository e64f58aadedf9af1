import { appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import type { ClockSegment, Instant } from '../../domain/time.ts';
import type { Announcement, Knobs, ReceivedRequest } from './requests.ts';

/** One partner of a drill: its path, what it is, and the secret it shares with the system. */
export type PartnerEndpoint = { path: string; kind: string; state?: string; partnerId: string; secret: string };

/** A drill as its partners know it. */
export type Drill = {
  id: string;
  operation: string;
  scenarioDir: string;
  clock: ClockSegment[];
  partners: PartnerEndpoint[];
};

/** Every change of the partners, in order. */
export type Entry =
  | { type: 'opened'; drill: Drill }
  | { type: 'received'; drill: string; received: ReceivedRequest; receivedAt: Instant }
  | { type: 'answeredAtOnce'; drill: string; requestId: string; answer: Record<string, unknown> }
  | { type: 'refused'; drill: string; requestId: string; code: string }
  | { type: 'evidence' | 'recalled' | 'reminded'; drill: string; requestId: string; kinds?: string[]; at: Instant }
  | { type: 'ready'; drill: string; movement: string; at: Instant }
  | { type: 'examined'; drill: string; person: string; at: Instant }
  | { type: 'planned'; drill: string; announcements: Announcement[] }
  | { type: 'delivered'; drill: string; eventId: string; status: number }
  | { type: 'knobs'; drill: string; partner: string; knobs: Knobs };

export type PartnerRequest = {
  received: ReceivedRequest;
  receivedAt: Instant;
  answer?: Record<string, unknown>;
  refused?: string;
  recalled: boolean;
  reminders: number;
  evidence: number;
};

/** The state of one drill, folded from its entries. */
export type DrillState = {
  drill: Drill;
  requests: Map<string, PartnerRequest>;
  firstExam: Map<string, Instant>;
  ready: Map<string, Instant>;
  /** announcements not yet delivered, by event id; one that is sent twice is listed twice */
  open: Map<string, Announcement[]>;
  delivered: Set<string>;
  knobs: Map<string, Knobs>;
};

/**
 * The partners' memory: one file of JSON lines that is only ever added to, so that a killed sandbox loses nothing. A line cut
 * off by the kill is dropped when the file is opened again: its writer never got an answer either.
 */
export class PartnerRequestStore {
  readonly drills = new Map<string, DrillState>();
  readonly #file: string;

  constructor(dataDir: string) {
    mkdirSync(dataDir, { recursive: true });
    this.#file = join(dataDir, 'partners.jsonl');
    if (!existsSync(this.#file)) return;
    const bytes = readFileSync(this.#file);
    const whole = bytes.lastIndexOf(0x0a) + 1;
    if (whole < bytes.length) truncateSync(this.#file, whole);
    for (const line of bytes.subarray(0, whole).toString('utf8').split('\n')) {
      if (line !== '') this.#fold(JSON.parse(line) as Entry);
    }
  }

  /** Writes the entries, then lets them count. */
  add(...entries: Entry[]): void {
    appendFileSync(this.#file, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
    for (const entry of entries) this.#fold(entry);
  }

  #fold(entry: Entry): void {
    if (entry.type === 'opened') {
      const before = this.drills.get(entry.drill.id);
      if (before) before.drill = entry.drill;
      else this.drills.set(entry.drill.id, emptyState(entry.drill));
      return;
    }
    const state = this.drills.get(entry.drill);
    if (!state) return;
    fold(state, entry);
  }
}

function emptyState(drill: Drill): DrillState {
  return {
    drill,
    requests: new Map(),
    firstExam: new Map(),
    ready: new Map(),
    open: new Map(),
    delivered: new Set(),
    knobs: new Map(),
  };
}

function fold(state: DrillState, entry: Exclude<Entry, { type: 'opened' }>): void {
  switch (entry.type) {
    case 'received':
      state.requests.set(entry.received.requestId, {
        received: entry.received,
        receivedAt: entry.receivedAt,
        recalled: false,
        reminders: 0,
        evidence: 0,
      });
      return;
    case 'answeredAtOnce':
      change(state, entry.requestId, { answer: entry.answer });
      return;
    case 'refused':
      change(state, entry.requestId, { refused: entry.code });
      return;
    case 'evidence':
      change(state, entry.requestId, { evidence: (state.requests.get(entry.requestId)?.evidence ?? 0) + 1 });
      return;
    case 'reminded':
      change(state, entry.requestId, { reminders: (state.requests.get(entry.requestId)?.reminders ?? 0) + 1 });
      return;
    case 'recalled':
      change(state, entry.requestId, { recalled: true });
      for (const [eventId, open] of state.open) {
        if (open.some((one) => one.requestId === entry.requestId)) state.open.delete(eventId);
      }
      return;
    case 'ready':
      if (!state.ready.has(entry.movement)) state.ready.set(entry.movement, entry.at);
      return;
    case 'examined':
      if (!state.firstExam.has(entry.person)) state.firstExam.set(entry.person, entry.at);
      return;
    case 'planned':
      for (const one of entry.announcements) {
        if (!state.delivered.has(one.eventId))
          state.open.set(one.eventId, [...(state.open.get(one.eventId) ?? []), one]);
      }
      return;
    case 'delivered':
      state.delivered.add(entry.eventId);
      state.open.delete(entry.eventId);
      return;
    case 'knobs':
      state.knobs.set(entry.partner, entry.knobs);
  }
}

function change(state: DrillState, requestId: string, with_: Partial<PartnerRequest>): void {
  const request = state.requests.get(requestId);
  if (request) state.requests.set(requestId, { ...request, ...with_ });
}

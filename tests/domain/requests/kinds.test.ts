import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ROLES } from '../../../domain/actor.ts';
import { JOURNEY_EVENT_DATA } from '../../../domain/journeys/events.ts';
import { apply, emptyJourney, type JourneyState } from '../../../domain/journeys/state.ts';
import { WAIT_MESSAGES } from '../../../domain/journeys/waits.ts';
import { PRECONDITIONS } from '../../../domain/preconditions.ts';
import { acknowledgement, defineMovementRequest, PARTNER_KINDS } from '../../../domain/requests/definition.ts';
import { PERSON_FIELDS } from '../../../domain/requests/fields.ts';
import {
  CALLBACK_TYPES,
  callbackOf,
  isPersonRequest,
  isVehicleCallback,
  JOURNEY_REQUESTS,
  REQUEST_KINDS,
  REQUESTS,
  requestOf,
} from '../../../domain/requests/index.ts';
import { STANDARD_DEADLINES } from '../../../domain/rules.ts';

const file = (path: string) => readFileSync(join(import.meta.dirname, '../../..', path), 'utf8');
const protocol = file('docs/partner-protocol.md');
const baseline = file('prisma/migrations/20261201000000_baseline/migration.sql');
const AT = Date.parse('2026-06-01T00:00:00Z');

describe.each(REQUEST_KINDS)('a request of kind %s', (kind) => {
  const request = REQUESTS[kind];

  it('names its partner, who decides, what it settles, and what Temporal shows', () => {
    expect(request.kind).toBe(kind);
    expect(PARTNER_KINDS).toContain(request.to);
    expect(ROLES).toContain(request.decides);
    expect(request.summary).not.toBe('');
    if (request.settles !== null) expect(Object.values(PRECONDITIONS[request.settles])).toContain(true);
  });

  it('has waits with a standard deadline and words', () => {
    for (const { what } of Object.values(request.waits ?? {})) {
      expect(STANDARD_DEADLINES[what].due).toBeGreaterThan(0);
      expect(WAIT_MESSAGES[what].then).not.toBe('');
    }
    // A partner that has something to answer is waited for.
    expect(Object.keys(request.callbacks).length > 0 && request.waits === null).toBe(false);
  });

  it('is in the protocol and in the database, with each of its callbacks', () => {
    expect(protocol).toContain(`| \`${kind}\``);
    expect(baseline).toContain(`'${kind}'`);
    for (const type of Object.keys(request.callbacks)) expect(protocol).toContain(`| \`${type}\``);
  });

  it.runIf(isPersonRequest(kind))('sends the reference of the person and known fields only', () => {
    if (request.about !== 'person') return;
    expect(request.fields.required).toContain('reference');
    for (const field of [...request.fields.required, ...request.fields.helpful]) expect(PERSON_FIELDS).toContain(field);
  });
});

describe.each(CALLBACK_TYPES)('the callback %s', (type) => {
  it('belongs to exactly one kind, or is about a vehicle', () => {
    const owners = Object.values(REQUESTS).filter(({ callbacks }) => Object.hasOwn(callbacks, type));
    expect(owners.map(({ kind }) => kind)).toEqual(isVehicleCallback(type) ? [] : [requestOf(type)]);
    expect(callbackOf(type).part === 'report').toBe(isVehicleCallback(type));
  });
});

/** A journey after the event that the request is with a partner. */
function asked(request: (typeof JOURNEY_REQUESTS)[number]): JourneyState {
  const type = request.journey.requested;
  const data = { requestId: 'req_1', partnerId: 'par_1', round: 1 };
  return apply(emptyJourney(), { type, data, at: AT, actor: { kind: 'system', id: 'homeward' } });
}

describe.each(JOURNEY_REQUESTS)('the part of a journey that $kind settles', (request) => {
  const { journey } = request;
  const about = { requestId: 'req_1', partnerId: 'par_1' };

  it('is open from the request on, and no longer after a recall', () => {
    const state = asked(request);
    expect(journey.open(state)).toMatchObject({ requestId: 'req_1', requestedAt: AT });
    expect(journey.rounds(state)).toBe(1);
    const recall = { type: 'requestRecalled', at: AT, actor: { kind: 'system', id: 'homeward' } } as const;
    const after = apply(state, { ...recall, data: { requestId: 'req_1' } });
    expect(journey.open(after)).toBeUndefined();
    expect(journey.rounds(after)).toBe(1);
    expect(after[journey.name].status).toBe(emptyJourney()[journey.name].status);
    expect(journey.open(apply(state, { ...recall, data: { requestId: 'req_2' } }))).toBeDefined();
  });

  it('makes events that the event log knows of an answer to the open request, and none of another', () => {
    const state = asked(request);
    for (const [type, module] of Object.entries(request.callbacks)) {
      if (module.part !== 'answer') continue;
      const answer = module.read(SAMPLES[type], { now: AT, documentId: 'doc_1' });
      const events = journey.answered(answer, state, about) ?? [];
      expect(events.length, type).toBeGreaterThan(0);
      for (const event of events)
        expect(JOURNEY_EVENT_DATA[event.type].safeParse(event.data).success, event.type).toBe(true);
      expect(journey.answered(answer, state, { ...about, requestId: 'req_2' })).toBeUndefined();
      expect(journey.answered(answer, emptyJourney(), about)).toBeUndefined();
    }
    expect(journey.answered({ kind: 'acknowledged' }, state, about)).toBeDefined();
    expect(journey.answered({ kind: 'of_another_kind' }, state, about)).toBeUndefined();
  });
});

/** `data` of each final callback about a person, as the inbox stores it. */
const SAMPLES: Record<string, unknown> = {
  'verification.answered': { outcome: 'undetermined' },
  'document.issued': { kind: 'PASSPORT', validUntil: AT },
  'document.refused': {},
  'fitness.answered': { result: 'unfit', conditions: [], examinedAt: AT },
  'exit_permit.answered': { answer: 'not_required' },
};

it('a callback under the name of another kind does not compile', () => {
  const rest = { to: 'carrier', summary: 'x', settles: null, waits: null, decides: 'coordinator' } as const;
  const forms = { ...rest, byAgreement: false, answer: z.never() } as const;
  const own = defineMovementRequest({ ...forms, kind: 'port', callbacks: { 'port.seen': acknowledgement() } });
  expect(Object.keys(own.callbacks)).toEqual(['port.seen']);
  const foreign = { 'booking.seen': acknowledgement() };
  // @ts-expect-error the type of a callback begins with the kind that it answers
  defineMovementRequest({ ...forms, kind: 'port', callbacks: foreign });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ROLES } from '../../../domain/actor.ts';
import { ENDINGS, JOURNEY_PHASES, JOURNEY_STATUSES, type JourneyStatus } from '../../../domain/journeys/statuses.ts';
import type { Wait } from '../../../domain/journeys/waits.ts';
import { en } from '../../../domain/messages/en.ts';
import { type HistoryEvent, type HistoryNames, historyInWords } from '../../../domain/messages/history.ts';
import { lengthInWords, momentInWords } from '../../../domain/messages/lengths.ts';
import { nowInWords } from '../../../domain/messages/now.ts';
import { situationInWords } from '../../../domain/messages/situation.ts';
import { list, t, tCount } from '../../../domain/messages/t.ts';
import { DEADLINES } from '../../../domain/rules.ts';
import { DAY, HOUR, MINUTE } from '../../../domain/time.ts';

const NOW = Date.UTC(2017, 9, 3, 12);
const NOBODY = new Map<string, string>();

describe('messages', () => {
  it('fill every placeholder, never with undefined', () => {
    for (const key of Object.keys(en) as Array<keyof typeof en>) expect(t(key)).not.toMatch(/undefined|\{/);
    expect(t('event.seatAssigned', { movement: 'AMB-01' })).toBe('Seat on AMB-01');
    expect([tCount('now.more', 1), tCount('now.more', 3)]).toEqual(['1 more wait is open', '3 more waits are open']);
    expect([list([]), list(['a']), list(['a', 'b', 'c'])]).toEqual(['', 'a', 'a, b and c']);
  });

  it('exist for every role, phase, ending and deadline', () => {
    for (const role of ROLES) expect(en[`role.${role}`]).toBeTruthy();
    for (const phase of JOURNEY_PHASES) expect(en[`phase.${phase}`]).toBeTruthy();
    for (const ending of ENDINGS) expect(en[`ending.${ending}`]).toBeTruthy();
    for (const deadline of DEADLINES) expect(en[`what.${deadline}`]).toBeTruthy();
  });

  it('state a length in one unit, rounded down', () => {
    const table: Array<[number, string]> = [
      [0, 'less than a minute'],
      [MINUTE, '1 minute'],
      [59 * MINUTE, '59 minutes'],
      [HOUR, '1 hour'],
      [47 * HOUR, '47 hours'],
      [2 * DAY - 1, '47 hours'],
      [2 * DAY, '2 days'],
      [400 * DAY, '400 days'],
    ];
    for (const [length, sentence] of table) expect(lengthInWords(length)).toBe(sentence);
    expect(momentInWords(NOW)).toBe('2017-10-03 12:00 UTC');
  });
});

const wait = (more: Partial<Wait>): Wait => ({
  key: 'k',
  phase: 'screen',
  whom: { kind: 'role', id: 'case_worker' },
  what: 'screening',
  blocks: true,
  safety: false,
  since: NOW - HOUR,
  due: NOW + DAY,
  escalationStep: 'waiting',
  ...more,
});
const now = (more: Partial<Parameters<typeof nowInWords>[0]> = {}) =>
  nowInWords({
    now: NOW,
    status: 'registered',
    waits: [],
    names: NOBODY,
    suspended: false,
    groupWaitsFor: [],
    ...more,
  });

describe('now', () => {
  it('names the earliest due that blocks, and how many more', () => {
    const result = now({
      waits: [
        wait({ key: 'late', due: NOW + 5 * DAY }),
        wait({
          key: 'background',
          blocks: false,
          due: NOW + 1,
          whom: { kind: 'role', id: 'health_officer' },
          what: 'fitnessAnswer',
        }),
        wait({
          key: 'first',
          due: NOW + 2 * DAY,
          whom: { kind: 'role', id: 'protection_officer' },
          what: 'holdReview',
        }),
      ],
    });
    expect(result.sentence).toMatch(
      /^Waiting for a protection officer to review a hold, for 1 hour \(since 2017-10-03 11:00 UTC\);.*; 2 more waits are open\.$/,
    );
    expect(result.waiting.map(({ kind }) => kind)).toEqual(['holdReview', 'screening', 'fitnessAnswer']);
  });

  it('is the same whatever order the waits come in', () => {
    const waits = ['a', 'b', 'c', 'd'].map((key, at) =>
      wait({ key, due: at === 3 ? undefined : NOW + (at % 2) * DAY, blocks: at !== 2 }),
    );
    fc.assert(
      fc.property(fc.shuffledSubarray(waits, { minLength: 4 }), (shuffled) => {
        expect(now({ waits: shuffled })).toEqual(now({ waits }));
      }),
    );
  });

  it('says when a wait is overdue or has no deadline, the operation is suspended, or the journey has ended', () => {
    expect(now({ waits: [wait({ due: NOW - HOUR, escalateAt: NOW + HOUR })] }).sentence).toContain(
      'overdue since 2017-10-03 11:00 UTC; at 2017-10-03 13:00 UTC it is escalated to the operation lead',
    );
    expect(now({ waits: [wait({ due: undefined })] }).sentence).toContain('without a deadline');
    expect(now({ suspended: true, waits: [wait({})] }).sentence).toMatch(/^The operation is suspended here; Waiting/);
    expect(now({ status: 'closed', ending: 'withdrawn', endedAt: NOW }).sentence).toBe(
      'The journey ended (withdrawn) on 2017-10-03 12:00 UTC.',
    );
    expect(now({ status: 'arrived' }).sentence).toBe('No wait is open. Has arrived; not yet received.');
  });

  it('names the day of an appointment, and the leg that needs a movement', () => {
    const day = { whom: { kind: 'person', id: 'person' } as const, due: NOW + 3 * DAY };
    expect(now({ waits: [wait({ ...day, what: 'fitnessAnswer' })] }).sentence).toBe(
      'The next health check is on 2017-10-06 12:00 UTC.',
    );
    expect(now({ waits: [wait({ ...day, what: 'followUpContact' })] }).sentence).toBe(
      'The next follow-up contact is on 2017-10-06 12:00 UTC.',
    );
    const seat = wait({ whom: { kind: 'movement', id: 'sea' }, what: 'seat', due: undefined });
    expect(now({ waits: [seat] }).sentence).toContain(
      'Waiting for a movement of the leg sea to have seats for the household',
    );
    const aboard = wait({ whom: { kind: 'movement', id: 'mov_1' }, what: 'boarding', due: undefined });
    expect(now({ waits: [aboard], names: new Map([['mov_1', 'AMB-01']]) }).sentence).toContain(
      'Waiting for the movement AMB-01 to board',
    );
  });
});

const names = (more: Partial<HistoryNames> = {}): HistoryNames => ({
  names: NOBODY,
  attempts: new Map(),
  notes: new Map(),
  holdKinds: new Map(),
  mayKnowHolds: false,
  ...more,
});
const event = (more: Partial<HistoryEvent>): HistoryEvent => ({
  source: 'journey',
  seq: 1,
  type: 'screened',
  phase: 'screen',
  at: NOW,
  actor: 'anna',
  actorKind: 'staff',
  role: 'case_worker',
  data: {},
  ...more,
});

describe('history', () => {
  it('discloses only that a hold exists to readers outside protection', () => {
    const raised = (kind: string, by: string) => [
      event({ type: 'holdRaised', data: { holdId: 'hld_1' }, actor: by, role: by, reasonCode: kind, noteId: 'note_1' }),
    ];
    const outside = (kind: string, by: string) =>
      JSON.stringify(
        historyInWords(raised(kind, by), names({ holdKinds: new Map(), notes: new Map([['note_1', kind]]) })),
      );
    expect(outside('ASYLUM', 'protection_lead')).toBe(outside('SECURITY', 'health_officer'));
    const inside = historyInWords(
      raised('fear', 'protection_lead'),
      names({ mayKnowHolds: true, holdKinds: new Map([['hld_1', 'ASYLUM']]), notes: new Map([['note_1', 'afraid']]) }),
    );
    expect(inside[0]?.entries[0]).toMatchObject({
      what: 'Hold raised: asylum',
      why: 'fear',
      note: 'afraid',
      who: 'protection_lead (the protection lead)',
    });
  });

  it('says that there is a note without opening it', () => {
    expect(historyInWords([event({ noteId: 'note_1' })], names())[0]?.entries[0]).toMatchObject({ noteRedacted: true });
  });

  it('puts what a movement did into the travel of the person, in its time', () => {
    const phases = historyInWords(
      [
        event({
          type: 'departed',
          phase: 'travel',
          seq: 9,
          at: NOW + DAY,
          data: { movementId: 'mov_1' },
          actorKind: 'partner',
          actor: 'par_1',
        }),
        event({
          source: 'movement',
          type: 'delayed',
          seq: 3,
          at: NOW,
          data: { movementId: 'mov_1', departsAt: NOW + DAY, arrivesAt: NOW + DAY },
          actorKind: 'partner',
          actor: 'par_1',
        }),
      ],
      names({
        names: new Map([
          ['mov_1', 'AMB-01'],
          ['par_1', 'Ships'],
        ]),
      }),
    );
    expect(phases.map(({ phase, entries }) => [phase, entries.map(({ who, what }) => `${who}: ${what}`)])).toEqual([
      ['travel', ['Ships: AMB-01 is delayed: departs 2017-10-04 12:00 UTC', 'Ships: Departed with AMB-01']],
    ]);
  });

  it('groups an event by its subject, whatever the phase of the journey was', () => {
    const phases = historyInWords(
      [
        event({ type: 'fitnessFound', phase: 'travel', seq: 1, data: { result: 'unfit', conditions: [] } }),
        event({ type: 'nationalityConfirmed', phase: 'travel', seq: 2, data: { requestId: 'r', partnerId: 'p' } }),
        event({ type: 'waitReminded', phase: 'travel', seq: 3, data: { key: 'seat' } }),
      ],
      names(),
    );
    expect(phases.map(({ phase, entries }) => [phase, entries.map((entry) => entry.event)])).toEqual([
      ['verifyNationality', ['nationalityConfirmed']],
      ['clearToTravel', ['fitnessFound']],
      ['travel', ['waitReminded']],
    ]);
  });

  it('loses no event, whatever its type', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 }), { maxLength: 20 }), (types) => {
        const events = types.map((type, at) => event({ type: `own_${type}`, seq: at + 1 }));
        expect(historyInWords(events, names()).flatMap(({ entries }) => entries)).toHaveLength(events.length);
      }),
    );
  });
});

describe('the situation', () => {
  const situation = (
    byStatus: Partial<Record<JourneyStatus, number>>,
    more: Partial<Parameters<typeof situationInWords>[0]> = {},
  ) =>
    situationInWords({
      now: NOW,
      lateness: { worstSeconds: 0, escalationSteps: 0 },
      byStatus: new Map(Object.entries(byStatus) as Array<[JourneyStatus, number]>),
      completed: 0,
      missing: 0,
      deceased: 0,
      waits: [],
      decisions: [],
      names: NOBODY,
      ...more,
    });

  it('counts everybody once: safe, moving, waiting, missing, dead, or ended without travel', () => {
    const counts = fc.record(
      Object.fromEntries(JOURNEY_STATUSES.map((status) => [status, fc.nat(500)])) as Record<
        JourneyStatus,
        fc.Arbitrary<number>
      >,
    );
    fc.assert(
      fc.property(counts, fc.nat(500), fc.nat(50), fc.nat(50), (byStatus, done, lost, died) => {
        const missing = Math.min(lost, byStatus.closed);
        const deceased = Math.min(died, byStatus.closed - missing);
        const completed = Math.min(done, byStatus.closed - missing - deceased);
        const { numbers, statuses } = situation(byStatus, { completed, missing, deceased });
        expect(numbers).toMatchObject({ missing, deceased });
        expect(numbers.people).toBe(statuses.reduce((sum, { people }) => sum + people, 0));
        const { people, ...parts } = numbers;
        expect(Object.values(parts).reduce((sum, n) => sum + n, 0)).toBe(people);
        expect(Math.min(...Object.values(numbers))).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('says in one sentence who is overdue, which seats stay empty, and what waits for a person', () => {
    const result = situation(
      { consented: 96, travel_ready: 30, in_transit: 10, received: 4, closed: 3 },
      {
        completed: 1,
        waits: [
          {
            whom: { kind: 'partner', id: 'par_1' },
            what: 'verificationAnswer',
            waiting: 96,
            overdue: 96,
            oldestSince: NOW - 3 * DAY,
          },
        ],
        decisions: [{ role: 'case_worker', kind: 'screening', count: 3 }],
        nextMovement: { reference: 'AMB-02', departsAt: NOW + HOUR, emptySeats: 22, readyWithoutSeat: 30 },
        names: new Map([['par_1', 'the Consulate of X']]),
      },
    );
    expect(result.sentence).toBe(
      '143 people: 5 safe, 10 moving, 126 waiting; 2 ended without travel; 96 people have waited more than 2 days for the Consulate of X; AMB-02 leaves 2017-10-03 13:00 UTC with 22 empty seats, and 30 ready without one; 3 decisions wait for a person.',
    );
  });

  it('says when no wait is overdue', () => {
    expect(situation({ received: 1 }).sentence).toBe('1 person: 1 safe, 0 moving, 0 waiting; no wait is overdue.');
  });
});

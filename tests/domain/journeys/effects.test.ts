import { describe, expect, it } from 'vitest';
import { SYSTEM } from '../../../domain/actor.ts';
import type { EventDefinition } from '../../../domain/events.ts';
import { JOURNEY_EVENTS } from '../../../domain/journeys/events.ts';
import { effectsOf } from '../../../domain/record.ts';
import { MCOF_2012 } from '../../../domain/services.ts';

const event = (type: string, data: Record<string, unknown> = {}) => ({ seq: 1, type, at: 0, actor: SYSTEM, data });
const EVENTS: Readonly<Record<string, EventDefinition>> = JOURNEY_EVENTS;
const journey = (type: string, data?: Record<string, unknown>) => effectsOf('journey', event(type, data));
const typesWith = (effect: string): string[] =>
  Object.entries(EVENTS).flatMap(([type, { effects = {} }]) => (effect in effects ? [type] : []));

describe('what an event of a journey changes', () => {
  it('frees a seat before boarding where the person may not travel, leaves, or the household is another one', () => {
    expect(typesWith('freesSeats').toSorted()).toEqual([
      'consentRefused',
      'consentWithdrawn',
      'deathRecorded',
      'documentExpired',
      'fitnessFound',
      'healthConcernRaised',
      'holdRaised',
      'householdChanged',
      'journeyEnded',
      'nationalityRetracted',
      'splitOff',
    ]);
    expect(journey('fitnessFound', { result: 'unfit' }).freesSeats).toEqual(['reserved', 'checked_in']);
    expect(journey('fitnessFound', { result: 'fit' }).freesSeats).toBeUndefined();
    expect(journey('holdRaised').freesSeats).toEqual(['reserved', 'checked_in']);
  });

  it('writes consent: at the start only where it was given, later under the version that the event names', () => {
    expect(journey('journeyStarted', { consent: 'given' }).consent).toMatchObject({ status: 'given', sharing: true });
    expect(journey('journeyStarted', { consent: 'pending' }).consent).toBeUndefined();
    expect(typesWith('consent').map((type) => journey(type, { consent: 'given' }).consent?.status)).toEqual([
      'given',
      'given',
      'refused',
      'withdrawn',
      'reconfirmed',
    ]);
    expect(journey('consentGiven').consent?.version).toBeUndefined();
  });

  it('sends nothing for a death, and asks the protection lead', () => {
    const { partnerEvent, opensTask, diesAboard } = journey('deathRecorded');
    expect(partnerEvent).toBeUndefined();
    expect(opensTask).toEqual({ kind: 'deathFollowUp', role: 'protection_lead' });
    expect(diesAboard).toBe(true);
  });

  it('counts a follow-up as a service only where somebody was reached', () => {
    expect(journey('followUpDone', { month: 1, reached: true }).service).toEqual(
      expect.objectContaining({ sector: 'reintegration', kind: 'follow_up' }),
    );
    expect(journey('followUpDone', { month: 1, reached: false })).toEqual({
      partnerEvent: { type: 'journey.follow_up_done', fields: ['month'] },
    });
  });

  it('counts each service for a sector that there is', () => {
    const sectors = new Set<string>(MCOF_2012.map(({ code }) => code));
    for (const { effects } of Object.values(EVENTS)) {
      if (effects?.service) expect(sectors).toContain(effects.service.sector);
    }
    expect(typesWith('service')).toHaveLength(8);
  });

  it('makes a hold active only where it was not yet, and settles tasks when it is released', () => {
    expect(journey('holdRaised').hold).toEqual({ status: 'active', from: ['raising', 'void'] });
    expect(journey('holdReleased')).toMatchObject({
      hold: { status: 'released' },
      settles: [{ kind: 'resume' }, { kind: 'completeHousehold', noneLeftOf: 'DATA_DISPUTE' }],
    });
  });

  it('settles the request of two journeys of one person when one of them ends', () => {
    expect(typesWith('samePerson')).toEqual(['deathRecorded', 'journeyEnded']);
    expect(journey('journeyEnded').samePerson).toEqual({
      settles: 'closeDuplicate',
      opens: { kind: 'resume', role: 'protection_officer' },
    });
  });

  it('notifies partners of movements and operations by their own tables, and of a household never', () => {
    expect(effectsOf('movement', event('delayed')).partnerEvent?.type).toBe('movement.changed');
    expect(effectsOf('operation', event('operationResumed'))).toEqual({
      partnerEvent: { type: 'operation.resumed', fields: [] },
    });
    expect(effectsOf('household', event('journeyStarted'))).toEqual({});
    expect(effectsOf('journey', event('delayed'))).toEqual({});
  });
});

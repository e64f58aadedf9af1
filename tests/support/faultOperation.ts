import { PERSON_FIELDS } from '../../domain/offices/fields.ts';
import { iso } from '../../domain/time.ts';
import type { FaultHouse } from './faultHouse.ts';

/** An office as a partner of an operation. */
export type PlannedOffice = {
  /** what the test calls it */
  name: string;
  kind: 'registry' | 'consulate' | 'clinic' | 'border' | 'carrier' | 'agency';
  /** where it is asked */
  url: string;
  state?: string;
};

export type RunningOffice = PlannedOffice & { partnerId: string; secret: string };

const PURPOSES: Record<PlannedOffice['kind'], string[]> = {
  registry: ['registry'],
  consulate: ['verification', 'document'],
  clinic: ['fitness'],
  border: ['exit_permit'],
  carrier: ['booking'],
  agency: ['reception'],
};

/** An operation that runs, through the public API: its partners with their agreements, activated by its lead. */
export async function runOperation(
  house: FaultHouse,
  plan: { kind?: 'evacuation' | 'return'; offices?: readonly PlannedOffice[]; secondsPerDay?: number; rules?: object },
): Promise<{ operationId: string; offices: RunningOffice[] }> {
  const coordinator = house.as('coordinator');
  const lead = house.as('operation_lead');
  const offices: RunningOffice[] = [];
  for (const { url, ...office } of plan.offices ?? []) {
    const made = (await coordinator.post('/partners', {
      kind: office.kind,
      name: office.name,
      ...(office.state === undefined ? {} : { state: office.state }),
      base_url: url,
    })) as { id: string; secret: string };
    offices.push({ ...office, url, partnerId: made.id, secret: made.secret });
  }
  const startsAt = Date.now();
  const { id: operationId } = (await coordinator.post('/operations', {
    kind: plan.kind ?? 'evacuation',
    name: 'Under faults',
    country: 'VUT',
    drill: plan.secondsPerDay !== undefined,
    ...(plan.secondsPerDay === undefined
      ? {}
      : {
          starts_at: iso(startsAt),
          clock: [{ from_operation_time: iso(startsAt), seconds_per_day: plan.secondsPerDay }],
        }),
    ...(plan.rules === undefined ? {} : { rules: plan.rules }),
    partners: offices.map(({ partnerId }) => partnerId),
  })) as { id: string };
  for (const { partnerId, kind, name } of offices) {
    await lead.post(`/partners/${partnerId}/agreements`, {
      operation_id: operationId,
      purposes: PURPOSES[kind],
      fields: kind === 'carrier' || kind === 'agency' ? [] : [...PERSON_FIELDS],
      reference: `MoU/${name}`,
    });
  }
  await lead.post(`/operations/${operationId}/commands/activate`, {
    args: {
      government_request_ref: 'REQ/1',
      leads: { protection: 'protection_lead', health: 'health_officer', movement: 'movement_officer' },
    },
  });
  return { operationId, offices };
}

/** The cells of somebody about whom everything may be asked. */
export function someone(reference: string, different: Record<string, string> = {}): Record<string, string> {
  return {
    person_ref: reference,
    relationship_to_head: 'HEAD',
    given_names: 'Canaria',
    family_name: 'Zzyzx',
    sex: 'F',
    date_of_birth: '1990-04-12',
    dob_precision: 'day',
    nationality: 'VUT',
    registered_at: '2026-01-02T08:00:00+11:00',
    consent: 'given',
    ...different,
  };
}

export type TakenIn = { reference: string; personId: string; journeyId: string };

/** What an accepted household's answer says of its people, in the order of the request. */
export function takenIn(body: Record<string, unknown>, references: readonly string[]): TakenIn[] {
  const people = body['people'] as Array<{ row: number; person_id: string; journey_id: string }>;
  return people.map((person, index) => ({
    reference: references[index] ?? '',
    personId: person.person_id,
    journeyId: person.journey_id,
  }));
}

/** A household of one, taken in under a key that follows from its reference. */
export async function takeIn(
  house: FaultHouse,
  operationId: string,
  reference: string,
  different: Record<string, string> = {},
): Promise<TakenIn> {
  const body = await house
    .as('case_worker')
    .post(
      `/operations/${operationId}/households`,
      { household_ref: `H-${reference}`, members: [someone(reference, different)] },
      `household-${reference}`,
    );
  const [person] = takenIn(body as Record<string, unknown>, [reference]);
  if (!person) throw new Error(`${reference} was not taken in`);
  return person;
}

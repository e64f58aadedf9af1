import { PERSON_FIELDS } from '../../domain/requests/fields.ts';
import { iso } from '../../domain/time.ts';
import type { FaultSystem } from './faultSystem.ts';

/** A partner of a test operation. */
export type PlannedPartner = {
  /** name in the test */
  name: string;
  kind: 'registry' | 'consulate' | 'clinic' | 'border' | 'carrier' | 'agency';
  /** base URL of the partner */
  url: string;
  state?: string;
};

export type RunningPartner = PlannedPartner & { partnerId: string; secret: string };

const PURPOSES: Record<PlannedPartner['kind'], string[]> = {
  registry: ['registry'],
  consulate: ['verification', 'document'],
  clinic: ['fitness'],
  border: ['exit_permit'],
  carrier: ['booking'],
  agency: ['reception'],
};

/** Creates an operation over the public API, with its partners and their agreements, and activates it. */
export async function runOperation(
  system: FaultSystem,
  plan: {
    kind?: 'evacuation' | 'return';
    partners?: readonly PlannedPartner[];
    secondsPerDay?: number;
    rules?: object | undefined;
  },
): Promise<{ operationId: string; partners: RunningPartner[] }> {
  const coordinator = system.as('coordinator');
  const lead = system.as('operation_lead');
  const partners: RunningPartner[] = [];
  for (const { url, ...partner } of plan.partners ?? []) {
    const made = (await coordinator.post('/partners', {
      kind: partner.kind,
      name: partner.name,
      ...(partner.state === undefined ? {} : { state: partner.state }),
      base_url: url,
    })) as { id: string; secret: string };
    partners.push({ ...partner, url, partnerId: made.id, secret: made.secret });
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
    partners: partners.map(({ partnerId }) => partnerId),
  })) as { id: string };
  for (const { partnerId, kind, name } of partners) {
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
  return { operationId, partners };
}

/** The cells of a person with consent to every request. */
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

export type Registered = { reference: string; personId: string; journeyId: string };

/** The people in the response to an accepted household, in the order of the request. */
export function registered(body: Record<string, unknown>, references: readonly string[]): Registered[] {
  const people = body['people'] as Array<{ row: number; person_id: string; journey_id: string }>;
  return people.map((person, index) => ({
    reference: references[index] ?? '',
    personId: person.person_id,
    journeyId: person.journey_id,
  }));
}

/** Registers a household of one. The idempotency key follows from its reference. */
export async function register(
  system: FaultSystem,
  operationId: string,
  reference: string,
  different: Record<string, string> = {},
): Promise<Registered> {
  const body = await system
    .as('case_worker')
    .post(
      `/operations/${operationId}/households`,
      { household_ref: `H-${reference}`, members: [someone(reference, different)] },
      `household-${reference}`,
    );
  const [person] = registered(body as Record<string, unknown>, [reference]);
  if (!person) throw new Error(`${reference} was not registered`);
  return person;
}

import type { Client } from '../client.ts';
import type { Scenario } from '../scenarioData.ts';
import type { End } from './outcome.ts';

export type LedgerRequest = { partner: string; kind: string; person_ref?: string };

/** One line of the final account: what must hold, and whether it does. */
export type Check = { what: string; holds: boolean; detail: string };

type Movement = { id: string; reference: string; status: string };
type MovementDetail = { people: Record<string, number> };

/**
 * The account of a drill: every seat accounted for, everybody in exactly one state, no request about anybody who may
 * not be asked about, and no wait written down late.
 */
export async function reconcile(of: {
  client: Client;
  operationId: string;
  scenario: Scenario;
  ends: ReadonlyMap<string, End>;
  requests: readonly LedgerRequest[];
  decisions: ReadonlyArray<{ household: string; what: string }>;
  worstLatenessSeconds: number | undefined;
  expectedDecisions: number | undefined;
}): Promise<Check[]> {
  const { client, scenario, ends } = of;
  const checks: Check[] = [];
  const movements = (await client.all(`/operations/${of.operationId}/movements`)) as Movement[];
  let booked = 0;
  const open: string[] = [];
  const counted = { boarded: 0, no_show: 0, denied: 0, offloaded: 0 };
  for (const movement of movements) {
    if (movement.status === 'cancelled') continue;
    if (movement.status !== 'reconciled' && movement.status !== 'closed')
      open.push(`${movement.reference} (${movement.status})`);
    const { people } = (await client.get(`/movements/${movement.id}`)) as MovementDetail;
    const carried = (people['departed'] ?? 0) + (people['arrived'] ?? 0) + (people['boarded'] ?? 0);
    counted.boarded += carried;
    counted.no_show += people['no_show'] ?? 0;
    counted.denied += people['denied'] ?? 0;
    counted.offloaded += people['offloaded'] ?? 0;
    booked += Object.entries(people).reduce((sum, [status, n]) => sum + (status === 'released' ? 0 : n), 0);
  }
  const accounted = counted.boarded + counted.no_show + counted.denied + counted.offloaded;
  checks.push({
    what: 'booked = boarded + no-show + denied + offloaded',
    holds: booked === accounted,
    detail: `${booked} = ${counted.boarded} + ${counted.no_show} + ${counted.denied} + ${counted.offloaded}`,
  });
  checks.push({
    what: 'every movement that ran is reconciled',
    holds: open.length === 0,
    detail: open.length === 0 ? `${movements.length} movements` : open.join(', '),
  });
  const missing = scenario.people.filter((person) => !ends.has(person.personRef));
  checks.push({
    what: 'every person is in exactly one state',
    holds: missing.length === 0 && ends.size === scenario.people.length,
    detail: counts(ends)
      .map(([name, n]) => `${n} ${name}`)
      .join(', '),
  });
  const forbidden = forbiddenRequests(scenario, of.requests);
  checks.push({
    what: 'no request about anybody who may not be asked about',
    holds: forbidden.length === 0,
    detail: `${of.requests.filter((one) => one.person_ref !== undefined).length} requests${forbidden.length === 0 ? '' : `; about ${forbidden.map((one) => `${one.person_ref} (${one.kind})`).join(', ')}`}`,
  });
  if (of.expectedDecisions !== undefined) {
    checks.push({
      what: 'decisions left to you',
      holds: of.decisions.length === of.expectedDecisions,
      detail: of.decisions.map((decision) => `${decision.household}: ${decision.what}`).join('; '),
    });
  }
  if (of.worstLatenessSeconds !== undefined) {
    checks.push({
      what: 'no due wait more than 10 s late',
      holds: of.worstLatenessSeconds <= 10,
      detail: `worst ${of.worstLatenessSeconds.toFixed(1)} s`,
    });
  }
  return checks;
}

/** What a careful list shows of why somebody may not be asked about: more cannot be known from it. */
const SHOWN_BY_THE_LIST = [
  'CONSENT_REFUSED',
  'CONSENT_PENDING',
  'ASYLUM',
  'TRAFFICKING_RISK',
  'UASC',
  'CHILD_HEAD',
  'UNVERIFIED_CARER',
];

function forbiddenRequests(scenario: Scenario, requests: readonly LedgerRequest[]): LedgerRequest[] {
  const list = new Map(scenario.people.map((person) => [person.personRef, person]));
  return requests.filter((request) => {
    const person = request.person_ref === undefined ? undefined : list.get(request.person_ref);
    const answers = person && scenario.answers.get(person.personRef);
    if (!person || !answers || answers.may_be_asked) return false;
    const because = (answers.because ?? []).filter((reason) => SHOWN_BY_THE_LIST.includes(reason));
    return because.some((reason) => listShows(scenario, person.personRef, reason));
  });
}

function listShows(scenario: Scenario, personRef: string, reason: string): boolean {
  const person = scenario.people.find((one) => one.personRef === personRef);
  if (!person) return false;
  if (reason === 'CONSENT_REFUSED') return person.consent === 'refused';
  if (reason === 'CONSENT_PENDING') return person.consent === 'pending';
  if (reason === 'CHILD_HEAD') return person.relationship === 'HEAD';
  return person.specialNeeds.includes(reason);
}

export function counts(ends: ReadonlyMap<string, End>): Array<[string, number]> {
  const found = new Map<string, number>();
  for (const end of ends.values()) {
    const name = 'for' in end ? `waiting for ${end.for}` : end.end;
    found.set(name, (found.get(name) ?? 0) + 1);
  }
  return [...found].sort((a, b) => b[1] - a[1]);
}

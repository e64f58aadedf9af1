import type { Site } from './sites.ts';

/**
 * Rules that once could be inverted without a test noticing. One mutant of each of these places is in every sample of
 * files in which it stands: the beginning of its id.
 */
export const ALWAYS: readonly string[] = [
  'domain/journeys/commands/consent.ts#giveConsent.refusal side without aboard',
  'domain/journeys/commands/consent.ts#withdrawConsent.refusal guard',
  'domain/journeys/commands/household.ts#splitOff.refusal guard',
  'domain/journeys/commands/arrival.ts#FOLLOW_UP_WINDOW time',
  'domain/journeys/commands/ending.ts#endJourney.refusal guard',
  'domain/journeys/commands/identity.ts#confirmIdentity.roles role',
  'domain/journeys/commands/documents.ts#recordDocument.refusal guard',
  'domain/holds.ts#BY_PROTECTION.releasedBy role',
  'domain/journeys/waits.ts#escalationPolicy.escalate time',
  'domain/movements/commands/running.ts#reconcile.refusal guard',
  'domain/rules.ts#needsOf.relevant side',
  'workflows/aggregate/live.ts#takeCommands.carryOut await no wait for run.recorder.recorded()',
  'workflows/aggregate/run.ts#carried carried',
  'workflows/waiting.ts#waitFor side without !wait.safety',
  'workflows/waiting.ts#wasSuspended guard never if wait.escalateAt',
  'adapters/postgres/movements/seats.ts#seatTransaction.lockHouseholds sql without for update',
  "adapters/postgres/preconditionInput.ts#readPreconditionInput.{ rows } sql without or (s.scope_kind = 'nationality'",
  'adapters/postgres/preconditionInput.ts#readPreconditionInput.{ rows } sql without and not exists',
  'application/movements/travel.ts#',
  'prisma/migrations/20261201000000_baseline/migration.sql#record_events sql without for update',
  'prisma/migrations/20261201000000_baseline/migration.sql#record_events sql without where journey_id = v_subject and batch',
];

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `count` of the sites: the same for the same seed and the same sites, and those of `ALWAYS` first. */
export function sampleOf(sites: readonly Site[], count: number, seed: number): Site[] {
  const next = numbers(seed);
  const shuffled = sites.map((site) => ({ site, at: next() })).toSorted((a, b) => a.at - b.at);
  const always = ALWAYS.flatMap((start) => shuffled.find(({ site }) => site.id.startsWith(start))?.site ?? []);
  const rest = shuffled.map(({ site }) => site).filter((site) => !always.includes(site));
  return [...always, ...rest].slice(0, count);
}

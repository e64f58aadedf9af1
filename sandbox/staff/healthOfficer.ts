import { HOUR, iso } from '../../domain/time.ts';
import { legsOf, needsOfLeg, serves } from '../drill/policy.ts';
import { findingAt } from '../partners/answers.ts';
import type { Known } from './directory.ts';
import { command, isLeft, nowOf, type Shift } from './shift.ts';
import type { Handler } from './tasks.ts';

/** The operation's own health officer: looks at those about whom no clinic may be asked. */
export const HEALTH_OFFICER: Record<string, Handler> = {
  fitness_answer: async (shift, task) => {
    const known = shift.directory.find(task.person_id);
    if (!known || !canTravel(shift, known)) return 'left';
    return (await examine(shift, known)) ? 'done' : 'left';
  },
};

/** Records what the scenario's doctor would find, counted from the person's registration. */
export async function examine(shift: Shift, { personId, listed, answers }: Known): Promise<boolean> {
  if (!answers) return false;
  const now = nowOf(shift);
  const found = findingAt(answers.fitness, Math.min(listed.registeredAt, now), now);
  const args =
    found.result === 'unfit'
      ? { result: 'unfit', conditions: [], review_at: iso(now + found.reviewAfter) }
      : { result: found.result, conditions: found.conditions ?? [], until: iso(now + found.valid_for_hours * HOUR) };
  return command(shift, 'health_officer', personId, 'record_fitness', args);
}

/** Nobody is examined again and again who cannot go: under a hold, or without the papers that only sharing would bring. */
function canTravel(shift: Shift, known: Known): boolean {
  const { movements } = shift.scenario;
  const { because = [] } = known.answers ?? {};
  if (because.some((reason) => !reason.startsWith('CONSENT_'))) return false;
  if (known.listed.consent !== 'pending') return true;
  if (isLeft(shift, known.listed.householdRef)) return true;
  const head = shift.directory.headNationality(known);
  const first = legsOf(movements).find((leg) =>
    movements.some((movement) => movement.stage === leg && serves(movement, head)),
  );
  const needs = first === undefined ? undefined : needsOfLeg(first, movements);
  return needs !== undefined && !needs.nationality && !needs.exitPermit;
}

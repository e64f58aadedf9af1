import { HOUR, iso } from '../../domain/time.ts';
import { needsOfStage, serves, stagesOf } from '../drill/policy.ts';
import { findingAt } from '../offices/answers.ts';
import type { Known } from './directory.ts';
import { command, isLeft, nowOf, type Shift } from './shift.ts';
import type { Handler } from './taskDesk.ts';

/** The operation's own health officer: looks at those about whom no clinic may be asked. */
export const HEALTH_OFFICER: Record<string, Handler> = {
  fitnessAnswer: async (shift, task) => {
    const known = shift.directory.find(task.person_id);
    if (!known || !canTravel(shift, known)) return 'left';
    return (await examine(shift, known)) ? 'done' : 'left';
  },
};

/** Records what the caseload's doctor would find, counted from the person's registration. */
export async function examine(shift: Shift, { personId, listed, answers }: Known): Promise<boolean> {
  if (!answers) return false;
  const now = nowOf(shift);
  const found = findingAt(answers.fitness, Math.min(listed.registeredAt, now), now);
  const args =
    found.result === 'unfit'
      ? { result: 'unfit', conditions: [], review_at: iso(now + found.reviewAfter) }
      : { result: found.result, conditions: found.conditions ?? [], until: iso(now + found.valid_for_hours * HOUR) };
  return command(shift, 'health_officer', personId, 'recordFitness', args);
}

/** Nobody is examined again and again who cannot go: under a hold, or without the papers that only sharing would bring. */
function canTravel(shift: Shift, known: Known): boolean {
  const { movements } = shift.caseload;
  const { because = [] } = known.answers ?? {};
  if (because.some((reason) => !reason.startsWith('CONSENT_'))) return false;
  if (known.listed.consent !== 'pending') return true;
  if (isLeft(shift, known.listed.householdRef)) return true;
  const head = shift.directory.headNationality(known);
  const first = stagesOf(movements).find((stage) =>
    movements.some((movement) => movement.stage === stage && serves(movement, head)),
  );
  const needs = first === undefined ? undefined : needsOfStage(first, movements);
  return needs !== undefined && !needs.nationality && !needs.exitPermit;
}

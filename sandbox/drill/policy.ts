import type { Caseload, PlannedMovement } from '../caseload.ts';

/** What a stage of movement asks for besides identity, consent, fitness and the absence of holds. */
export type StageNeeds = { nationality: boolean; document: boolean; exitPermit: boolean };

const NOTHING: StageNeeds = { nationality: false, document: false, exitPermit: false };
const EVERYTHING: StageNeeds = { nationality: true, document: true, exitPermit: true };

/** The papers of the stages that the caseloads know (docs/drill.md). */
const STAGE_NEEDS: Record<string, StageNeeds> = {
  evacuation: NOTHING,
  road: NOTHING,
  sea: { ...NOTHING, exitPermit: true },
  air: EVERYTHING,
  return: EVERYTHING,
  onward: { ...NOTHING, nationality: true, document: true },
};

/** What a stage needs: by its name; of an unknown one nothing inside a country and everything across a border. */
export function needsOfStage(stage: string, movements: readonly PlannedMovement[]): StageNeeds {
  const known = STAGE_NEEDS[stage];
  if (known) return known;
  const crosses = movements.some(
    (movement) => movement.stage === stage && movement.origin.country !== movement.destination.country,
  );
  return crosses ? EVERYTHING : NOTHING;
}

/** Households whose decisions the drill leaves to whoever watches it, by caseload. */
const LEFT_TO_VISITOR: Record<string, readonly string[]> = {
  // a spouse whose family refused · a grandmother who has not decided yet · a family that has not decided yet
  'ambae-2017': ['NDU-H7644', 'NDU-H4130', 'WAL-H1991'],
};

export function leftToVisitor(caseload: Pick<Caseload, 'name'>): readonly string[] {
  return LEFT_TO_VISITOR[caseload.name] ?? [];
}

/** Codes of people whom no State knows as its own (ICAO Doc 9303, part 3, section 5). */
const WITHOUT_STATE = ['XXA', 'XXB', 'XXC', 'XXX'];

/** Whether a movement is planned for households of this head's nationality. */
export function serves(movement: Pick<PlannedMovement, 'for_households_of'>, headNationality: string): boolean {
  const whom = movement.for_households_of;
  return whom === null || (!WITHOUT_STATE.includes(headNationality) && whom.includes(headNationality));
}

/** Stages in the order in which people need them: by their first departure. */
export function stagesOf(movements: readonly PlannedMovement[]): string[] {
  const first = new Map<string, number>();
  for (const { stage, departs_at: departsAt } of movements) {
    first.set(stage, Math.min(first.get(stage) ?? Number.POSITIVE_INFINITY, Date.parse(departsAt)));
  }
  return [...first].sort((a, b) => a[1] - b[1]).map(([stage]) => stage);
}

/** Nationalities of heads that the movements of a stage are planned for; null: everybody. */
export function servedBy(stage: string, movements: readonly PlannedMovement[]): string[] | null {
  const of = movements.filter((movement) => movement.stage === stage);
  if (of.some((movement) => movement.for_households_of === null)) return null;
  return [...new Set(of.flatMap((movement) => movement.for_households_of ?? []))];
}

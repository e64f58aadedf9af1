import type { PlannedMovement, Scenario } from '../scenarioData.ts';

/** What a leg of movement asks for besides identity, consent, fitness and the absence of holds. */
export type LegNeeds = { nationality: boolean; document: boolean; exitPermit: boolean };

const NOTHING: LegNeeds = { nationality: false, document: false, exitPermit: false };
const EVERYTHING: LegNeeds = { nationality: true, document: true, exitPermit: true };

/** The papers of the legs that the scenarios know (docs/drill.md). */
const LEG_NEEDS: Record<string, LegNeeds> = {
  evacuation: NOTHING,
  road: NOTHING,
  sea: { ...NOTHING, exitPermit: true },
  air: EVERYTHING,
  return: EVERYTHING,
  onward: { ...NOTHING, nationality: true, document: true },
};

/** What a leg needs: by its name; of an unknown one nothing inside a country and everything across a border. */
export function needsOfLeg(leg: string, movements: readonly PlannedMovement[]): LegNeeds {
  const known = LEG_NEEDS[leg];
  if (known) return known;
  const crosses = movements.some(
    (movement) => movement.stage === leg && movement.origin.country !== movement.destination.country,
  );
  return crosses ? EVERYTHING : NOTHING;
}

/** Households whose decisions the drill leaves to whoever watches it, by scenario. */
const LEFT_TO_VISITOR: Record<string, readonly string[]> = {
  // a spouse whose family refused · a grandmother who has not decided yet · a family that has not decided yet
  'ambae-2017': ['NDU-H7644', 'NDU-H4130', 'WAL-H1991'],
};

export function leftToVisitor(scenario: Pick<Scenario, 'name'>): readonly string[] {
  return LEFT_TO_VISITOR[scenario.name] ?? [];
}

/** Codes of people whom no State knows as its own (ICAO Doc 9303, part 3, section 5). */
const WITHOUT_STATE = ['XXA', 'XXB', 'XXC', 'XXX'];

/** Whether a movement is planned for households of this head's nationality. */
export function serves(movement: Pick<PlannedMovement, 'for_households_of'>, headNationality: string): boolean {
  const whom = movement.for_households_of;
  return whom === null || (!WITHOUT_STATE.includes(headNationality) && whom.includes(headNationality));
}

/** Stages in the order in which people need them: by their first departure. */
export function legsOf(movements: readonly PlannedMovement[]): string[] {
  const first = new Map<string, number>();
  for (const { stage: leg, departs_at: departsAt } of movements) {
    first.set(leg, Math.min(first.get(leg) ?? Number.POSITIVE_INFINITY, Date.parse(departsAt)));
  }
  return [...first].sort((a, b) => a[1] - b[1]).map(([leg]) => leg);
}

/** Nationalities of heads that the movements of a leg are planned for; null: everybody. */
export function servedBy(leg: string, movements: readonly PlannedMovement[]): string[] | null {
  const of = movements.filter((movement) => movement.stage === leg);
  if (of.some((movement) => movement.for_households_of === null)) return null;
  return [...new Set(of.flatMap((movement) => movement.for_households_of ?? []))];
}

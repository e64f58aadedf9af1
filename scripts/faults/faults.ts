/** The faults that are tested, by number, and where. */
export const FAULTS = {
  F1: { file: 'tests/faults/killedWorker.test.ts' },
  F2: { file: 'tests/faults/rollingKills.test.ts' },
  F3: { file: 'tests/faults/killedApi.test.ts' },
  F5: { file: 'tests/faults/databaseRestarts.test.ts' },
  F6: { file: 'tests/faults/temporalAway.test.ts' },
  F7: { file: 'tests/faults/lostAnswers.test.ts' },
  F11: { file: 'tests/workflows/races.test.ts' },
  F17: { file: 'tests/faults/malformedLists.test.ts' },
  F18: { file: 'tests/faults/hugeBodies.test.ts' },
  F19: { file: 'tests/faults/hostileIds.test.ts' },
} as const;

export type FaultId = keyof typeof FAULTS;

export function isFault(name: string): name is FaultId {
  return Object.hasOwn(FAULTS, name);
}

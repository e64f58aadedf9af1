import type { TestContext } from 'vitest';

/** The result of a fault test: one row in the table of `npm run faults`. */
export type FaultReport = {
  /** number of the fault: F1 … F24 */
  fault: string;
  rounds: number;
  /** what was counted outside the system under test */
  counted: string;
};

declare module 'vitest' {
  interface TaskMeta {
    fault?: FaultReport;
  }
}

/** The same seed gives the same faults at the same places. */
export const SEED = Number(process.env['FAULTS_SEED'] ?? 20261125);

/** True in `npm run faults`; `npm test` runs the short form. */
export const LONG = process.env['FAULTS_FORM'] === 'long';

/** One number for the short form, another for the long one. */
export function inForm<T>(short: T, long: T): T {
  return LONG ? long : short;
}

/** Attaches the result to the test, for the table. */
export function reportFault({ task }: TestContext, report: FaultReport): void {
  task.meta.fault = report;
}

/** Mulberry32: numbers from 0 up to 1, always the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

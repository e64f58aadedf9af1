import { readFileSync } from 'node:fs';

type Step = { step: string } & Record<string, number | string>;

const reference: { allowed: number; steps: Step[] } = JSON.parse(
  readFileSync(new URL('reference-journey.json', import.meta.url), 'utf8'),
);

/** How many times the analytic minimum the reference journey may take. */
export const ALLOWED_EVENTS = reference.allowed;

/** Events of the reference journey if nothing of ours cost one: the sum of its steps. */
export const FEWEST_EVENTS = reference.steps
  .flatMap((step) => Object.values(step))
  .filter((value) => typeof value === 'number')
  .reduce((sum, events) => sum + events, 0);

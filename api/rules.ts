import { snakeCased } from '../domain/casing.ts';
import { DEADLINES, type Deadline, type Rules } from '../domain/rules.ts';
import { isoDuration } from '../domain/time.ts';
import { DEADLINE_NAMES } from './casing.ts';

/** The rules as the API writes them. */
export function rulesOut(rules: Rules) {
  return {
    ...snakeCased(rules),
    deadlines: Object.fromEntries(DEADLINES.map((key) => [DEADLINE_NAMES.out(key), deadlineOut(rules.deadlines[key])])),
    document_validity_after_arrival: isoDuration(rules.documentValidityAfterArrival),
    consent_max_age: isoDuration(rules.consentMaxAge),
    fitness_validity: isoDuration(rules.fitnessValidity),
    lock_before: isoDuration(rules.lockBefore),
  };
}

/** `null`: never. */
function deadlineOut({ due, remind, escalate }: Deadline) {
  const maybe = (length: number | null) => (length === null ? null : isoDuration(length));
  return {
    due: isoDuration(due),
    ...(remind === undefined ? {} : { remind: maybe(remind) }),
    ...(escalate === undefined ? {} : { escalate: maybe(escalate) }),
  };
}

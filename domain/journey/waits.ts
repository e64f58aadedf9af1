import type { Role } from '../actor.ts';
import type { Deadline, DeadlineKey, Rules } from '../rules.ts';
import type { Instant } from '../time.ts';

export type Whom =
  | { kind: 'role'; id: Role }
  | { kind: 'partner'; id: string }
  | { kind: 'movement'; id: string }
  | { kind: 'person'; id: 'person' };

export type Rung = 'waiting' | 'reminded' | 'due' | 'escalated';

/** A wait that is open: whom for, what for, since when, due when, and what happens then. */
export type Wait = {
  key: string;
  chapter: string;
  whom: Whom;
  /** code of what is awaited; words in domain/words */
  what: DeadlineKey;
  /** whether the person cannot go on without it */
  blocks: boolean;
  /** a safety clock runs on while the operation is suspended (fitness, documents, shelter nights, child care) */
  safety: boolean;
  since: Instant;
  remindAt?: Instant;
  due?: Instant;
  escalateAt?: Instant;
  rung: Rung;
};

/** The ladder's moments: remind at half time, a task at the deadline, the operation lead at twice, unless the rule says otherwise. */
export function ladder(since: Instant, rule: Deadline): Pick<Wait, 'remindAt' | 'due' | 'escalateAt'> {
  const remind = rule.remind === undefined ? rule.due / 2 : rule.remind;
  const escalate = rule.escalate === undefined ? rule.due * 2 : rule.escalate;
  return {
    ...(remind === null ? {} : { remindAt: since + remind }),
    due: since + rule.due,
    ...(escalate === null ? {} : { escalateAt: since + escalate }),
  };
}

/** The next rung of an open wait and its moment; undefined when all have passed. */
export function nextRung(wait: Wait): { rung: Exclude<Rung, 'waiting'>; at: Instant } | undefined {
  if (wait.rung === 'waiting' && wait.remindAt !== undefined) return { rung: 'reminded', at: wait.remindAt };
  if ((wait.rung === 'waiting' || wait.rung === 'reminded') && wait.due !== undefined) return { rung: 'due', at: wait.due };
  if (wait.rung !== 'escalated' && wait.escalateAt !== undefined) return { rung: 'escalated', at: wait.escalateAt };
  return undefined;
}

/** Whose task it is at each rung. A wait for a role is that role's own task from the start; reminders open none. */
export function taskAt(whom: Whom, rung: Rung): Role | undefined {
  if (rung === 'waiting') return whom.kind === 'role' ? whom.id : undefined;
  if (rung === 'due') return 'duty_supervisor';
  if (rung === 'escalated') return 'operation_lead';
  return undefined;
}

export function deadlineOf(rules: Pick<Rules, 'deadlines'>, what: DeadlineKey): Deadline {
  return rules.deadlines[what];
}

import { makeContinueAsNewFunc, proxyLocalActivities, type Workflow, workflowInfo } from '@temporalio/workflow';
import type { RecordActivities } from '../activities/subjects.ts';
import {
  type EscalationStep,
  escalationPolicy,
  nextEscalation,
  WAIT_MESSAGES,
  type Wait,
  type Whom,
} from '../domain/journeys/waits.ts';
import type { Deadline, DeadlineKey, Rules } from '../domain/rules.ts';
import { HOUR, type Instant, type OperationClock, SECOND, toOperation, toReal } from '../domain/time.ts';
import type { LocalCalls, Recorder } from './aggregate/recording.ts';

const { suspensionOverlap } = proxyLocalActivities<Pick<RecordActivities, 'suspensionOverlap'>>({
  startToCloseTimeout: '20s',
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '10s' },
  localRetryThreshold: '30s',
});

/** How long a parked business timer sleeps before it asks again whether the operation goes on: an hour on the operation's clock. */
const SUSPENDED_PAUSE = HOUR;

/** Thrown inFlight of a wait when its workflow is over or turns to a new run; only the workflow's main function catches it. */
export class Interrupted extends Error {}

/** What a workflow that waits must offer. */
export type Waiter = {
  subject: string;
  operationId: string;
  clock: OperationClock;
  rules: Pick<Rules, 'deadlines'>;
  waits: Wait[];
  /** what decides, while it is open, whether a wait holds its subject up; by the key of the wait */
  blocking: Map<string, () => boolean>;
  recorder: Pick<Recorder<{ seq: number }>, 'touch' | 'reached'>;
  calls: Pick<LocalCalls, 'call'>;
  /** resolves when `holds` (true), or after `timeout` milliseconds of real time (false) */
  when: (holds: () => boolean, timeout?: number, summary?: string) => Promise<boolean>;
  /** the workflow has ended: every wait ends with it */
  over: () => boolean;
  /** the workflow continues as new: waits are left open for the next run */
  continuingAsNew: () => boolean;
  /** history of a escalationStep: reminded, due, escalated */
  escalationReached: (key: string, escalationStep: Exclude<EscalationStep, 'waiting'>) => void;
};

export type WaitSpec = {
  key: string;
  phase: string;
  whom: Whom;
  what: DeadlineKey;
  /** whether the subject cannot go on without it; true unless said */
  blocks?: boolean | (() => boolean);
  safety?: boolean;
  /** since when, in operation time; now unless said */
  since?: Instant;
  /** another escalationPolicy than the rules', or null where somebody else keeps the time */
  rule?: Deadline | null;
  /** an appointment is kept, not answered: when its day has come the wait is over and nobody is escalationStep */
  appointment?: boolean;
};

/** The operation's time now. */
export function now(waiter: Pick<Waiter, 'clock'>): Instant {
  return toOperation(waiter.clock, Date.now());
}

/** Real time now. */
export function realNow(): Instant {
  return Date.now();
}

/**
 * The one way to wait. Writes the waiting row, climbs the escalationPolicy (a reminder, a task for a person at the deadline,
 * the operation lead at twice), and resolves when `until` holds. No escalationStep ever answers in anybody's place.
 * @throws Interrupted when the workflow is over or turns.
 */
export async function waitFor(waiter: Waiter, spec: WaitSpec, until: () => boolean): Promise<void> {
  if (until()) return;
  const wait = opened(waiter, spec);
  const { blocks = true } = spec;
  waiter.blocking.set(wait.key, typeof blocks === 'function' ? blocks : () => blocks);
  let leftOpen = false;
  try {
    for (;;) {
      const next = nextEscalation(wait);
      const settled = () => until() || waiter.over() || waiter.continuingAsNew();
      if (next === undefined) {
        await waiter.when(settled);
      } else if (!(await reachedBefore(waiter, wait, next.at, settled))) {
        if (!wait.safety && (await wasSuspended(waiter, wait, next.at, settled))) continue;
        if (until()) return;
        wait.escalationStep = next.escalationStep;
        waiter.recorder.reached(wait.key, next.escalationStep, toReal(waiter.clock, next.at));
        if (spec.appointment && next.escalationStep === 'due') return;
        waiter.escalationReached(wait.key, next.escalationStep);
        continue;
      }
      if (until()) return;
      leftOpen = waiter.continuingAsNew() && !waiter.over();
      if (leftOpen || waiter.over()) throw new Interrupted(wait.key);
      // It held between two messages that came at once, and no longer: the wait goes on.
    }
  } finally {
    // Only what the next run goes on waiting for is carried: it does not open again what has been settled.
    if (!leftOpen) {
      waiter.waits.splice(waiter.waits.indexOf(wait), 1);
      waiter.recorder.touch();
    }
  }
}

/** Resolves when `until` holds; for what other waits already show. @throws Interrupted as `waitFor` does. */
export async function until(waiter: Waiter, holds: () => boolean): Promise<void> {
  for (;;) {
    await waiter.when(() => holds() || waiter.over() || waiter.continuingAsNew());
    if (holds()) return;
    if (waiter.over() || waiter.continuingAsNew()) throw new Interrupted();
  }
}

/** A wait that an earlier run opened goes on where it was. */
function opened(waiter: Waiter, spec: WaitSpec): Wait {
  const going = waiter.waits.find((wait) => wait.key === spec.key);
  if (going) return going;
  const since = spec.since ?? now(waiter);
  const rule = spec.rule === undefined ? waiter.rules.deadlines[spec.what] : spec.rule;
  const wait: Wait = {
    key: spec.key,
    phase: spec.phase,
    whom: spec.whom,
    what: spec.what,
    blocks: true,
    safety: spec.safety ?? false,
    since,
    ...(rule === null ? {} : escalationPolicy(since, rule)),
    escalationStep: 'waiting',
  };
  waiter.waits.push(wait);
  waiter.recorder.touch();
  return wait;
}

/** Sleeps to the moment in real time; true if it was settled before. Less than a second is not slept. */
async function reachedBefore(waiter: Waiter, wait: Wait, at: Instant, settled: () => boolean): Promise<boolean> {
  const sleep = toReal(waiter.clock, at) - Date.now();
  if (sleep < SECOND) return settled();
  return waiter.when(settled, sleep, `Waiting for ${WAIT_MESSAGES[wait.what].what}`);
}

/**
 * Whether the operation was suspended meanwhile. Then the escalation steps ahead move by the overlap; while the suspension
 * lasts, the timer waits. A suspension wakes no workflow: a timer that fires reads the suspensions first.
 */
async function wasSuspended(waiter: Waiter, wait: Wait, at: Instant, settled: () => boolean): Promise<boolean> {
  const { operationId, subject } = waiter;
  const { overlap, open } = await waiter.calls.call(`suspensionOverlap:${wait.key}`, () =>
    suspensionOverlap({ operationId, subject, since: wait.since, at }),
  );
  if (open) {
    const sleep = Math.max(toReal(waiter.clock, now(waiter) + SUSPENDED_PAUSE) - Date.now(), SECOND);
    await waiter.when(settled, sleep, 'The operation is suspended');
    return true;
  }
  const moved = overlap - (wait.shifted ?? 0);
  if (moved <= 0) return false;
  wait.shifted = overlap;
  if (wait.remindAt !== undefined && wait.escalationStep === 'waiting') wait.remindAt += moved;
  if (wait.due !== undefined && wait.escalationStep !== 'due') wait.due += moved;
  if (wait.escalateAt !== undefined) wait.escalateAt += moved;
  waiter.recorder.touch();
  return true;
}

/**
 * Whether this run ends at its next wait, so that the workflow goes on in a new run: its history is long, or another
 * worker version takes new workflows. The server says the second with the next workflow task and wakes nobody for it,
 * hence the signal `NEW_VERSION`.
 */
export function newVersionWanted(): boolean {
  const { continueAsNewSuggested, targetWorkerDeploymentVersionChanged } = workflowInfo();
  return continueAsNewSuggested || targetWorkerDeploymentVersionChanged;
}

/**
 * Continues as new in the current worker version, and is pinned to that one. A plain `continueAsNew` stays on the old
 * version. Every handler must have finished before.
 */
export function goOnAsNew<F extends Workflow>(...args: Parameters<F>): Promise<never> {
  return makeContinueAsNewFunc<F>({ initialVersioningBehavior: 'AUTO_UPGRADE' })(...args);
}

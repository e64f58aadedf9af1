import type { Play } from './peer/messages.ts';

/** Events that an arrival and what led to it add to the history, besides its workflow task. */
const EVENTS = { start: 1, activity: 3, update: 2, signal: 1, timer: 2 } as const;

/** Events that no workflow task has made: what came from outside, and a task that begins. */
const ARRIVED =
  /(WORKFLOW_TASK_(SCHEDULED|STARTED|TIMED_OUT|FAILED)|EXECUTION_SIGNALED|ACTIVITY_TASK_(STARTED|COMPLETED)|TIMER_FIRED)$/;

/** Of an event of a history, what counts here: its type, as `historyToJSON` writes it. */
export type RecordedEvent = { eventType: string };

/** How many events and workflow tasks a history has. */
export type Size = { events: number; tasks: number };

export function sizeOf(events: readonly RecordedEvent[]): Size {
  return { events: events.length, tasks: count(events, 'WORKFLOW_TASK_COMPLETED') };
}

/**
 * The history up to the end of its last workflow task: what had come by then and was not yet seen, or a task that was
 * still open when it was fetched, is work to do and nothing to replay.
 */
export function closed<E extends RecordedEvent>(events: readonly E[]): E[] {
  const last = events.findLastIndex(({ eventType }) => eventType.endsWith('WORKFLOW_TASK_COMPLETED'));
  const rest = events.slice(last + 1);
  const handledNoMore = rest.findIndex(({ eventType }) => ARRIVED.test(eventType));
  return events.slice(0, handledNoMore < 0 ? events.length : last + 1 + handledNoMore);
}

/**
 * The plan by which a workflow with nothing in it makes a history of the same size: the same number of events and of
 * workflow tasks, woken by the same kinds of things as far as each woke a task of its own, the rest made up of markers of
 * local activities, no more than the history has, and of timers, which cost a replay least.
 * @throws RangeError where the history cannot be matched
 */
export function planFor(events: readonly RecordedEvent[]): Play {
  const { events: total, tasks } = sizeOf(events);
  const ends = /EXECUTION_(COMPLETED|CONTINUED_AS_NEW)$/.test(events.at(-1)?.eventType ?? '');
  const arrivals: Array<{ wake: 'activity' | 'update' | 'signal' | 'timer'; times: number }> = [
    { wake: 'activity', times: count(events, 'ACTIVITY_TASK_COMPLETED') },
    { wake: 'update', times: count(events, 'UPDATE_ACCEPTED') },
    { wake: 'signal', times: count(events, 'EXECUTION_SIGNALED') },
    { wake: 'timer', times: count(events, 'TIMER_FIRED') },
  ];
  let left = total - EVENTS.start - 3 * tasks - (ends ? 1 : 0);
  const wakes: Array<Play['steps'][number]['wake']> = ['start'];
  for (const { wake, times } of arrivals) {
    for (let time = 0; time < times && wakes.length < tasks; time += 1) {
      wakes.push(wake);
      left -= EVENTS[wake];
    }
  }
  if (wakes.length !== tasks || left < 0) throw new RangeError('This history cannot be matched by one without work');
  const locals = Math.min(left, count(events, 'MARKER_RECORDED'));
  left -= locals;
  // Pairs are started in one task and cancelled in the next, so the last task has none.
  const pairs = tasks > 1 ? Math.floor(left / 2) : 0;
  const open = left - 2 * pairs;
  const share = (all: number, among: number, index: number): number =>
    index >= among ? 0 : Math.floor(((index + 1) * all) / among) - Math.floor((index * all) / among);
  return {
    ends,
    steps: wakes.map((wake, index) => ({
      wake,
      locals: share(locals, tasks, index),
      timers: share(pairs, tasks - 1, index),
      open: index === 0 ? open : 0,
    })),
  };
}

/** How long the history is when the workflow has done all steps before `step` and waits for what wakes that one. */
export function eventsBefore({ steps }: Play, step: number): number {
  return steps.slice(0, step).reduce((sum, { wake, locals, timers, open }, index) => {
    const cancelled = steps[index - 1]?.timers ?? 0;
    return sum + 3 + EVENTS[wake] + locals + timers + cancelled + open;
  }, 0);
}

function count(events: readonly RecordedEvent[], suffix: string): number {
  return events.filter(({ eventType }) => eventType.endsWith(suffix)).length;
}

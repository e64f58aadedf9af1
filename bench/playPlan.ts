import type { Play } from './peer/messages.ts';

/** Of an event of a history, what counts here: its type, as `historyToJSON` writes it. */
export type RecordedEvent = { eventType: string };

/** How many events and workflow tasks a history has, without a task that was still open when it was fetched. */
export type Size = { events: number; tasks: number };

export function sizeOf(events: readonly RecordedEvent[]): Size {
  const closed = events.findLastIndex(({ eventType }) => !/WORKFLOW_TASK_(SCHEDULED|STARTED)$/.test(eventType)) + 1;
  return { events: closed, tasks: count(events, 'WORKFLOW_TASK_COMPLETED') };
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
  const arrivals: Array<{ wake: 'activity' | 'update' | 'signal' | 'timer'; times: number; events: number }> = [
    { wake: 'activity', times: count(events, 'ACTIVITY_TASK_COMPLETED'), events: 3 },
    { wake: 'update', times: count(events, 'UPDATE_ACCEPTED'), events: 2 },
    { wake: 'signal', times: count(events, 'EXECUTION_SIGNALED'), events: 1 },
    { wake: 'timer', times: count(events, 'TIMER_FIRED'), events: 2 },
  ];
  let left = total - 1 - 3 * tasks - (ends ? 1 : 0);
  const wakes: Array<Play['steps'][number]['wake']> = ['start'];
  for (const { wake, times, events: cost } of arrivals) {
    for (let time = 0; time < times && wakes.length < tasks; time += 1) {
      wakes.push(wake);
      left -= cost;
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

function count(events: readonly RecordedEvent[], suffix: string): number {
  return events.filter(({ eventType }) => eventType.endsWith(suffix)).length;
}

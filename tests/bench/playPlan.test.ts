import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { closed, eventsBefore, planFor, type RecordedEvent, sizeOf } from '../../bench/playPlan.ts';

const folder = new URL('../replay/histories/', import.meta.url);

describe('the plan of a history with nothing in it', () => {
  it.each(readdirSync(folder))('has the size of %s', (name) => {
    const { history } = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as {
      history: { events: RecordedEvent[] };
    };
    const whole = closed(history.events);
    const { events, tasks } = sizeOf(whole);
    const plan = planFor(whole);
    const { steps, ends } = plan;
    expect(steps).toHaveLength(tasks);
    expect(eventsBefore(plan, tasks) + (ends ? 1 : 0)).toBe(events);
    // A timer that is started in the last task could not be cancelled any more.
    expect(steps.at(-1)?.timers).toBe(0);
  });

  it('ends with the last workflow task: what came after it is nothing to replay', () => {
    const types = [
      'EXECUTION_STARTED',
      'TASK_SCHEDULED',
      'TASK_STARTED',
      'TASK_COMPLETED',
      'EXECUTION_SIGNALED',
      'TASK_SCHEDULED',
    ];
    const events = types.map((type) => ({ eventType: `EVENT_TYPE_WORKFLOW_${type}` }));
    expect(closed(events)).toEqual(events.slice(0, 4));
  });

  it('is refused where there is none', () => {
    const task = ['SCHEDULED', 'STARTED', 'COMPLETED'].map((what) => ({
      eventType: `EVENT_TYPE_WORKFLOW_TASK_${what}`,
    }));
    expect(() => planFor([{ eventType: 'EVENT_TYPE_WORKFLOW_EXECUTION_STARTED' }, ...task, ...task])).toThrow(
      RangeError,
    );
  });
});

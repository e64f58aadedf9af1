import {
  allHandlersFinished,
  condition,
  continueAsNew,
  defineSignal,
  defineUpdate,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
  sleep,
} from '@temporalio/workflow';
import { type PeerActivities, type SkeletonInput, skeletonMessages } from './messages.ts';

const { lookUp, ask } = proxyActivities<PeerActivities>({ startToCloseTimeout: '60s' });
const { record, suspensionOverlap } = proxyLocalActivities<PeerActivities>({ startToCloseTimeout: '20s' });

/** A deadline that is never reached. */
const FAR = '180 days';
const FOLLOW_UPS = 4;

/**
 * The reference journey with nothing in it: the same activities, local activities, updates, signals and timers in the
 * same order, step by step as in reference-journey.json, and not a line of ours.
 */
export async function skeleton(input: SkeletonInput): Promise<void> {
  const { subject, monthMs } = input;
  let seq = input.year?.seq ?? 0;
  let messages = 0;
  let decided = 0;
  const write = (events = 1, waitsForMonth?: number): Promise<void> => {
    seq += events;
    return record({ subject, seq, ...(waitsForMonth === undefined ? {} : { waitsForMonth }) });
  };
  setHandler(defineSignal(skeletonMessages.notified), () => {
    messages += 1;
  });
  setHandler(defineUpdate<void>(skeletonMessages.decided), async () => {
    decided += 1;
    await write();
  });
  const decisions = (count: number): Promise<boolean> => condition(() => decided >= count, FAR);
  const update = (count: number): Promise<void> => condition(() => messages >= count);

  if (input.year === undefined) {
    const screened = decisions(1);
    await Promise.all([write(), identify()]);
    await write();
    await screened;
    await Promise.all([ask(), ask(), ask()]);
    await write(3);
    const answers = [1, 2, 3, 4].map((count) => condition(() => messages >= count, FAR));
    await answers[0];
    await write();
    await answers[1];
    const renewal = condition(() => messages >= 10, FAR);
    await write();
    await answers[2];
    await write();
    await answers[3];
    await write();
    await ask();
    const issued = condition(() => messages >= 5, FAR);
    await write();
    await issued;
    const seated = condition(() => messages >= 6, FAR);
    await write();
    await seated;
    await write();
    for (const step of [7, 8, 9]) {
      await update(step);
      await write();
    }
    await Promise.all([update(10), renewal]);
    const arrivedAt = Date.now();
    const received = decisions(2);
    await write();
    await received;
    await decisions(3);
    await condition(allHandlersFinished);
    return continueAsNew<typeof skeleton>({ ...input, year: { seq, arrivedAt } });
  }
  await write(0);
  for (let month = 1; month <= FOLLOW_UPS; month += 1) {
    await sleep(Math.max(input.year.arrivedAt + month * monthMs - Date.now(), 1_000));
    await suspensionOverlap();
    const contact = decisions(month);
    await write(0, month);
    await contact;
  }
  await condition(allHandlersFinished);

  async function identify(): Promise<void> {
    let known = false;
    const waiting = condition(() => known, FAR);
    await lookUp();
    known = true;
    await waiting;
  }
}

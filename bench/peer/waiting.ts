import { condition, defineSignal, setHandler } from '@temporalio/workflow';
import { waitingMessages } from './messages.ts';

/** The least that can wait. */
export async function waiting(): Promise<void> {
  let gone = false;
  setHandler(defineSignal(waitingMessages.go), () => {
    gone = true;
  });
  await condition(() => gone);
}

import { condition } from '@temporalio/workflow';

/**
 * Where one activation of the workflow ends. The engine applies all jobs of an activation (signals, updates, results),
 * then runs what they released, until nothing moves any more. `atRest` is that moment: everything that the activation
 * set in motion has run. It counts what was released, never how often the engine looked.
 *
 * It knows of what waits through `when`, so no part of a subject waits through the engine's own `condition`.
 */
export class Activation {
  private released = 0;

  /** Resolves when `holds`: true. False where `timeout` (milliseconds of real time) passed before. */
  async when(holds: () => boolean, timeout?: number, summary?: string): Promise<boolean> {
    const counted = (): boolean => {
      if (!holds()) return false;
      this.released += 1;
      return true;
    };
    if (timeout !== undefined) return condition(counted, timeout, summary === undefined ? {} : { summary });
    await condition(counted);
    return true;
  }

  /** Resolves when nothing that was released has anything left to do without a new activation. */
  async atRest(): Promise<void> {
    for (let before = -1; before !== this.released; ) {
      before = this.released;
      await nextLook();
    }
  }
}

/**
 * Resolves when the engine next looks at conditions, which it does only after the queue of microtasks is empty. The
 * condition does not hold while it is made, because the engine asks it once at that moment too.
 */
async function nextLook(): Promise<void> {
  const look = { made: false };
  const looked = condition(() => look.made);
  look.made = true;
  await looked;
}

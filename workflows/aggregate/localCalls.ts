import type { Activation } from './activation.ts';

type Call = { order: string; start: () => Promise<void> };

type Activity = (input: unknown) => Promise<unknown>;

/** What goes before every other call while it is due. */
export type Due = { due: () => boolean; start: () => Promise<void> };

/**
 * The local activities of one workflow, one at a time, and the next is chosen when the activation is at rest. While a
 * workflow runs, the results of local activities come one by one; in a replay those of one task come together. With one
 * on its way there is one order, and what is recorded together is the same in both.
 */
export class LocalCalls {
  private readonly activation: Activation;
  private readonly first: Due;
  private readonly waiting: Call[] = [];
  private calling = false;

  constructor(activation: Activation, first: Due) {
    this.activation = activation;
    this.first = first;
  }

  get idle(): boolean {
    return !this.calling && this.waiting.length === 0 && !this.first.due();
  }

  /** @param order the order of calls that wait together: the lowest goes first, whichever came first */
  call<T>(order: string, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ order, start: () => work().then(resolve, reject) });
    });
  }

  /** The same activities, each call of which waits for its continuation. */
  inTurn<A extends { [Name in keyof A]: (input: never) => Promise<unknown> }>(activities: A): A {
    return new Proxy(activities, {
      get: (target, name): unknown => {
        const activity: unknown = Reflect.get<object, PropertyKey>(target, name);
        return (input: unknown) => this.call(String(name), () => (activity as Activity)(input));
      },
    });
  }

  /** Runs for as long as the workflow does. Rejects, and so fails the workflow task, only where recording fails. */
  async run(): Promise<never> {
    for (;;) {
      await this.activation.when(() => this.waiting.length > 0 || this.first.due());
      await this.activation.atRest();
      this.calling = true;
      await (this.first.due() ? this.first.start() : this.next()?.start());
      this.calling = false;
    }
  }

  private next(): Call | undefined {
    const [least] = this.waiting.toSorted((a, b) => (a.order < b.order ? -1 : 1));
    if (least) this.waiting.splice(this.waiting.indexOf(least), 1);
    return least;
  }
}

import { DAY, type Instant } from '../../domain/time.ts';

/** An answer that was given to a command. `at`: in real time; what the first form carried says no time. */
export type Given<Answer> = { commandId: string; answer: Answer; at?: Instant | undefined };

/** The key of a message that was handled. */
export type Seen = { key: string; at?: Instant | undefined };

/** How long, in real time, an answer and a key are kept. */
const KEPT = DAY;

/** Most of each that are kept, whatever their age: what is carried over continue-as-new must fit into one payload. */
const MOST = 4_000;

/**
 * What a workflow remembers of the outside world for a day, in a run and over continue-as-new: keys of messages, so that what
 * comes twice has one effect, and answers that it gave, so that the same command is answered the same.
 */
export class Memory<Answer> {
  private readonly answers = new Map<string, { answer: Answer; at: Instant }>();
  private readonly seen = new Map<string, Instant>();
  private readonly now: () => Instant;

  /** @param now real time */
  constructor(now: () => Instant, carried: { answers?: readonly Given<Answer>[]; seen?: readonly Seen[] } = {}) {
    this.now = now;
    for (const { commandId, answer, at } of carried.answers ?? [])
      this.answers.set(commandId, { answer, at: at ?? now() });
    for (const { key, at } of carried.seen ?? []) this.seen.set(key, at ?? now());
  }

  /** True the first time a key comes. */
  isNew(key: string): boolean {
    if (this.seen.has(key)) return false;
    this.seen.set(key, this.now());
    forget(this.seen, this.now() - KEPT, (at) => at);
    return true;
  }

  answerTo(commandId: string): Answer | undefined {
    return this.answers.get(commandId)?.answer;
  }

  /** The first answer to a command is its answer. */
  remember(commandId: string, answer: Answer): void {
    if (this.answers.has(commandId)) return;
    this.answers.set(commandId, { answer, at: this.now() });
    forget(this.answers, this.now() - KEPT, ({ at }) => at);
  }

  carried(): { answers: Given<Answer>[]; seen: Seen[] } {
    return {
      answers: [...this.answers].map(([commandId, { answer, at }]) => ({ commandId, answer, at })),
      seen: [...this.seen].map(([key, at]) => ({ key, at })),
    };
  }
}

/** Maps keep the order in which entries came: the oldest stand first. */
function forget<V>(entries: Map<string, V>, before: Instant, at: (value: V) => Instant): void {
  for (const [key, value] of entries) {
    if (at(value) >= before && entries.size <= MOST) return;
    entries.delete(key);
  }
}

/** Most messages that are kept at once. More is a partner's fault, and a person looks at it. */
const MOST_BUFFERED = 100;

/**
 * Messages that came before the request that they answer was known here. They are handled when it is on record, and
 * carried over continue-as-new. When it is full, what comes is left to the inbox, which keeps every message.
 */
export class MessageBuffer<Message> {
  private messages: Message[];

  constructor(carried: readonly Message[] = []) {
    this.messages = [...carried];
  }

  get full(): boolean {
    return this.messages.length >= MOST_BUFFERED;
  }

  add(message: Message): void {
    if (!this.full) this.messages.push(message);
  }

  /** Everything in it, in the order in which it came; it is empty afterwards. */
  takeAll(): Message[] {
    const taken = this.messages;
    this.messages = [];
    return taken;
  }

  carried(): Message[] {
    return [...this.messages];
  }
}

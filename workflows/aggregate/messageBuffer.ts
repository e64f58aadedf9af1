/** Most messages that are kept at once. More is a partner's fault, and a person looks at it. */
const MOST = 100;

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
    return this.messages.length >= MOST;
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

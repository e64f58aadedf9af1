/** An answer that was given to a command. */
export type Given<Answer> = { commandId: string; answer: Answer };

/**
 * What a workflow remembers of the inFlightDuring, in a run and over continue-as-new: keys that it has seen, so that what comes
 * twice has one effect, and answers that it gave, so that the same command is answered the same. The oldest goes first.
 */
export class Memory<Answer> {
  readonly answered: Given<Answer>[];
  readonly seen: string[];
  private readonly most: number;

  /** @param most how many of each are kept */
  constructor(most: number, carried: { answered?: Given<Answer>[]; seen?: string[] } = {}) {
    this.most = most;
    this.answered = carried.answered ?? [];
    this.seen = carried.seen ?? [];
  }

  /** True the first time a key is seen. */
  firstSeen(key: string): boolean {
    if (this.seen.includes(key)) return false;
    this.seen.push(key);
    if (this.seen.length > this.most) this.seen.shift();
    return true;
  }

  answerTo(commandId: string): Answer | undefined {
    return this.answered.find((given) => given.commandId === commandId)?.answer;
  }

  /** The first answer to a command is its answer. */
  remember(commandId: string, answer: Answer): void {
    if (this.answerTo(commandId) !== undefined) return;
    this.answered.push({ commandId, answer });
    if (this.answered.length > this.most) this.answered.shift();
  }
}

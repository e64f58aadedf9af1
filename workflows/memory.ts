/** An answer that was given to a command. */
export type Given<Answer> = { commandId: string; answer: Answer };

/**
 * What a workflow remembers of the outside, in a run and over continue-as-new: keys that it has heard, so that what comes
 * twice has one effect, and answers that it gave, so that the same command is answered the same. The oldest goes first.
 */
export class Memory<Answer> {
  readonly answered: Given<Answer>[];
  readonly heard: string[];
  private readonly most: number;

  /** @param most how many of each are kept */
  constructor(most: number, carried: { answered?: Given<Answer>[]; heard?: string[] } = {}) {
    this.most = most;
    this.answered = carried.answered ?? [];
    this.heard = carried.heard ?? [];
  }

  /** True the first time a key is heard. */
  hears(key: string): boolean {
    if (this.heard.includes(key)) return false;
    this.heard.push(key);
    if (this.heard.length > this.most) this.heard.shift();
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

/** What people at the terminal are told while it starts, each line with the seconds since the start. */
export interface Progress {
  say(line: string): void;
  /** Seconds since the start, one decimal. */
  elapsed(): string;
}

/** Begins to count now. @param write takes one whole line. */
export function startProgress(write: (line: string) => void): Progress {
  const began = performance.now();
  const elapsed = () => ((performance.now() - began) / 1_000).toFixed(1);
  return { elapsed, say: (line) => write(`${elapsed().padStart(7)} s  ${line}`) };
}

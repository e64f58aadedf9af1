import type { Logger } from 'pino';
import { codeOf } from '../application/background.ts';

/** Stack frames that are logged. The message is left out because it may quote personal data. */
const FRAMES = 6;

/** Why a process crashed: the class of the error and where it was thrown, without its message. */
export function fatalLog(log: Logger, error: unknown): void {
  if (error === undefined) return;
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  log.fatal({ error: codeOf(error), at: frames.slice(0, FRAMES).map((line) => line.trim()) }, 'ended by an error');
}

import type { Logger } from 'pino';
import { codeOf } from '../adapters/background/loop.ts';

/** Frames that are told of an error; its message may quote what somebody has sent. */
const FRAMES = 6;

/** Why a process ends that nobody has told to end: what was thrown and where, without its words. */
export function fatalLog(log: Logger, error: unknown): void {
  if (error === undefined) return;
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  log.fatal({ error: codeOf(error), at: frames.slice(0, FRAMES).map((line) => line.trim()) }, 'ended by an error');
}

import { parseArgs } from 'node:util';

/**
 * What `npm start` is asked for. `empty`: no drill begins or goes on, so that the system holds only what people enter.
 * `reset`: what is kept on this machine is removed first.
 */
export type StartOptions = { empty: boolean; reset: boolean };

const OFF = { type: 'boolean', default: false } as const;

/** @throws Error that names the option nobody knows and lists those there are */
export function readStartOptions(args: readonly string[]): StartOptions {
  try {
    const { empty, reset } = parseArgs({ args: [...args], options: { empty: OFF, reset: OFF } }).values;
    return { empty, reset };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(
      `${why}. npm start knows: -- --empty (start without the drill) and -- --reset (remove what is kept here first).`,
      { cause: error },
    );
  }
}

import { parseArgs } from 'node:util';

/** What `npm start` is asked for. `empty`: no drill begins or goes on, so that the system holds only what people enter. */
export type StartOptions = { empty: boolean };

/** @throws Error that names the option nobody knows and lists those there are */
export function readStartOptions(args: readonly string[]): StartOptions {
  try {
    const { values } = parseArgs({ args: [...args], options: { empty: { type: 'boolean', default: false } } });
    return { empty: values.empty };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`${why}. npm start knows: -- --empty (start without the drill).`, { cause: error });
  }
}

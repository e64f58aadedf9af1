/** Turns V8's counts of functions into files of the project, also where the code ran from a bundle. */
import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A function that ran: the script it stands in, and where in its text it begins. */
export type FunctionRun = { url: string; offset: number };

/** Finds the file of the project that a function comes from; undefined where it is none of the project. */
export type Locate = (run: FunctionRun) => string | undefined;

/**
 * Locates functions in the files below `root`. A script with an inline source map counts as the files it was made of.
 * @param read gives the text of a script
 */
export function locateIn(root: string, read: (path: string) => string = (path) => readFileSync(path, 'utf8')): Locate {
  const bundles = new Map<string, ReturnType<typeof bundleOf>>();
  return ({ url, offset }) => {
    if (!url.startsWith('file://')) return undefined;
    const path = fileURLToPath(url);
    if (!isBelow(root, path)) return undefined;
    if (!path.endsWith('.js')) return relative(root, path);
    if (!bundles.has(path)) bundles.set(path, bundleOf(read(path)));
    const source = bundles.get(path)?.(offset);
    return source !== undefined && isBelow(root, source) ? relative(root, source) : undefined;
  };
}

/** Looks up the source file of an offset; undefined where the text has no inline source map. */
function bundleOf(text: string): ((offset: number) => string | undefined) | undefined {
  const mark = /\/\/# sourceMappingURL=data:application\/json;[^,]*base64,([\w+/=]+)\s*$/.exec(text);
  if (mark?.[1] === undefined) return undefined;
  const map = new SourceMap(JSON.parse(Buffer.from(mark[1], 'base64').toString('utf8')));
  const starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  return (offset) => {
    const line = lastAtMost(starts, offset);
    const entry = map.findEntry(line, offset - (starts[line] ?? 0));
    // A line that the bundler itself wrote (a module's frame, getters of its exports) has no entry of its own.
    if (!('originalSource' in entry) || entry.generatedLine !== line) return undefined;
    const source: string | undefined = entry.originalSource;
    return source?.startsWith('file://') ? fileURLToPath(source) : source;
  };
}

function lastAtMost(starts: readonly number[], offset: number): number {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

function isBelow(root: string, path: string): boolean {
  return path.startsWith(`${root}/`) && !path.includes('/node_modules/');
}

import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';

/**
 * How what is sent is treated. `pass`: as a wire does. `hole`: nothing comes through in either direction and nobody is
 * told, until the link passes again; then what was held goes on, as after a partition.
 */
type LinkState = 'pass' | 'hole';

export type Link = {
  port: number;
  /** milliseconds that each piece takes, either way */
  latencyMs: number;
  set(state: LinkState): void;
  /** Cuts every connection that is open; new ones are made as before. */
  reset(): void;
  /** Which answers do not come, by the request that they answer; it has arrived and has been done all the same. */
  loseAnswerTo(rule: LosingRule): void;
  /** methods and paths of the HTTP requests that went through, in order */
  readonly requests: string[];
  /** answers that were lost */
  readonly lost: number;
  close(): Promise<void>;
};

/**
 * How the answer to a request is lost, if it is: the line breaks, or nothing is ever seen on it again.
 * @param nth how often this very request (method and path) has come, counted from 1
 */
export type LosingRule = (request: string, nth: number) => 'reset' | 'silence' | undefined;

type Pair = {
  near: Socket;
  far: Socket;
  silenced: boolean;
  losing: ReturnType<LosingRule>;
  held: Array<() => void>;
  late: Array<() => void>;
};

const REQUEST_LINE = /^(?:GET|POST|PUT|DELETE) \S+(?= HTTP\/1\.1\r\n)/;

/** A wire between two parties on this machine, that can be broken in the ways in which wires break. */
export async function openLink(to: { port: number }): Promise<Link> {
  const pairs = new Set<Pair>();
  const requests: string[] = [];
  let state: LinkState = 'pass';
  let rule: LosingRule = () => undefined;
  let lost = 0;
  let latencyMs = 0;

  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ host: '127.0.0.1', port: to.port, noDelay: true });
    const pair: Pair = { near, far, silenced: false, losing: undefined, held: [], late: [] };
    pairs.add(pair);
    near.on('data', (piece) => {
      const [line] = REQUEST_LINE.exec(piece.subarray(0, 2_048).toString('latin1')) ?? [];
      if (line !== undefined) {
        requests.push(line);
        pair.losing = rule(line, requests.filter((one) => one === line).length);
      }
      carry(pair, () => far.write(piece));
    });
    far.on('data', (piece) => {
      if (pair.losing !== undefined && !pair.silenced) {
        lost += 1;
        if (pair.losing === 'reset') return cut(pair);
        pair.silenced = true;
      }
      if (!pair.silenced) carry(pair, () => near.write(piece));
    });
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      // An end is held in a hole like everything else: who is cut off does not hear that the other one died.
      socket.on('end', () => carry(pair, () => other.end()));
      socket.on('error', () => carry(pair, () => cut(pair)));
      socket.on('close', () => carry(pair, () => (pairs.delete(pair), other.destroy())));
    }
  });

  function carry(pair: Pair, act: () => void): void {
    if (state === 'hole') pair.held.push(act);
    else if (latencyMs === 0 && pair.late.length === 0) act();
    else {
      pair.late.push(act);
      // Each timer lets the next in line go, so that nothing overtakes where the line becomes faster.
      setTimeout(() => pair.late.shift()?.(), latencyMs);
    }
  }

  function cut(pair: Pair): void {
    pairs.delete(pair);
    pair.near.resetAndDestroy();
    pair.far.destroy();
  }

  function cutAll(): void {
    for (const pair of pairs) cut(pair);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    get latencyMs() {
      return latencyMs;
    },
    set latencyMs(ms) {
      latencyMs = ms;
    },
    set(next) {
      state = next;
      if (next !== 'pass') return;
      for (const pair of pairs) for (const act of pair.held.splice(0)) act();
    },
    reset: cutAll,
    loseAnswerTo(next) {
      rule = next;
    },
    requests,
    get lost() {
      return lost;
    },
    async close() {
      cutAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

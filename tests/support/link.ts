import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';

/**
 * `pass` forwards bytes. `hole` holds them in both directions without an error, as a network partition does. When the
 * link passes again it forwards what it held.
 */
type LinkState = 'pass' | 'hole';

export type Link = {
  port: number;
  /** delay of each piece in milliseconds, in both directions */
  latencyMs: number;
  set(state: LinkState): void;
  /** Resets every open connection; new connections work. */
  reset(): void;
  /** Loses the responses to certain requests. The request itself has arrived and is done. */
  loseAnswerTo(rule: LosingRule): void;
  /** methods and paths of the HTTP requests that went through, in order */
  readonly requests: string[];
  /** number of lost responses */
  readonly lost: number;
  close(): Promise<void>;
};

/**
 * How the response to a request is lost: the connection is reset, or it stays open and silent.
 * @param nth number of this request (same method and path), from 1
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

/** A TCP proxy on this machine that can delay, hold, reset and lose traffic. */
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
      // A hole holds the end of a connection too: one side does not learn that the other one ended.
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
      // Each timer sends the oldest piece, so the order stays when the delay becomes shorter.
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

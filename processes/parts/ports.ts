import { connect, createServer } from 'node:net';

/** True when nothing listens on 127.0.0.1:`port`, found out by listening there for a moment. */
export function portIsFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ host: '127.0.0.1', port, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/**
 * True when something takes connections on 127.0.0.1:`port`. Found out by connecting: to listen there, as `portIsFree`
 * does, would take the port away from a program that is just being started on it.
 */
export function somebodyListens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ host: '127.0.0.1', port });
    probe.once('connect', () => probe.end(() => resolve(true)));
    probe.once('error', () => resolve(false));
  });
}

/** A port of 127.0.0.1 that was free a moment ago, chosen by the system. */
export function anyFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen({ host: '127.0.0.1', port: 0, exclusive: true }, () => {
      const address = probe.address();
      probe.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('The system gave no port'));
        else resolve(address.port);
      });
    });
  });
}

/** A fixed port is taken by somebody else; the sentence says what to do. */
export class PortBusy extends Error {
  constructor(port: number, what: string, setting: string) {
    super(
      `Port ${port} for ${what} is in use by another program: stop that program, or set ${setting} to a free port, and start again.`,
    );
    this.name = 'PortBusy';
  }
}

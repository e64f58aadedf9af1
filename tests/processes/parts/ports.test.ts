import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { anyFreePort, somebodyListens } from '../../../processes/parts/ports.ts';

describe('asking whether somebody listens', () => {
  it('never takes the port away from a program that is just being started on it', async () => {
    const port = await anyFreePort();
    for (let round = 0; round < 200; round += 1) {
      const asking = Array.from({ length: 5 }, () => somebodyListens(port));
      const server = createServer((socket) => socket.end());
      const listening = new Promise<void>((resolve, reject) => {
        server.once('error', reject).listen({ host: '127.0.0.1', port, exclusive: true }, resolve);
      });
      await Promise.all([listening, ...asking]);
      expect(await somebodyListens(port)).toBe(true);
      await new Promise((resolve) => server.close(resolve));
      expect(await somebodyListens(port)).toBe(false);
    }
  });
});

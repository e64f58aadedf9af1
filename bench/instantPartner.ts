import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A partner of the protocol that takes every request at once; the registry knows everybody. */
export type InstantPartner = { url: string; stop(): Promise<void> };

export async function openInstantPartner(): Promise<InstantPartner> {
  let taken = 0;
  const answer = (response: ServerResponse, status: number, body: object): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  const server = createServer((request, response) => {
    request.resume().once('end', () => {
      taken += 1;
      if (request.method !== 'POST') answer(response, 404, { code: 'not_known' });
      else if (request.url?.startsWith('/registry'))
        answer(response, 200, { reference: `R-${taken}`, acknowledged: true, answer: { outcome: 'match' } });
      else answer(response, 202, { reference: `R-${taken}`, acknowledged: false });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}

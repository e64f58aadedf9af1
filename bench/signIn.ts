import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { Role } from '../domain/actor.ts';
import { AUDIENCE, TOKEN_TYPE } from '../sandbox/issuer/issuer.ts';

/** An issuer with as many members of staff as a bench needs: the system limits the requests of each, as it should. */
export type SignIn = {
  issuer: string;
  audience: string;
  tokenType: string;
  /** An access token of the `number`th holder of the role, good for an hour; made once. */
  token(role: Role, number?: number): Promise<string>;
  stop(): Promise<void>;
};

export async function openSignIn(): Promise<SignIn> {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const keys = [{ ...(await exportJWK(publicKey)), kid: 'bench', alg: 'RS256', use: 'sig' }];
  const server = createServer((request, response) => {
    const issuer = address();
    const known = request.url?.endsWith('openid-configuration')
      ? { issuer, jwks_uri: `${issuer}/jwks` }
      : request.url === '/jwks'
        ? { keys }
        : undefined;
    response.writeHead(known ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(known ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const issuer = address();
  const made = new Map<string, Promise<string>>();
  const sign = (role: Role, subject: string): Promise<string> =>
    new SignJWT({ roles: [{ role, operation: '*' }] })
      .setProtectedHeader({ alg: 'RS256', kid: 'bench', typ: TOKEN_TYPE })
      .setIssuer(issuer)
      .setAudience(AUDIENCE)
      .setSubject(subject)
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(privateKey);
  return {
    issuer,
    audience: AUDIENCE,
    tokenType: TOKEN_TYPE,
    token: (role, number = 1) => {
      const subject = `${role}_${number}`;
      const token = made.get(subject) ?? sign(role, subject);
      made.set(subject, token);
      return token;
    },
    stop: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Adapter, type ClientMetadata, type Configuration, Provider, type UnknownObject } from 'oidc-provider';
import { isId } from '../../domain/ids.ts';
import { issuerStateFor } from './issuerState.ts';
import { PARTNER_CLIENT, STAND_INS, type StandIn } from './people.ts';

/** Audience of the access tokens. */
export const AUDIENCE = 'homeward';
/** Header `typ` of the access tokens (RFC 9068). */
export const TOKEN_TYPE = 'at+jwt';
/** The resource whose tokens these are; every request is for it, so that nobody has to name it. */
const RESOURCE = 'urn:homeward:api';
/** A shift. */
const TOKEN_SECONDS = 8 * 3600;

export type IssuerUser = StandIn & { clientId: string; clientSecret: string };

export type RunningIssuer = {
  /** `iss` of the tokens, `http://127.0.0.1:<port>` */
  issuer: string;
  audience: typeof AUDIENCE;
  tokenEndpoint: string;
  users: IssuerUser[];
  /** how organisations get a token: with this and `partner=par_…` */
  partnerClient: { clientId: string; clientSecret: string };
  stop(): Promise<void>;
};

/**
 * A real OpenID issuer for one machine: stand-in staff, one for each role, each a client of the grant
 * `client_credentials`, so that one curl command gets a token:
 *
 *     curl -s -u case_worker:SECRET -d grant_type=client_credentials http://127.0.0.1:8089/token
 *
 * Listens on 127.0.0.1 alone. Keys and secrets stay in `dataDir`, so a restart on the same port keeps tokens good.
 * @param port 0 takes a free one; then `iss` is another after a restart
 * @param tokenSeconds how long a token counts
 */
export async function startIssuer(options: {
  port: number;
  dataDir: string;
  tokenSeconds?: number;
}): Promise<RunningIssuer> {
  const issuerState = await issuerStateFor(options.dataDir, [...STAND_INS.map(({ id }) => id), PARTNER_CLIENT]);
  const secretOf = (id: string): string => {
    const secret = issuerState.secrets[id];
    if (secret === undefined) throw new Error(`No secret for ${id}`);
    return secret;
  };
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', resolve);
  });
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const clients = [...STAND_INS.map(({ id }) => id), PARTNER_CLIENT].map((id) => machineClient(id, secretOf(id)));
  const provider = new Provider(issuer, {
    clients,
    adapter: storeNothing,
    jwks: { keys: issuerState.keys },
    cookies: { keys: issuerState.cookieKeys },
    routes: { token: '/token', jwks: '/jwks' },
    scopes: [],
    ttl: { ClientCredentials: options.tokenSeconds ?? TOKEN_SECONDS },
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => RESOURCE,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: '',
          audience: AUDIENCE,
          accessTokenFormat: 'jwt',
          accessTokenTTL: options.tokenSeconds ?? TOKEN_SECONDS,
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
    extraTokenClaims: (context, token) => tokenClaimsOf(token.clientId, context.oidc.body),
  } satisfies Configuration);
  const answer = provider.callback();
  server.on('request', (request, response) => void answer(request, response));

  return {
    issuer,
    audience: AUDIENCE,
    tokenEndpoint: `${issuer}/token`,
    users: STAND_INS.map((person) => ({ ...person, clientId: person.id, clientSecret: secretOf(person.id) })),
    partnerClient: { clientId: PARTNER_CLIENT, clientSecret: secretOf(PARTNER_CLIENT) },
    stop: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}

/** Tokens carry all there is to know, clients stand in the configuration: nothing needs to be stored. */
function storeNothing(): Adapter {
  return {
    upsert: async () => {},
    find: async () => undefined,
    findByUserCode: async () => undefined,
    findByUid: async () => undefined,
    consume: async () => {},
    destroy: async () => {},
    revokeByGrantId: async () => {},
  };
}

function machineClient(id: string, secret: string): ClientMetadata {
  return {
    client_id: id,
    client_secret: secret,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    token_endpoint_auth_method: 'client_secret_basic',
  };
}

/** The claims beside `sub`: the roles, for staff in every operation; for an organisation also which one it is. */
function tokenClaimsOf(clientId: string | undefined, form: UnknownObject | undefined): UnknownObject {
  if (clientId === PARTNER_CLIENT) {
    const partner = form?.partner;
    // Without an id it is nobody's token; the API gives it nothing.
    return typeof partner === 'string' && isId('partner', partner)
      ? { roles: [{ role: 'partner', operation: '*' }], partner }
      : { roles: [] };
  }
  const person = STAND_INS.find(({ id }) => id === clientId);
  return { roles: person ? [{ role: person.role, operation: '*' }] : [] };
}

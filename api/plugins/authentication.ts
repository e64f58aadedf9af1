import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';
import { LruMap } from 'toad-cache';
import { z } from 'zod';
import type { Grant, Principal } from '../../domain/access.ts';
import { ROLES } from '../../domain/actor.ts';
import { idPattern } from '../../domain/ids.ts';
import { Problem } from '../problems.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** null on routes marked `config: { open: true }` */
    principal: Principal | null;
  }
  interface FastifyContextConfig {
    /** answered without a token: health, description, callbacks (which carry a signature instead) */
    open?: boolean;
  }
}

export type AuthenticationOptions = {
  /** exactly the `iss` of the tokens; https, or http on loopback */
  issuer: string;
  audience: string;
  /** default: the asymmetric ones; a shared-secret algorithm or `none` is never accepted */
  algorithms?: readonly Algorithm[];
  /** the `typ` of the token's header, where the issuer sets one (`at+jwt`, RFC 9068) */
  tokenType?: string | undefined;
  /** where the issuer's keys are; default: as its discovery document says */
  jwksUri?: string;
};

const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA', 'Ed25519'] as const;
type Algorithm = (typeof ALGORITHMS)[number];

/** Clocks of issuer and API may differ by this much, in seconds. */
const CLOCK_TOLERANCE_S = 5;
const ISSUER_TIMEOUT_MS = 5_000;
/**
 * What was found good is good for a minute, or until it ends: to verify a signature takes as long as everything else that
 * is done for a request. The issuer's keys are kept for longer than that anyway.
 */
const GOOD_FOR_MS = 60_000;
const MOST_KEPT = 1_000;
/** A bearer token longer than this is not looked at. */
const LONGEST_TOKEN = 16_384;

/** Checks the bearer token of every request, also of unknown addresses, and sets `request.principal`. */
export const authentication = fp<AuthenticationOptions>(
  async (app, options) => {
    const algorithms = [...(options.algorithms ?? ALGORITHMS)];
    if (algorithms.some((name) => !ALGORITHMS.includes(name)))
      throw new Error('Only asymmetric algorithms may sign tokens');
    const keys = issuerKeys(options);
    const good = new LruMap<JWTPayload>(MOST_KEPT, GOOD_FOR_MS);

    app.decorateRequest('principal', null);
    app.addHook('onRequest', async (request) => {
      if (request.routeOptions.config.open) return;
      request.principal = principalOf(await verified(request));
    });

    async function verified(request: FastifyRequest): Promise<JWTPayload> {
      const token = bearerToken(request);
      const known = good.get(token);
      if (known?.exp !== undefined && known.exp > Date.now() / 1_000) return known;
      try {
        const { payload } = await jwtVerify(token, await keys(), {
          issuer: options.issuer,
          audience: options.audience,
          algorithms,
          clockTolerance: CLOCK_TOLERANCE_S,
          requiredClaims: ['exp', 'iat', 'sub'],
          ...(options.tokenType && { typ: options.tokenType }),
        });
        good.set(token, payload);
        return payload;
      } catch (error) {
        throw tokenProblem(error);
      }
    }
  },
  { name: 'authentication', fastify: '5.x' },
);

/** The principal of a request behind the plugin. @throws Problem not_signed_in on an open route without a token */
export function principalOfRequest(request: FastifyRequest): Principal {
  if (!request.principal) throw challenge('not_signed_in');
  return request.principal;
}

function bearerToken(request: FastifyRequest): string {
  const header = request.headers.authorization;
  if (header === undefined) throw challenge('not_signed_in');
  const token = /^Bearer +([\w.~+/-]+=*)$/i.exec(header)?.[1];
  if (token === undefined || token.length > LONGEST_TOKEN)
    throw challenge('token_refused', 'The header Authorization holds no bearer token.');
  return token;
}

/**
 * The issuer's keys, found at the first token and kept: jose fetches them again for a key id it does not know (at most
 * every 30 s) and after ten minutes. A failed discovery is not kept.
 */
function issuerKeys({ issuer, jwksUri }: AuthenticationOptions): () => Promise<ReturnType<typeof createRemoteJWKSet>> {
  const base = new URL(issuer);
  if (!isFetchable(base)) throw new Error(`The issuer must be https, or http on loopback: ${base.origin}`);
  let found: ReturnType<typeof createRemoteJWKSet> | undefined;
  return async () => {
    found ??= createRemoteJWKSet(jwksUri ? new URL(jwksUri) : await discoverKeys(issuer), {
      timeoutDuration: ISSUER_TIMEOUT_MS,
    });
    return found;
  };
}

const Discovery = z.object({ issuer: z.string(), jwks_uri: z.url() });

async function discoverKeys(issuer: string): Promise<URL> {
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const answer = await fetch(address, { redirect: 'error', signal: AbortSignal.timeout(ISSUER_TIMEOUT_MS) });
  if (!answer.ok) throw new Error(`The issuer's discovery document answered ${answer.status}`);
  const document = Discovery.parse(await answer.json());
  const keysAt = new URL(document.jwks_uri);
  // OpenID Connect Discovery 4.3: a document that names another issuer is not that issuer's.
  if (document.issuer !== issuer || !isFetchable(keysAt))
    throw new Error('The discovery document is not of this issuer');
  return keysAt;
}

function isFetchable(url: URL): boolean {
  const loopback = ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  return url.protocol === 'https:' || (url.protocol === 'http:' && loopback);
}

/** What jose throws about the token itself; everything else is about reaching the issuer. */
function tokenProblem(error: unknown): Problem {
  if (error instanceof errors.JWTExpired) return challenge('token_refused', 'The token has expired.');
  if (error instanceof errors.JWTClaimValidationFailed) return challenge('token_refused', claimDetail(error.claim));
  if (error instanceof errors.JOSEAlgNotAllowed)
    return challenge('token_refused', 'The token is signed with an algorithm that is not accepted.');
  const aboutToken =
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JOSENotSupported ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys;
  if (aboutToken) return challenge('token_refused', 'The token is not one of this issuer.');
  return new Problem('sign_in_unavailable', { cause: error, retryAfter: 5 });
}

function claimDetail(claim: string): string {
  const known: Record<string, string> = {
    iss: 'The token is of another issuer.',
    aud: 'The token is for another audience.',
    typ: 'The token is not an access token.',
    nbf: 'The token is not valid yet.',
  };
  return known[claim] ?? 'A claim that every token needs is missing or not valid.';
}

/** RFC 6750: a request without a token is told only the scheme, one with a bad token also why. */
function challenge(code: 'not_signed_in' | 'token_refused', detail?: string): Problem {
  const why =
    code === 'token_refused' ? `, error="invalid_token", error_description="${detail ?? 'not accepted'}"` : '';
  return new Problem(code, {
    ...(detail && { detail }),
    headers: { 'www-authenticate': `Bearer realm="homeward"${why}` },
  });
}

const TokenClaims = z.object({
  sub: z.string().min(1).max(200),
  roles: z
    .array(
      z.object({ role: z.string(), operation: z.union([z.literal('*'), z.string().regex(idPattern('operation'))]) }),
    )
    .default([]),
  partner: z.string().regex(idPattern('partner')).optional(),
});

/**
 * Reads `sub`, `roles` and `partner`. Roles this system does not know give nothing; claims of another shape refuse the
 * token. A partner's token carries no staff role and names the partner, else it gives nothing either.
 */
function principalOf(payload: JWTPayload): Principal {
  const claims = TokenClaims.safeParse(payload);
  if (!claims.success)
    throw challenge('token_refused', 'The claims sub, roles or partner are not of the agreed shape.');
  const { sub, roles, partner } = claims.data;
  const grants = roles.filter(
    (grant): grant is Grant => grant.role === 'partner' || ROLES.some((role) => role === grant.role),
  );
  if (partner !== undefined)
    return { sub, roles: grants.filter((grant) => grant.role === 'partner'), partnerId: partner };
  return { sub, roles: grants.filter((grant) => grant.role !== 'partner') };
}

import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { ACCESS, type Action, type Decision, decide, rolesIn } from '../../domain/access.ts';
import type { Role } from '../../domain/actor.ts';
import { type IdKind, isId } from '../../domain/ids.ts';
import { Problem } from '../problems.ts';
import { principalOfRequest } from './authentication.ts';

/** Things that an address names by `{id}` and that belong to an operation. */
export const OWNED = ['operation', 'person', 'household', 'movement', 'import', 'pair', 'alarm'] as const;
export type Owned = (typeof OWNED)[number];

/** Where the thing in the address stands: its operation, and for a person the journey there. */
export type Place = { operationId: string; journeyId?: string };

/** What the caller may do it as, in the operation that the address leads to. */
export type Scope = Place & { roles: Role[] };

declare module 'fastify' {
  interface FastifyContextConfig {
    /** the row of domain/access.ts that this route obeys */
    access?: Action;
    /** what `{id}` in the address names; needed where the row reaches into one operation */
    names?: IdKind;
  }
  interface FastifyRequest {
    scope: Scope | null;
  }
}

export type AccessOptions = {
  /** every place where the thing stands, the present one first (a person may have been in several operations) */
  placesOf(kind: Owned, id: string): Promise<Place[]>;
};

/** Applies domain/access.ts to every route. A route without a row stops the start; so does one whose row needs an operation and whose address names none. */
export const access = fp<AccessOptions>(
  async (app, { placesOf }) => {
    app.decorateRequest('scope', null);

    app.addHook('onRoute', (route) => {
      const { access: action, names, open } = route.config ?? {};
      if (action === undefined || !Object.hasOwn(ACCESS, action)) {
        throw new Error(`The route ${String(route.method)} ${route.url} has no row in domain/access.ts`);
      }
      const { reach } = ACCESS[action];
      if ((reach === 'public') !== (open === true)) {
        throw new Error(`The route ${String(route.method)} ${route.url} must be open exactly if its row is public`);
      }
      if (reach === 'operation' && !isOwned(names)) {
        throw new Error(
          `The route ${String(route.method)} ${route.url} must say what belongs to the operation it asks for`,
        );
      }
      // Before a byte of the body is read, and after the rate limit, which is a hook of the route as well.
      // (A HEAD route is made of its GET route and has it already.)
      const hooks = [route.onRequest ?? []].flat();
      if (reach !== 'public' && !hooks.includes(check)) route.onRequest = [...hooks, check];
    });

    async function check(request: FastifyRequest): Promise<void> {
      const { access: action, names } = request.routeOptions.config;
      if (action === undefined) throw new Problem('not_found');
      const principal = principalOfRequest(request);
      const id = names === undefined ? undefined : idIn(request, names);
      if (ACCESS[action].reach !== 'operation' || id === undefined || !isOwned(names)) {
        answerFor(decide(principal, action));
        return;
      }
      const places = await placesOf(names, id);
      const verdicts = places.map((place) => ({ place, verdict: decide(principal, action, place.operationId) }));
      const best =
        verdicts.find(({ verdict }) => verdict === 'allowed') ??
        verdicts.find(({ verdict }) => verdict === 'forbidden') ??
        verdicts[0];
      answerFor(best?.verdict ?? 'hidden');
      if (best) request.scope = { ...best.place, roles: rolesIn(principal, best.place.operationId) };
    }
  },
  { name: 'access', fastify: '5.x', dependencies: ['authentication'] },
);

/** The scope of a route whose row reaches into one operation. */
export function scopeOf(request: FastifyRequest): Scope {
  if (!request.scope) throw new Error('This route has no scope: its row does not reach into an operation');
  return request.scope;
}

/** The journey of a route that names a person. */
export function journeyOf(request: FastifyRequest): Scope & { journeyId: string } {
  const scope = scopeOf(request);
  if (scope.journeyId === undefined) throw new Problem('not_found');
  return { ...scope, journeyId: scope.journeyId };
}

/** For what the body names: asked as the table says, with the same answers as for an address. */
export function demand(request: FastifyRequest, action: Action, operationId?: string): void {
  answerFor(decide(principalOfRequest(request), action, operationId));
}

function answerFor(decision: Decision): void {
  if (decision === 'hidden') throw new Problem('not_found');
  if (decision === 'forbidden') throw new Problem('not_allowed');
}

/** The id in the address. What is no id of its kind names nothing, and is never looked up. */
function idIn(request: FastifyRequest, kind: IdKind): string {
  const { id } = request.params as { id?: string };
  if (id === undefined || !isId(kind, id)) throw new Problem('not_found');
  return id;
}

function isOwned(kind: string | undefined): kind is Owned {
  return OWNED.some((owned) => owned === kind);
}

import fastify, { type FastifyInstance, LogController } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { v7 } from 'uuid';
import type { CallbackPorts } from '../application/requests/processInbox.ts';
import { commandRoutes } from './commands.ts';
import { access, type Owned, type Place } from './plugins/access.ts';
import { type AuthenticationOptions, authentication } from './plugins/authentication.ts';
import { documentation } from './plugins/documentation.ts';
import { idempotency } from './plugins/idempotency.ts';
import { answerClientError, answerNotFound, answerProblem, problems } from './plugins/problems.ts';
import { shielding } from './plugins/shielding.ts';
import { metrics, requestLog } from './plugins/telemetry.ts';
import type { ApiPorts } from './ports.ts';
import { alarmRoutes } from './routes/alarms.ts';
import { callbacks } from './routes/callbacks.ts';
import { duplicateRoutes } from './routes/duplicates.ts';
import { endpointRoutes } from './routes/endpoints.ts';
import { eventRoutes } from './routes/events.ts';
import { registrationRoutes } from './routes/households.ts';
import { importRoutes, importUploadRoutes } from './routes/imports.ts';
import { meRoutes } from './routes/me.ts';
import { movementRoutes } from './routes/movements.ts';
import { operationSettingRoutes } from './routes/operationSettings.ts';
import { operationRoutes } from './routes/operations.ts';
import { partnerRoutes } from './routes/partners.ts';
import { peopleRoutes } from './routes/people.ts';
import { personRoutes } from './routes/person.ts';
import { storyRoutes } from './routes/personStory.ts';
import { plainRoutes } from './routes/plain.ts';
import { planRoutes } from './routes/plans.ts';
import { reopenRoutes } from './routes/reopen.ts';
import { scanRoutes } from './routes/scans.ts';
import { situationRoutes } from './routes/situation.ts';
import { taskRoutes } from './routes/tasks.ts';

export type AppOptions = {
  ports: ApiPorts;
  callbacks: CallbackPorts;
  authentication: AuthenticationOptions;
  /** addresses and networks of the proxies before it, whose word for a caller's address counts; nobody's by default */
  trustedProxies?: readonly string[];
  /** requests a minute of one principal */
  perMinute?: number;
  maxEventLoopDelayMs?: number;
};

const SECOND = 1_000;
/** Of a JSON body. A list has a limit of its own. */
const LARGEST_BODY = 1024 * 1024;

/** The API, ready to listen or to be injected into. Nothing in it reads a setting or opens a connection. */
export async function buildApp({
  ports,
  callbacks: callbackPorts,
  authentication: issuer,
  trustedProxies = [],
  perMinute = 3_000,
  maxEventLoopDelayMs = 1_000,
}: AppOptions): Promise<FastifyInstance> {
  const app = fastify({
    loggerInstance: ports.log,
    // One wide line of our own instead: Fastify's would hold addresses and addresses of callers.
    logController: new LogController({ disableRequestLogging: true }),
    // Ours alone: what a caller sends could be anything, and stands in every log line.
    requestIdHeader: false,
    trustProxy: trustedProxies.length > 0 && [...trustedProxies],
    genReqId: () => `req_${v7()}`,
    bodyLimit: LARGEST_BODY,
    requestTimeout: 120 * SECOND,
    connectionTimeout: 130 * SECOND,
    keepAliveTimeout: 72 * SECOND,
    handlerTimeout: 60 * SECOND,
    routerOptions: { maxParamLength: 100 },
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    frameworkErrors: answerProblem,
    clientErrorHandler: answerClientError,
    return503OnClosing: true,
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);

  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
  // The page to try the API comes from a package that knows nothing of our table.
  app.addHook('onRoute', (route) => {
    if (route.url.startsWith('/docs')) route.config = { ...route.config, access: 'public.read', open: true };
  });
  await app.register(problems);
  await app.register(authentication, issuer);
  const { situation, alarms, loops, operations, zones, clock, engine } = ports;
  await app.register(metrics, { situation, alarms, loops, operations, zones, clock, engine });
  await app.register(shielding, { perMinute, maxEventLoopDelayMs, databaseAnswers: () => ports.situation.answers() });
  await app.register(access, { placesOf: (kind, id) => placesOf(ports, kind, id) });
  await app.register(requestLog);
  await app.register(idempotency, { keys: ports.keys });
  await app.register(documentation);
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, answerNotFound);

  await app.register(plainRoutes(ports));
  await app.register(callbacks, { ports: callbackPorts });
  await app.register(
    async (v1) => {
      await v1.register(meRoutes);
      for (const routes of [
        planRoutes,
        operationRoutes,
        operationSettingRoutes,
        situationRoutes,
        registrationRoutes,
        importRoutes,
        importUploadRoutes,
        peopleRoutes,
        personRoutes,
        reopenRoutes,
        storyRoutes,
        commandRoutes,
        duplicateRoutes,
        taskRoutes,
        alarmRoutes,
        movementRoutes,
        scanRoutes,
        partnerRoutes,
        endpointRoutes,
        eventRoutes,
      ]) {
        await v1.register(routes(ports));
      }
    },
    { prefix: '/v1' },
  );
  return app;
}

async function placesOf(ports: ApiPorts, kind: Owned, id: string): Promise<Place[]> {
  switch (kind) {
    case 'operation':
      return (await ports.operations.exists(id)) ? [{ operationId: id }] : [];
    case 'person':
      return ports.people.placesOf(id);
    case 'household':
      return placed(await ports.households.operationOf(id));
    case 'movement':
      return placed(await ports.movements.operationOf(id));
    case 'import':
      return placed(await ports.imports.operationOf(id));
    case 'alarm':
      return placed(await ports.alarms.operationOf(id));
    case 'pair':
      return (await ports.duplicates.operationsOf(id)).map((operationId) => ({ operationId }));
  }
}

function placed(operationId: string | undefined): Place[] {
  return operationId === undefined ? [] : [{ operationId }];
}

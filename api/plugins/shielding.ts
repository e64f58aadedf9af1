import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import underPressure from '@fastify/under-pressure';
import fp from 'fastify-plugin';
import { Problem } from '../problems.ts';

export type ShieldingOptions = {
  /** requests a minute of one principal; of one address where nobody has signed in */
  perMinute: number;
  /** 0 switches it off: for tests */
  maxEventLoopDelayMs: number;
  databaseAnswers: () => Promise<boolean>;
};

const DATABASE_LOOKED_AT_EVERY_MS = 5_000;
/** So long, and so many bytes, is read and thrown away what somebody goes on sending who has been refused. */
const LINGER_MS = 2_000;
const LINGER_BYTES = 4 * 1024 * 1024;

/** Headers, a limit by principal, and shedding of load before the process drowns. Temporal being away sheds nothing: reading and registration go on. */
export const shielding = fp<ShieldingOptions>(
  async (app, { perMinute, maxEventLoopDelayMs, databaseAnswers }) => {
    await app.register(helmet, {
      // The page to try the API brings its own scripts and styles; nothing comes from anywhere else.
      contentSecurityPolicy: {
        directives: {
          defaultSrc: ["'none'"],
          baseUri: ["'none'"],
          formAction: ["'none'"],
          frameAncestors: ["'none'"],
          connectSrc: ["'self'"],
          imgSrc: ["'self'", 'data:'],
          scriptSrc: ["'self'"],
          styleSrc: ["'self'"],
          fontSrc: ["'self'", 'data:'],
          upgradeInsecureRequests: null,
        },
      },
      strictTransportSecurity: { maxAge: 31_536_000 },
      referrerPolicy: { policy: 'no-referrer' },
      crossOriginEmbedderPolicy: true,
    });
    // A connection that is closed while its caller still sends takes the answer along: he would see it broken, and try again.
    app.addHook('onSend', async ({ raw }, reply) => {
      const { socket, statusCode } = reply.raw;
      if (raw.complete || socket === null || statusCode < 400) return;
      reply.removeHeader('connection');
      reply.raw.shouldKeepAlive = true;
      let left = LINGER_BYTES;
      raw.on('data', (piece: Buffer) => {
        left -= piece.byteLength;
        if (left < 0) raw.pause();
      });
      setTimeout(() => {
        if (!raw.complete) socket.destroy();
      }, LINGER_MS).unref();
    });
    await app.register(rateLimit, {
      global: true,
      max: perMinute,
      timeWindow: '1 minute',
      // a hook of the route, so it comes after the token was checked, which is one of the app
      hook: 'onRequest',
      keyGenerator: (request) => request.principal?.sub ?? request.ip,
      allowList: (request) => request.routeOptions.url === '/livez' || request.routeOptions.url === '/readyz',
      enableDraftSpec: true,
      errorResponseBuilder: (_request, { ttl }) => new Problem('too_many_requests', { retryAfter: ttl / 1_000 }),
    });
    await app.register(underPressure, {
      maxEventLoopDelay: maxEventLoopDelayMs,
      healthCheckInterval: DATABASE_LOOKED_AT_EVERY_MS,
      healthCheck: databaseAnswers,
      pressureHandler: (request, _reply, type) => {
        // Health is asked exactly then; and who is told that the database is away is told it by the query.
        const { url } = request.routeOptions;
        if (type === 'healthCheck' || url === '/livez' || url === '/readyz' || url === '/metrics') return;
        throw new Problem('busy', { retryAfter: 5 });
      },
    });
  },
  { name: 'shielding', fastify: '5.x', dependencies: ['authentication'] },
);

import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import fp from 'fastify-plugin';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { EVENTS } from '../../domain/outboxEvents.ts';
import { PROBLEMS } from '../problems.ts';
import { type Document, shareRepeats } from './sharedParts.ts';

const PROBLEM = 'Problem';
/** Answers that every route behind a token may give, by status. */
const COMMON = [400, 401, 403, 404, 409, 429, 503];

/** OpenAPI 3.1, made from the routes themselves, with the events for partners as `webhooks`; at /docs a page to try it. */
export const documentation = fp(
  async (app) => {
    await app.register(swagger, {
      openapi: {
        openapi: '3.1.0',
        info: {
          title: 'Homeward',
          version: '1',
          description:
            'Evacuation and return operations. Times are ISO 8601; operation time unless said otherwise. Every POST needs an Idempotency-Key; errors are problem+json (RFC 9457). Personal data is never part of an address.',
        },
        servers: [{ url: '/', description: 'this system' }],
        tags: [
          { name: 'me', description: 'Who you are' },
          { name: 'plans', description: 'Preparedness plans' },
          { name: 'operations', description: 'Operations, their rules, sectors, clock and situation' },
          { name: 'registration', description: 'Taking people in: one household, or a list' },
          { name: 'people', description: 'People, their history and now, and decisions about them' },
          { name: 'duplicates', description: 'Duplicate candidates, and the decisions about them' },
          { name: 'tasks', description: 'Decisions that wait for a person' },
          { name: 'movements', description: 'Flights, ships, buses and convoys' },
          { name: 'partners', description: 'StandInPartners, carriers and agencies' },
          { name: 'webhooks', description: 'Addresses that receive events' },
          { name: 'events', description: 'Events in order' },
          { name: 'callbacks', description: 'What partners answer' },
          { name: 'health', description: 'Health, metrics, documentation' },
        ],
        components: {
          securitySchemes: {
            bearer: {
              type: 'http',
              scheme: 'bearer',
              bearerFormat: 'JWT',
              description: 'an access token of the OpenID issuer',
            },
          },
          schemas: { [PROBLEM]: PROBLEM_SCHEMA },
        },
        security: [{ bearer: [] }],
      },
      transform: (input) => {
        const { schema, url } = jsonSchemaTransform(input);
        const { config, method } = input.route;
        const open = config?.open === true;
        const post = [method].flat().includes('POST');
        const keyed = post && !open && config?.once !== 'reads';
        return {
          url,
          schema: {
            ...schema,
            ...(open ? { security: [] } : {}),
            ...(keyed ? { headers: KEY_HEADER } : {}),
            ...(config?.access === undefined ? {} : { 'x-permission': config.access }),
          },
        };
      },
      transformObject: (input) => {
        const document = shareRepeats(jsonSchemaTransformObject(input) as Document, COMMON, PROBLEM_ANSWER);
        return { ...document, webhooks: WEBHOOKS } as ReturnType<typeof jsonSchemaTransformObject>;
      },
    });
    await app.register(swaggerUi, {
      routePrefix: '/docs',
      staticCSP: false,
      uiConfig: { docExpansion: 'none', deepLinking: true, tryItOutEnabled: false },
    });
  },
  { name: 'documentation', fastify: '5.x' },
);

const PROBLEM_SCHEMA = {
  type: 'object' as const,
  description: 'RFC 9457. `type` is the address of a page that says what to do.',
  required: ['type', 'title', 'status', 'detail', 'instance', 'code'],
  properties: {
    type: { type: 'string' as const },
    title: { type: 'string' as const },
    status: { type: 'integer' as const },
    detail: { type: 'string' as const },
    instance: { type: 'string' as const, description: 'id of the request' },
    code: { type: 'string' as const, enum: Object.keys(PROBLEMS) },
    errors: {
      type: 'array' as const,
      items: {
        type: 'object' as const,
        required: ['code', 'detail'],
        properties: {
          code: { type: 'string' as const },
          detail: { type: 'string' as const },
          allowed: { type: 'array' as const, items: { type: 'string' as const } },
          pointer: { type: 'string' as const },
          parameter: { type: 'string' as const },
          column: { type: 'string' as const },
          row: { type: 'integer' as const },
        },
      },
    },
  },
};
const PROBLEM_ANSWER = {
  description: 'A problem',
  content: { 'application/problem+json': { schema: { $ref: `#/components/schemas/${PROBLEM}` } } },
};

const KEY_HEADER = {
  type: 'object',
  required: ['idempotency-key'],
  properties: {
    'idempotency-key': {
      type: 'string',
      minLength: 1,
      maxLength: 255,
      description: 'a new random value; the same when the request is repeated',
    },
  },
};

/** Events for partners, thin: ids and codes. Signed by Standard Webhooks 1.0. */
const WEBHOOKS = Object.fromEntries(
  Object.entries(EVENTS).map(([type, sentence]) => [
    type,
    {
      post: {
        summary: sentence,
        tags: ['webhooks'],
        security: [],
        parameters: ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => ({
          name,
          in: 'header',
          required: true,
          schema: { type: 'string' },
        })),
        requestBody: {
          required: true,
          content: {
            'application/json': {
              schema: {
                type: 'object',
                required: ['type', 'timestamp', 'data'],
                properties: {
                  type: { const: type },
                  timestamp: { type: 'string', format: 'date-time', description: 'operation time' },
                  data: { type: 'object', description: 'ids and codes; never names, documents or protection data' },
                },
              },
            },
          },
        },
        responses: {
          '2XX': { description: 'Received. After any other answer the delivery is retried by schedule.' },
          410: { description: 'Never send here again.' },
        },
      },
    },
  ]),
);

import { connect } from 'node:net';
import { Writable } from 'node:stream';
import {
  ServiceError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import Fastify, { type FastifyInstance } from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { Pool } from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { problemOf } from '../../../api/failures.ts';
import { answerClientError, answerNotFound, answerProblem, problems } from '../../../api/plugins/problems.ts';
import { PROBLEMS, Problem, type ProblemCode, problemPage } from '../../../api/problems.ts';
import { COMMAND_REFUSED } from '../../../workflows/messages.ts';

/** Must show up nowhere: not in an answer, not in a log line. */
const CANARY = 'Zerubabbel-Quennerstedt';

let app: FastifyInstance;
let log: string;
let thrown: unknown;

beforeEach(async () => {
  log = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      log += String(chunk);
      done();
    },
  });
  app = Fastify({
    logger: { stream },
    bodyLimit: 2_000,
    frameworkErrors: answerProblem,
    clientErrorHandler: answerClientError,
    genReqId: () => 'request-1',
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  await app.register(problems);
  app.setNotFoundHandler(answerNotFound);
  app.withTypeProvider<ZodTypeProvider>().post(
    '/people/:id',
    {
      schema: {
        params: z.strictObject({ id: z.string().regex(/^per_/) }),
        querystring: z.strictObject({ limit: z.coerce.number().int().max(100).optional() }),
        body: z.strictObject({
          name: z.string().max(50),
          sex: z.enum(['F', 'M', 'X']).optional(),
          members: z.array(z.strictObject({ age: z.number() })).optional(),
          contacts: z.record(z.string(), z.string()).optional(),
          paper: z
            .union([
              z.strictObject({ kind: z.literal('passport'), number: z.string() }),
              z.strictObject({ kind: z.literal('none') }),
            ])
            .optional(),
        }),
        response: { 200: z.strictObject({ ok: z.boolean() }) },
      },
    },
    async () => ({ ok: true }),
  );
  app.get('/throws', async () => {
    throw thrown;
  });
  app
    .withTypeProvider<ZodTypeProvider>()
    .get('/wrong-answer', { schema: { response: { 200: z.strictObject({ ok: z.boolean() }) } } }, async () => {
      return { name: CANARY } as unknown as { ok: boolean };
    });
});
afterEach(async () => {
  await app.close();
});

async function post(body: string | object, url = '/people/per_1', type = 'application/json') {
  const response = await app.inject({
    method: 'POST',
    url,
    headers: { 'content-type': type },
    payload: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return {
    status: response.statusCode,
    type: response.headers['content-type'],
    text: response.body,
    body: response.json(),
  };
}

async function answerTo(error: unknown) {
  thrown = error;
  const response = await app.inject({ url: '/throws' });
  return { status: response.statusCode, headers: response.headers, body: response.json(), text: response.body };
}

describe('a request that is not valid', () => {
  test('names every place, in the form of RFC 9457', async () => {
    const answer = await post({ sex: 'Q', members: [{ age: 1 }, { age: 'two' }] });
    expect(answer.type).toBe('application/problem+json; charset=utf-8');
    expect(answer.body).toMatchObject({
      type: '/problems/invalid_request',
      title: PROBLEMS.invalid_request.title,
      status: 400,
      code: 'invalid_request',
      instance: 'request-1',
    });
    expect(answer.body.errors).toEqual([
      { pointer: '/name', code: 'required', detail: 'This is needed.' },
      { pointer: '/sex', code: 'invalid_value', detail: 'Allowed: F, M, X.', allowed: ['F', 'M', 'X'] },
      { pointer: '/members/1/age', code: 'invalid_type', detail: expect.stringContaining('expected number') },
    ]);
  });

  test('tells the fields that are known where one is not, and does not repeat the unknown one', async () => {
    const answer = await post({ name: 'A', [CANARY]: 1 });
    expect(answer.body.errors).toEqual([
      {
        pointer: '',
        code: 'unknown_field',
        detail: 'One field is not known here. Known: name, sex, members, contacts, paper.',
      },
    ]);
    const nested = await post({ name: 'A', members: [{ age: 1, [CANARY]: 1, b: 2 }] });
    expect(nested.body.errors).toEqual([
      { pointer: '/members/0', code: 'unknown_field', detail: '2 fields are not known here. Known: age.' },
    ]);
  });

  test('names parameters of path and query as such', async () => {
    expect((await post({ name: 'A' }, '/people/x')).body.errors).toEqual([
      { parameter: 'id', code: 'invalid_format', detail: expect.any(String) },
    ]);
    expect((await post({ name: 'A' }, '/people/per_1?limit=1000')).body.errors).toEqual([
      { parameter: 'limit', code: 'too_big', detail: expect.any(String) },
    ]);
  });

  const hostile: Array<[string, string | object, (string | undefined)?, string?]> = [
    ['broken JSON', `{"name": "${CANARY}", `],
    ['broken JSON that begins with the name', CANARY],
    ['a forbidden key', `{"name": "${CANARY}", "__proto__": {"${CANARY}": 1}}`],
    ['an unknown field', { name: CANARY, [CANARY]: CANARY }],
    ['a wrong type', { name: { [CANARY]: CANARY } }],
    ['a wrong choice', { name: CANARY, sex: CANARY }],
    ['a text that is too long', { name: CANARY.repeat(10) }],
    ['a wrong value under a key of the caller', { name: CANARY, contacts: { [CANARY]: 1 } }],
    ['a union that nothing fits', { name: CANARY, paper: { kind: CANARY, [CANARY]: CANARY } }],
    ['a part that is no part', { name: CANARY, members: { [CANARY]: CANARY } }],
    ['a body beyond the limit', { name: CANARY.repeat(200) }],
    ['another media type', `name=${CANARY}`, undefined, 'application/x-www-form-urlencoded'],
    ['a media type that is a name', `name=${CANARY}`, undefined, `text/${CANARY}`],
    ['a wrong path parameter', { name: 'A' }, '/people/per_1?limit=many'],
    ['an array for an object', [CANARY]],
    ['nothing', ''],
  ];
  test.each(hostile)('%s repeats no value, in the answer or the log', async (_name, body, url, type) => {
    const answer = await post(body, url, type);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect(answer.body.code in PROBLEMS).toBe(true);
    expect(answer.text).not.toContain(CANARY);
    expect(log).not.toContain(CANARY);
  });

  test.each<[string, string | object, string | undefined, ProblemCode]>([
    ['broken JSON', '{"name"', undefined, 'malformed_json'],
    ['an empty body', '', undefined, 'empty_body'],
    ['a body beyond the limit', { name: 'x'.repeat(3_000) }, undefined, 'body_too_large'],
    ['another media type', 'x', 'text/csv', 'unsupported_media_type'],
  ])('%s has a code of its own', async (_name, body, type, code) => {
    expect((await post(body, undefined, type)).body.code).toBe(code);
  });

  test('at an address that is none is a problem too', async () => {
    for (const url of ['/nowhere', '/people/%E0%A4%A', `/throws/${'x'.repeat(300)}`]) {
      const response = await app.inject({ url });
      expect([response.statusCode, response.json().code]).toEqual([404, 'not_found']);
    }
  });

  test('that is no HTTP is a problem too', async () => {
    await app.listen({ port: 0, host: '127.0.0.1' });
    const { port } = app.server.address() as { port: number };
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(`${CANARY}\r\n\r\n`));
      let text = '';
      socket.on('data', (chunk) => {
        text += String(chunk);
      });
      socket.on('close', () => resolve(text));
      socket.on('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({ code: 'invalid_request', status: 400 });
    expect(answer + log).not.toContain(CANARY);
  });
});

describe('Temporal', () => {
  const grpc = (code: number) =>
    new ServiceError('away', { cause: Object.assign(new Error(CANARY), { code, details: CANARY, metadata: {} }) });

  test('a refused command says why, and what is allowed', async () => {
    const failure = ApplicationFailure.nonRetryable('seatLocked', COMMAND_REFUSED, {
      reason: 'seatLocked',
      allowed: ['raiseHold', 'correct'],
    });
    const answer = await answerTo(new WorkflowUpdateFailedError('refused', failure));
    expect(answer.status).toBe(409);
    expect(answer.body).toMatchObject({
      code: 'command_refused',
      reason: 'seatLocked',
      allowed: ['raise_hold', 'correct'],
    });
    expect(answer.body.detail).toBe('Not allowed now: seatLocked. Allowed now: raise_hold, correct.');
  });

  test.each<[string, () => unknown, number, ProblemCode, string | undefined]>([
    [
      'a workflow that is not there',
      () => new WorkflowNotFoundError(CANARY, 'journey:x', undefined),
      404,
      'not_found',
      undefined,
    ],
    [
      'an update nobody answered in time',
      () => new WorkflowUpdateRPCTimeoutOrCancelledError(CANARY),
      503,
      'outcome_unknown',
      '2',
    ],
    ['a server that is away', () => grpc(14), 503, 'engine_unavailable', '5'],
    ['a deadline that has passed', () => grpc(4), 503, 'engine_unavailable', '5'],
    ['too many updates at once', () => grpc(8), 503, 'busy', '1'],
    ['an abort', () => grpc(10), 503, 'busy', '1'],
    [
      'a workflow that closed under an accepted update',
      () =>
        new WorkflowUpdateFailedError('x', ApplicationFailure.nonRetryable(CANARY, 'AcceptedUpdateCompletedWorkflow')),
      409,
      'subject_ended',
      undefined,
    ],
    [
      'another failure of an update',
      () => new WorkflowUpdateFailedError(CANARY, ApplicationFailure.nonRetryable(CANARY, 'Other')),
      500,
      'internal_error',
      undefined,
    ],
    [
      'a refusal of another shape',
      () =>
        new WorkflowUpdateFailedError(CANARY, ApplicationFailure.nonRetryable(CANARY, COMMAND_REFUSED, { reason: 7 })),
      500,
      'internal_error',
      undefined,
    ],
  ])('%s', async (_name, make, status, code, retryAfter) => {
    const answer = await answerTo(make());
    expect([answer.status, answer.body.code, answer.headers['retry-after']]).toEqual([status, code, retryAfter]);
    expect(answer.text + log).not.toContain(CANARY);
  });
});

describe('PostgreSQL', () => {
  test('away is a 503 with Retry-After (a real refused connection)', async () => {
    const pool = new Pool({ connectionString: 'postgres://nobody@127.0.0.1:1/none', connectionTimeoutMillis: 2_000 });
    const error = await pool.query('select 1').catch((refused: unknown) => refused);
    await pool.end();
    const answer = await answerTo(error);
    expect([answer.status, answer.body.code, answer.headers['retry-after']]).toEqual([
      503,
      'database_unavailable',
      '5',
    ]);
  });

  const coded = (code: string, message: string = CANARY) => Object.assign(new Error(message), { code });
  test.each<[string, () => unknown, number, ProblemCode]>([
    ['shutting down', () => coded('57P01'), 503, 'database_unavailable'],
    ['starting up', () => coded('57P03'), 503, 'database_unavailable'],
    ['out of connections', () => coded('53300'), 503, 'database_unavailable'],
    [
      'a pool that waited too long',
      () => new Error('timeout exceeded when trying to connect'),
      503,
      'database_unavailable',
    ],
    ['a connection that broke', () => new Error('Connection terminated unexpectedly'), 503, 'database_unavailable'],
    [
      'the same beneath Prisma',
      () => Object.assign(new Error(CANARY, { cause: { kind: 'DatabaseNotReachable' } }), { code: 'P1001' }),
      503,
      'database_unavailable',
    ],
    ['wrapped', () => new Error(CANARY, { cause: coded('ECONNRESET') }), 503, 'database_unavailable'],
    ['a deadlock', () => coded('40P01'), 503, 'busy'],
    ['a serialisation conflict', () => coded('40001'), 503, 'busy'],
    ['a missing file is not the database', () => coded('ENOENT'), 500, 'internal_error'],
    [
      'a constraint is our mistake',
      () => Object.assign(coded('23505'), { detail: `Key (name)=(${CANARY}) already exists.` }),
      500,
      'internal_error',
    ],
  ])('%s', async (_name, make, status, code) => {
    const answer = await answerTo(make());
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(answer.text + log).not.toContain(CANARY);
  });
});

describe('our own mistakes', () => {
  test('are a 500 with the id of the request, which the log line carries with type and frames', async () => {
    const answer = await answerTo(new TypeError(`${CANARY}\n    at ${CANARY}`));
    expect(answer.body).toEqual({
      type: '/problems/internal_error',
      title: PROBLEMS.internal_error.title,
      status: 500,
      detail: PROBLEMS.internal_error.next,
      instance: 'request-1',
      code: 'internal_error',
    });
    const line = log.split('\n').find((text) => text.includes('request failed')) ?? '';
    expect(JSON.parse(line)).toMatchObject({
      reqId: 'request-1',
      problem: 'internal_error',
      failure: { type: 'TypeError' },
    });
    expect(JSON.parse(line).failure.frames[0]).toMatch(/problems.test.ts/);
    expect(log).not.toContain(CANARY);
  });

  test('an answer that does not fit its schema does not leave the system', async () => {
    const response = await app.inject({ url: '/wrong-answer' });
    expect([response.statusCode, response.json().code]).toEqual([500, 'internal_error']);
    expect(response.body + log).not.toContain(CANARY);
  });

  test('something thrown that is no error is a 500', () => {
    expect(problemOf('text').code).toBe('internal_error');
  });
});

describe('a problem', () => {
  test('carries its own members, headers and a whole number of seconds to wait', async () => {
    const answer = await answerTo(
      new Problem('idempotency_key_running', {
        retryAfter: 0.2,
        extra: { since: 'x', status: 'overwritten' },
        headers: { 'x-a': 'b' },
      }),
    );
    expect(answer.body).toMatchObject({ code: 'idempotency_key_running', since: 'x', status: 409 });
    expect(answer.headers).toMatchObject({ 'retry-after': '1', 'x-a': 'b' });
  });

  test.each(Object.keys(PROBLEMS) as ProblemCode[])('%s has a page at its type that says what to do next', (code) => {
    expect(problemPage(code)).toContain(PROBLEMS[code].next);
  });

  test('there is no page for what is no code', () => {
    for (const code of ['nothing', 'toString', '__proto__']) expect(problemPage(code)).toBeUndefined();
  });
});

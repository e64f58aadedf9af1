import { type Socket } from 'node:net';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { problemOf } from '../failures.ts';
import { Problem } from '../problems.ts';

const MEDIA_TYPE = 'application/problem+json; charset=utf-8';

/** Makes every error an RFC 9457 problem. Log lines carry type, code and stack frames, never a message. */
export const problems = fp(
  async (app) => {
    app.setErrorHandler(answerProblem);
  },
  { name: 'problems', fastify: '5.x' },
);

/** For `setNotFoundHandler`, which the app registers itself to put its rate limit before it. */
export function answerNotFound(_request: FastifyRequest, _reply: FastifyReply): never {
  throw new Problem('not_found');
}

/** For the option `frameworkErrors`: addresses that never reach a route. Also the error handler itself. */
export function answerProblem(error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): void {
  const problem = problemOf(error, request.routeOptions?.schema ?? {});
  if (problem.status >= 500) {
    request.log.error({ problem: problem.code, failure: withoutValues(problem.cause ?? problem) }, 'request failed');
  }
  reply.code(problem.status).headers(problem.headers).type(MEDIA_TYPE);
  // As text, so that a response schema of the route cannot drop members.
  reply.send(JSON.stringify(problem.toDocument(request.id)));
}

/** For the option `clientErrorHandler`: what is not HTTP at all gets an answer of the same form. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const late = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  const problem = new Problem(late ? 'body_cut_off' : 'invalid_request', {
    detail: late ? 'The request did not come in time.' : 'This is not a well-formed HTTP request.',
  });
  const body = JSON.stringify(problem.toDocument('unread'));
  socket.end(
    `HTTP/1.1 ${problem.status} Bad Request\r\nContent-Type: ${MEDIA_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

/** What may be logged of an error: messages may quote data (PostgreSQL, parsers), names, codes and frames do not. */
function withoutValues(error: unknown): { type: string; code?: string; frames?: string[]; cause?: object } {
  if (!(error instanceof Error)) return { type: typeof error };
  const code =
    'code' in error && (typeof error.code === 'string' || typeof error.code === 'number')
      ? String(error.code)
      : undefined;
  // The stack begins with the message, which may run over several lines.
  const frames = error.stack
    ?.slice(error.stack.indexOf(error.message) + error.message.length)
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .map((line) => line.trim())
    .slice(0, 12);
  const type = 'type' in error && typeof error.type === 'string' ? `${error.name}:${error.type}` : error.name;
  return {
    type,
    ...(code && { code }),
    ...(frames && { frames }),
    ...(error.cause instanceof Error && { cause: withoutValues(error.cause) }),
  };
}

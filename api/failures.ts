import {
  isGrpcServiceError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { FastifyError } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { COMMAND_REFUSED, type Refusal } from '../workflows/messages.ts';
import { commandOut } from './casing.ts';
import { Problem, type ProblemCode } from './problems.ts';
import { type RequestPart, validationProblem } from './validation.ts';

/** What the route declared, so that complaints can name its own fields. */
export type RouteSchemas = Partial<Record<RequestPart, unknown>>;

/**
 * The one place where whatever was thrown becomes an answer. Messages of others are never passed on: PostgreSQL and
 * JSON parsers quote the data they choke on.
 */
export function problemOf(error: unknown, schemas: RouteSchemas = {}): Problem {
  if (error instanceof Problem) return error;
  if (!(error instanceof Error)) return new Problem('internal_error', { cause: error });
  return (
    requestProblem(error, schemas) ??
    engineProblem(error) ??
    databaseProblem(error) ??
    new Problem('internal_error', { cause: error })
  );
}

// ---------------------------------------------------------------- the request itself

const FASTIFY_CODES: Record<string, ProblemCode> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'body_cut_off',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'empty_body',
  FST_ERR_CTP_INVALID_JSON_BODY: 'malformed_json',
  FST_ERR_BAD_URL: 'not_found',
  FST_ERR_MAX_PARAM_LENGTH: 'not_found',
  FST_ERR_NOT_FOUND: 'not_found',
  FST_ERR_HANDLER_TIMEOUT: 'outcome_unknown',
  FST_UNDER_PRESSURE: 'busy',
  ECONNABORTED: 'body_cut_off',
};

const STATUS_CODES: Record<number, ProblemCode> = {
  400: 'invalid_request',
  401: 'not_signed_in',
  403: 'not_allowed',
  404: 'not_found',
  409: 'conflict',
  412: 'changed_meanwhile',
  413: 'body_too_large',
  414: 'address_too_long',
  415: 'unsupported_media_type',
  428: 'precondition_missing',
  429: 'too_many_requests',
  503: 'busy',
};

function requestProblem(error: Error & Partial<FastifyError>, schemas: RouteSchemas): Problem | undefined {
  if (hasZodFastifySchemaValidationErrors(error)) {
    const part: RequestPart = error.validationContext ?? 'body';
    return validationProblem(error, part, schemas[part]);
  }
  if (error.code === 'FST_UNDER_PRESSURE') return new Problem('busy', { cause: error, retryAfter: 5 });
  const code = FASTIFY_CODES[error.code ?? ''];
  if (code) return new Problem(code, { cause: error, ...(code === 'outcome_unknown' && { retryAfter: 5 }) });
  // JSON.parse and secure-json-parse throw SyntaxErrors of their own; their messages quote the body.
  if (error instanceof SyntaxError && error.statusCode === 400) return new Problem('malformed_json', { cause: error });
  const byStatus = STATUS_CODES[error.statusCode ?? 0];
  return byStatus && new Problem(byStatus, { cause: error, ...(byStatus === 'busy' && { retryAfter: 5 }) });
}

// ---------------------------------------------------------------- Temporal

const GRPC = {
  CANCELLED: 1,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  RESOURCE_EXHAUSTED: 8,
  ABORTED: 10,
  UNAVAILABLE: 14,
} as const;

/** Failure type the server gives to a caller whose accepted update the workflow never answered because it closed. */
const CLOSED_UNDER_UPDATE = 'AcceptedUpdateCompletedWorkflow';

function engineProblem(error: Error): Problem | undefined {
  if (error instanceof WorkflowUpdateFailedError) return updateProblem(error);
  if (error instanceof WorkflowNotFoundError) return new Problem('not_found', { cause: error });
  // Accepted or not, nobody knows; the same key asks again without doing it twice.
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError)
    return new Problem('outcome_unknown', { cause: error, retryAfter: 2 });
  const grpc = isGrpcServiceError(error) ? error : isGrpcServiceError(error.cause) ? error.cause : undefined;
  const code: number | undefined = grpc?.code;
  switch (code) {
    case GRPC.NOT_FOUND:
      return new Problem('not_found', { cause: error });
    case GRPC.DEADLINE_EXCEEDED:
    case GRPC.CANCELLED:
    case GRPC.UNAVAILABLE:
      return new Problem('engine_unavailable', { cause: error, retryAfter: 5 });
    case GRPC.RESOURCE_EXHAUSTED:
    case GRPC.ABORTED:
      return new Problem('busy', { cause: error, retryAfter: 1 });
    default:
      return undefined;
  }
}

function updateProblem(error: WorkflowUpdateFailedError): Problem {
  const failure = error.cause;
  if (!(failure instanceof ApplicationFailure)) return new Problem('internal_error', { cause: error });
  if (failure.type === CLOSED_UNDER_UPDATE) return new Problem('subject_ended', { cause: error });
  const refusal = failure.details?.[0];
  if (failure.type !== COMMAND_REFUSED || !isRefusal(refusal)) return new Problem('internal_error', { cause: error });
  return refusedCommand(refusal);
}

function isRefusal(detail: unknown): detail is Refusal {
  if (typeof detail !== 'object' || detail === null) return false;
  const { reason, allowed } = detail as Partial<Refusal>;
  return typeof reason === 'string' && Array.isArray(allowed) && allowed.every((name) => typeof name === 'string');
}

/** The answer to a command that is not allowed now, whoever found it out: the workflow, or the API from the row. */
export function refusedCommand(refusal: Refusal): Problem {
  const commands = refusal.allowed.map(commandOut);
  const allowed = commands.length > 0 ? commands.join(', ') : 'nothing';
  return new Problem('command_refused', {
    detail: `Not allowed now: ${refusal.reason}. Allowed now: ${allowed}.`,
    extra: { reason: refusal.reason, allowed: commands },
  });
}

// ---------------------------------------------------------------- PostgreSQL

const SOCKET_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
]);
/** Prisma: cannot reach, timed out, closed, pool exhausted. */
const PRISMA_UNREACHABLE = new Set(['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2037']);
const DRIVER_UNREACHABLE = new Set(['DatabaseNotReachable', 'ConnectionClosed', 'TooManyConnections', 'SocketTimeout']);
/** node-postgres throws these without a code. */
const PG_MESSAGES = [
  'timeout exceeded when trying to connect',
  'Connection terminated',
  'Client has encountered a connection error and is not queryable',
  'Cannot use a pool after calling end on the pool',
  'Query read timeout',
];

function databaseProblem(error: Error): Problem | undefined {
  // The error may be wrapped (Prisma keeps the driver's own beneath); five layers are more than anybody makes.
  let layer: unknown = error;
  for (let depth = 0; depth < 5 && layer instanceof Error; depth++) {
    const found = databaseFailure(layer);
    if (found === 'unreachable') return new Problem('database_unavailable', { cause: error, retryAfter: 5 });
    if (found === 'contended') return new Problem('busy', { cause: error, retryAfter: 1 });
    layer = layer.cause;
  }
  return undefined;
}

function databaseFailure(
  error: Error & { code?: unknown; kind?: unknown; syscall?: unknown },
): 'unreachable' | 'contended' | undefined {
  const code = typeof error.code === 'string' ? error.code : '';
  const kind = driverKind(error);
  // A file that is missing is no database: only a socket's ENOENT (a closed unix socket) counts.
  if (SOCKET_CODES.has(code) && (code !== 'ENOENT' || error.syscall === 'connect')) return 'unreachable';
  if (PRISMA_UNREACHABLE.has(code) || DRIVER_UNREACHABLE.has(kind)) return 'unreachable';
  // SQLSTATE: 08 connection, 53 resources, 57P shutdown and start-up, 25006 a stand-by after failover.
  if (/^(08...|53...|57P0[1-5]|25006)$/.test(code)) return 'unreachable';
  if (PG_MESSAGES.some((message) => error.message.startsWith(message))) return 'unreachable';
  // Serialisation, deadlock, lock not available, statement timeout: the same request can pass a moment later.
  if (/^(40001|40P01|55P03|57014|P2034)$/.test(code) || kind === 'TransactionWriteConflict') return 'contended';
  return undefined;
}

/** Prisma's driver adapters put a plain object with a `kind` where others put a cause. */
function driverKind(error: Error): string {
  const cause: unknown = error.cause;
  if (typeof cause !== 'object' || cause === null || !('kind' in cause)) return '';
  return typeof cause.kind === 'string' ? cause.kind : '';
}

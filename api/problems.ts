/**
 * Every refusal of the API has one of these codes (RFC 9457): `type` is the address of its page, `/problems/<code>`.
 * Codes are stable; partners and the console branch on them. `next` says what the caller can do, on the page and
 * in `detail` where nothing more exact is known.
 *
 * Texts never hold a value that came in: what a caller sent may be a person's name.
 */
export const PROBLEMS = {
  invalid_request: {
    status: 400,
    title: 'The request is not valid',
    next: 'Correct the places listed in errors and send it again.',
  },
  malformed_json: { status: 400, title: 'The body is not JSON', next: 'Send one well-formed JSON document in UTF-8.' },
  empty_body: { status: 400, title: 'The body is empty', next: 'Send the body that this request needs.' },
  body_cut_off: { status: 400, title: 'The body ended early', next: 'Send it again whole; nothing of it was kept.' },
  idempotency_key_missing: {
    status: 400,
    title: 'An Idempotency-Key is needed',
    next: 'Send the header Idempotency-Key with a new random value, and the same value when you repeat the request.',
  },
  not_signed_in: {
    status: 401,
    title: 'Sign in first',
    next: 'Send a bearer token of the issuer in the header Authorization.',
  },
  token_refused: {
    status: 401,
    title: 'The token is not accepted',
    next: 'Get a new token from the issuer and send the request again.',
  },
  signature_refused: {
    status: 401,
    title: 'The signature is not accepted',
    next: 'Sign the exact bytes of the body with the shared secret, and send a timestamp of the last five minutes.',
  },
  not_allowed: {
    status: 403,
    title: 'Your roles do not allow this',
    next: 'Ask somebody who holds one of the roles that may do it.',
  },
  second_person_needed: {
    status: 403,
    title: 'A second person must decide',
    next: 'Let somebody else who holds the role confirm it; nobody confirms their own decision.',
  },
  not_found: {
    status: 404,
    title: 'There is nothing here',
    next: 'Check the id, and whether your roles reach the operation it belongs to.',
  },
  command_refused: {
    status: 409,
    title: 'The command is not allowed now',
    next: 'See allowed for the commands that are allowed now.',
  },
  subject_ended: { status: 409, title: 'This has ended', next: 'Read its history; it takes no more commands.' },
  conflict: {
    status: 409,
    title: 'This conflicts with what is there',
    next: 'Read the present state and decide again.',
  },
  idempotency_key_running: {
    status: 409,
    title: 'The first request with this key still runs',
    next: 'Repeat it with the same key after Retry-After.',
  },
  changed_meanwhile: {
    status: 412,
    title: 'Somebody has changed this meanwhile',
    next: 'Read it again, and send the request with the new ETag in If-Match.',
  },
  body_too_large: { status: 413, title: 'The body is too large', next: 'Send less at once; nothing of it was kept.' },
  address_too_long: { status: 414, title: 'The address is too long', next: 'Ask for less in one request.' },
  unsupported_media_type: {
    status: 415,
    title: 'This kind of content is not understood here',
    next: 'Send the Content-Type that the API description names for this request.',
  },
  idempotency_key_reused: {
    status: 422,
    title: 'The key was used for another request',
    next: 'Send a new Idempotency-Key; a key belongs to one body for ever.',
  },
  list_refused: {
    status: 422,
    title: 'The list is refused whole',
    next: 'See errors for what is wrong with the file; nothing of it was kept.',
  },
  address_refused: {
    status: 422,
    title: 'We do not send to this address',
    next: 'Give an https address with a public name, on port 443 or 8443.',
  },
  precondition_missing: {
    status: 428,
    title: 'If-Match is needed',
    next: 'Read it first, and send its ETag in If-Match, so that nobody’s change is lost.',
  },
  too_many_requests: { status: 429, title: 'Too many requests', next: 'Wait for Retry-After, then go on more slowly.' },
  internal_error: {
    status: 500,
    title: 'Something went wrong here',
    next: 'Repeat it with the same Idempotency-Key; if it stays, tell the administrator the instance.',
  },
  database_unavailable: {
    status: 503,
    title: 'The database cannot be reached',
    next: 'Repeat it with the same Idempotency-Key after Retry-After.',
  },
  engine_unavailable: {
    status: 503,
    title: 'Commands cannot be accepted at the moment',
    next: 'Repeat it with the same Idempotency-Key after Retry-After. RegistrationContext and reading go on.',
  },
  outcome_unknown: {
    status: 503,
    title: 'The answer is not there yet',
    next: 'Repeat it with the same Idempotency-Key after Retry-After: it is done once, and you get its answer.',
  },
  sign_in_unavailable: {
    status: 503,
    title: 'The issuer of tokens cannot be reached',
    next: 'Repeat it after Retry-After.',
  },
  busy: {
    status: 503,
    title: 'Too much to do at once',
    next: 'Repeat it with the same Idempotency-Key after Retry-After.',
  },
} as const satisfies Record<string, { status: number; title: string; next: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

/**
 * One thing that is wrong. Where: `pointer` into the body (RFC 6901), `parameter` of path, query or headers,
 * or `column` (and `row`, counted from 1 without the header) of a list. `code` is stable, `detail` is for reading.
 */
export type ProblemError = {
  code: string;
  detail: string;
  pointer?: string;
  parameter?: string;
  column?: string;
  row?: number;
  /** what a closed set takes */
  allowed?: string[];
};

/** What goes over the wire as `application/problem+json`; members of `extra` stand beside these. */
export type ProblemDocument = {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  code: ProblemCode;
  errors?: ProblemError[];
  [extra: string]: unknown;
};

type ProblemOptions = {
  /** what is wrong in this case, without values that came in; default: what to do next */
  detail?: string;
  errors?: ProblemError[];
  extra?: Record<string, unknown>;
  /** seconds */
  retryAfter?: number;
  headers?: Record<string, string>;
  cause?: unknown;
};

/** A refusal on its way out. Throw it anywhere below a route; the `problems` plugin answers with it. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly errors: ProblemError[];
  readonly extra: Record<string, unknown>;
  readonly headers: Record<string, string>;

  constructor(code: ProblemCode, options: ProblemOptions = {}) {
    super(options.detail ?? PROBLEMS[code].title, { cause: options.cause });
    this.name = 'Problem';
    this.code = code;
    this.status = PROBLEMS[code].status;
    this.title = PROBLEMS[code].title;
    this.detail = options.detail ?? PROBLEMS[code].next;
    this.errors = options.errors ?? [];
    this.extra = options.extra ?? {};
    this.headers = { ...options.headers };
    if (options.retryAfter !== undefined)
      this.headers['retry-after'] = String(Math.max(1, Math.ceil(options.retryAfter)));
  }

  /** @param instance the id of the request, which the log line carries too */
  toDocument(instance: string): ProblemDocument {
    return {
      ...this.extra,
      type: `/problems/${this.code}`,
      title: this.title,
      status: this.status,
      detail: this.detail,
      instance,
      code: this.code,
      ...(this.errors.length > 0 && { errors: this.errors }),
    };
  }
}

/** The page behind a problem's `type`, as HTML, or undefined where there is no such code. */
export function problemPage(code: string): string | undefined {
  if (!Object.hasOwn(PROBLEMS, code)) return undefined;
  const problem = PROBLEMS[code as ProblemCode];
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${problem.title}</title></head>
<body>
<h1>${problem.title}</h1>
<p><code>${code}</code>, HTTP status ${problem.status}</p>
<p>${problem.next}</p>
</body>
</html>
`;
}

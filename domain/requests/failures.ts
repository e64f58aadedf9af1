/** How a call to a partner can fail. `status` is an HTTP status that the protocol does not define. */
export type CallFailure =
  | { kind: 'refused_by_guard' }
  | { kind: 'timeout' }
  | { kind: 'connection' }
  | { kind: 'malformed' }
  | { kind: 'status'; status: number; retryAfterSeconds?: number };

/**
 * What follows. `again`: the activity fails and Temporal retries it, because time or an operator can correct the cause.
 * `alarm`: somebody has to correct it. `give_up`: the partner has refused, or no retry can reach it, so a person
 * decides. Each retry begins with a look-up, because the earlier call may have arrived.
 */
export type FailureRule = { then: 'again' | 'give_up'; alarm: boolean; code: string; because: string };

const RULES = {
  guard: {
    then: 'give_up',
    alarm: true,
    code: 'address_not_allowed',
    because: 'the address is not allowed; a retry changes nothing',
  },
  unreachable: {
    then: 'again',
    alarm: false,
    code: 'partner_unreachable',
    because: 'a network recovers; the call may have arrived, so a look-up comes before each retry',
  },
  malformed: {
    then: 'again',
    alarm: true,
    code: 'answer_not_understood',
    because: 'the partner answered with something unreadable; only the partner can correct that',
  },
  busy: {
    then: 'again',
    alarm: false,
    code: 'partner_busy',
    because: 'the partner asks us to wait (408, 425, 429)',
  },
  broken: {
    then: 'again',
    alarm: false,
    code: 'partner_failing',
    because: 'a fault of the partner (5xx) is temporary; it may have accepted the request before it',
  },
  credentials: {
    then: 'again',
    alarm: true,
    code: 'signature_not_accepted',
    because: 'a secret was changed on one side only (401, 403); the request is retried until it is corrected',
  },
  missing: {
    then: 'again',
    alarm: true,
    code: 'address_answers_404',
    because: 'the base address is wrong or changes; an operator can correct it',
  },
  refused: {
    then: 'give_up',
    alarm: true,
    code: 'request_refused',
    because: 'the partner refuses this request (other 4xx) or redirects (3xx, never followed)',
  },
} as const satisfies Record<string, FailureRule>;

/** The one table of what is retried, with the reasons. */
export function ruleFor(failure: CallFailure): FailureRule {
  switch (failure.kind) {
    case 'refused_by_guard':
      return RULES.guard;
    case 'timeout':
    case 'connection':
      return RULES.unreachable;
    case 'malformed':
      return RULES.malformed;
    case 'status':
      return byStatus(failure.status);
  }
}

function byStatus(status: number): FailureRule {
  if (status === 408 || status === 425 || status === 429) return RULES.busy;
  if (status === 401 || status === 403) return RULES.credentials;
  if (status === 404) return RULES.missing;
  if (status >= 500) return RULES.broken;
  if (status >= 300) return RULES.refused;
  return RULES.malformed;
}

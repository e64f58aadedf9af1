/** How a call to a partner can go wrong. `status` is an HTTP answer that is not one of the protocol's. */
export type CallFailure =
  | { kind: 'refused_by_guard' }
  | { kind: 'timeout' }
  | { kind: 'connection' }
  | { kind: 'malformed' }
  | { kind: 'status'; status: number; retryAfterSeconds?: number };

/**
 * What is done about it. `again`: the activity fails and is tried again, because time or an operator can correct it.
 * `alarm` too: somebody has to correct it. `give_up`: the partner has said no, or cannot be reached by any trying:
 * a person decides what happens. Whichever it is, an attempt that is made again begins with a look-up: the one before
 * may have arrived.
 */
export type FailureRule = { then: 'again' | 'give_up'; alarm: boolean; code: string; because: string };

const RULES = {
  guard: {
    then: 'give_up',
    alarm: true,
    code: 'address_not_allowed',
    because: 'the address is not one we send to; trying again changes nothing',
  },
  unreachable: {
    then: 'again',
    alarm: false,
    code: 'partner_unreachable',
    because: 'networks come back; the call may have arrived, so it is looked up before any repeat',
  },
  malformed: {
    then: 'again',
    alarm: true,
    code: 'answer_not_understood',
    because: 'the partner has seen us and said something we cannot read; only the partner can correct that',
  },
  busy: {
    then: 'again',
    alarm: false,
    code: 'partner_busy',
    because: 'the partner asks for patience (408, 425, 429)',
  },
  broken: {
    then: 'again',
    alarm: false,
    code: 'partner_failing',
    because: 'a fault of the partner (5xx) passes; it may have come after the request was taken',
  },
  credentials: {
    then: 'again',
    alarm: true,
    code: 'signature_not_accepted',
    because: 'a secret was changed on one side only (401, 403); asked again once it is corrected, nothing is dropped',
  },
  missing: {
    then: 'again',
    alarm: true,
    code: 'address_answers_404',
    because: 'the base address is wrong or being moved; an operator can correct it',
  },
  refused: {
    then: 'give_up',
    alarm: true,
    code: 'request_refused',
    because: 'the partner does not take this request (other 4xx) or redirects (3xx, never followed)',
  },
} as const satisfies Record<string, FailureRule>;

/** The one table of what is tried again and what is not, with the reason beside. */
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

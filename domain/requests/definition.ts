import { z } from 'zod';
import type { Role } from '../actor.ts';
import type { EventDefinition } from '../events.ts';
import { idPattern } from '../ids.ts';
import { DATA } from '../journeys/events/define.ts';
import type { JourneyPhase } from '../journeys/statuses.ts';
import type { Condition } from '../preconditions.ts';
import type { DeadlineKey } from '../rules.ts';
import { durationOf, HOUR, type Instant, instantOf } from '../time.ts';
import type { FieldsNeeded } from './fields.ts';

/**
 * "Homeward partner protocol 1" (docs/partner-protocol.md): how partners receive requests and answer them. It is one
 * protocol for registries, consulates, clinics, border authorities, carriers and receiving agencies.
 */
export const PARTNER_KINDS = ['registry', 'consulate', 'carrier', 'border', 'clinic', 'agency'] as const;
export type PartnerKind = (typeof PARTNER_KINDS)[number];

export type Data = Record<string, unknown>;

const code = z.string().regex(/^[A-Za-z0-9_]{1,64}$/, 'A code of letters, digits and underscores');

/** What partners write in a callback. Reasons and kinds are codes: free text of a partner would be text about a person. */
export const SENT = Object.freeze({
  code,
  codes: z.array(code).max(20),
  reference: z.string().regex(/^[A-Za-z0-9._/-]{1,64}$/, 'A reference of letters, digits and ._/-'),
  instant: z.iso.datetime({ offset: true }).transform(instantOf),
  /** ISO 8601, read as hours of operation time */
  hours: z.string().transform((text, context) => {
    const length = durationOf(text);
    if (length !== undefined && length <= LONGEST_HOURS * HOUR) return length / HOUR;
    context.addIssue({ code: 'custom', message: 'Write an ISO 8601 duration, as P30D or PT72H' });
    return z.NEVER;
  }),
  requestId: z.string().regex(idPattern('request')),
  nothing: z.strictObject({}).default({}),
});
/** 20 years. */
const LONGEST_HOURS = 7_300 * 24;

const requested = z.object({ requestId: DATA.requestId, partnerId: DATA.partnerId, round: DATA.round });

/** A request to a partner that is still open. */
const OpenRequest = z.object({
  ...requested.shape,
  requestedAt: DATA.instant,
  acknowledged: z.boolean(),
  requestedEvidence: z.array(z.string()),
  /** what was provided of it last, and when: from then on it has its time again */
  evidence: z.object({ at: DATA.instant, kinds: z.array(z.string()) }).optional(),
});
export type OpenRequest = z.infer<typeof OpenRequest>;

export const REQUEST_FORMS = Object.freeze({ requested, open: OpenRequest.optional() });

export function opened(data: { requestId: string; partnerId: string; round: number }, at: Instant): OpenRequest {
  const { requestId, partnerId, round } = data;
  return { requestId, partnerId, round, requestedAt: at, acknowledged: false, requestedEvidence: [] };
}

/** Answers that every kind may get on the way to its own. */
const acknowledged = z.object({ kind: z.literal('acknowledged') });
const moreInfo = z.object({ kind: z.literal('more_info'), requestedEvidence: z.array(z.string()) });
export const INTERIM_ANSWERS = Object.freeze({ acknowledged, moreInfo });
export type InterimAnswer = z.infer<typeof acknowledged> | z.infer<typeof moreInfo>;

/** What an answer is read with. `now`: operation time. `documentId`: of the document that the request may bring. */
export type ReadingContext = { now: Instant; documentId: string };

/** One type of callback. `Result` is what it says, as codes. */
export type CallbackType<Result> = {
  part: 'acknowledgement' | 'more_info' | 'answer' | 'retraction' | 'report';
  /** `data` as the partner writes it */
  sent: z.ZodType<Data>;
  /** `data` as the inbox stores it, without what names a person */
  stored: z.ZodType<Data>;
  /** @param data as stored */
  read(data: unknown, context: ReadingContext): Result;
  /** the field of `data` that is stored only encrypted */
  secret?: string;
  /** the document that the answer brings */
  document?(data: unknown): { kind: string; validUntil: Instant };
};

type Reading<D extends Data, Result> = Pick<CallbackType<Result>, 'sent' | 'secret'> & {
  stored: z.ZodType<D>;
  read(data: D, context: ReadingContext): Result;
  document?(data: D): { kind: string; validUntil: Instant };
};

function callback<D extends Data, Result>(
  part: CallbackType<Result>['part'],
  { stored, read, document, ...rest }: Reading<D, Result>,
): CallbackType<Result> {
  return Object.freeze({
    ...rest,
    part,
    stored,
    read: (data: unknown, context: ReadingContext) => read(stored.parse(data), context),
    ...(document && { document: (data: unknown) => document(stored.parse(data)) }),
  });
}

export const answer = <D extends Data, Result>(reading: Reading<D, Result>) => callback('answer', reading);
export const report = <D extends Data, Result>(reading: Reading<D, Result>) => callback('report', reading);

export const retraction = <Result>(result: Result) =>
  callback('retraction', { sent: SENT.nothing, stored: SENT.nothing, read: () => result });

export const acknowledgement = () =>
  callback('acknowledgement', {
    sent: SENT.nothing,
    stored: SENT.nothing,
    read: (): InterimAnswer => ({ kind: 'acknowledged' }),
  });

export const furtherEvidence = () =>
  callback('more_info', {
    sent: z
      .strictObject({ requested_evidence: SENT.codes.min(1) })
      .transform((data) => ({ requestedEvidence: data.requested_evidence })),
    stored: z.object({ requestedEvidence: z.array(z.string()) }),
    read: ({ requestedEvidence }): InterimAnswer => ({ kind: 'more_info', requestedEvidence }),
  });

type Wait = { key: string; what: DeadlineKey };

/** What every kind of request declares. */
type Common<K extends string, A extends z.ZodType, C> = {
  kind: K;
  /** which kind of partner answers it */
  to: PartnerKind;
  /** what Temporal's own UI shows while it is sent */
  summary: string;
  /** the precondition of a step that the answer settles */
  settles: Condition | null;
  /** who decides where nobody answers, or where the answer does not fit */
  decides: Role;
  /** the answer as codes, for the journey or movement that asked */
  answer: A;
  /** each under a name that begins with the kind, so that no type of callback answers two kinds */
  callbacks: C & { readonly [T in Exclude<keyof C, `${K}.${string}`>]: never };
  /** the response to the request may bring the answer; `required`: it is looked up until it has come */
  atOnce?: { required: boolean; read(sent: Data): z.output<A> | undefined };
  /** a later answer to the same request replaces the earlier one */
  laterCounts?: boolean;
};

type Callbacks<A extends z.ZodType> = {
  readonly [T in string]: CallbackType<z.output<A> | InterimAnswer>;
};

/** A request about a person. */
export function definePersonRequest<const K extends string, A extends z.ZodType, const C extends Callbacks<A>, const R>(
  request: Common<K, A, C> & {
    fields: FieldsNeeded;
    phase: JourneyPhase;
    /** the waits for the partner, and for the person who decides */
    waits: { answer: Wait; acknowledgement?: Wait; decision: Wait };
    journey: R;
  },
) {
  return Object.freeze({ ...request, about: 'person' as const });
}

/** A request about a movement: its stops and counts. It names nobody. */
export function defineMovementRequest<
  const K extends string,
  A extends z.ZodType,
  const C extends Callbacks<A>,
  const W extends { answer: Wait } | null,
>(
  request: Common<K, A, C> & {
    /** only a partner with an agreement for this purpose receives it; else the partner is named by the movement */
    byAgreement: boolean;
    /** the wait for the partner; null where there is nothing to answer */
    waits: W;
  },
) {
  return Object.freeze({ ...request, about: 'movement' as const });
}

type Form<Schema extends z.ZodType = z.ZodObject> = Pick<
  EventDefinition<object, Schema>,
  'data' | 'sentence' | 'effects'
>;

/** An event of a part of a journey; what it changes stands beside it. */
export const event = <Schema extends z.ZodObject>(form: Form<Schema> & Required<Pick<Form<Schema>, 'sentence'>>) =>
  Object.freeze(form);

type Forms = Readonly<Record<string, Form>>;
type Part = { rounds: number; request?: OpenRequest | undefined };
type Drafts<E extends Forms> = Array<
  { [T in keyof E & string]: { type: T; data: z.output<E[T]['data']>; reasonCode?: string } }[keyof E & string]
>;

/** Who answered which request. `open`: whether it is the request that is open. */
export type Answering = { requestId: string; partnerId: string; open: boolean };

/**
 * The part of a journey that a request settles: its state, its events, what each event changes, and the events that an
 * answer makes. What an answer does not fit makes none and is set aside for a person.
 */
export function journeyPart<
  const N extends string,
  S extends Part,
  A extends z.ZodType,
  const E extends Forms,
  const M extends string,
  const Q extends keyof E & string,
>(forms: {
  /** its name in the state of a journey */
  name: N;
  /** where its events stand in the history */
  phase: JourneyPhase;
  state: z.ZodType<S>;
  answer: A;
  events: E;
  /** the event that the request is with the partner */
  requested: Q;
  /** how `partnerMissing` names it */
  missing: M;
}) {
  type State = Record<N, S>;
  const { name, phase, state: schema, events: eventForms, requested: requestedEvent, missing } = forms;
  const own = z.union([forms.answer, INTERIM_ANSWERS.acknowledged, INTERIM_ANSWERS.moreInfo]);
  const within = (part: S) => ({ [name]: part }) as State;

  return (rules: {
    empty: S;
    apply: { [T in keyof E]: (before: S, data: z.output<E[T]['data']>, at: Instant) => S };
    /** undefined where the answer does not fit what the journey waits for */
    answered(answer: z.output<A> | InterimAnswer, before: S, about: Answering): Drafts<E> | undefined;
    /** the part after a recall of its open request, and where the operation has no partner for it */
    recalled(before: S): S;
    withoutPartner?(before: S): S;
  }) => {
    const changes: Readonly<Record<string, (before: S, data: never, at: Instant) => S>> = rules.apply;
    const events = Object.fromEntries(
      Object.entries<Form>(eventForms).map(([type, form]) => {
        const evolve = (state: State, data: never, at: Instant) =>
          within(changes[type]?.(state[name], data, at) ?? state[name]);
        return [type, Object.freeze({ ...form, phase, evolve })];
      }),
    ) as { [T in keyof E]: E[T] & { phase: JourneyPhase; evolve(state: State, data: object, at: Instant): State } };
    return Object.freeze({
      // A journey that was carried over before its build knew this kind has not requested it yet.
      ...{ name, state: schema.prefault(rules.empty), events, missing, empty: rules.empty },
      requested: requestedEvent,
      open: (state: State): OpenRequest | undefined => state[name].request,
      rounds: (state: State): number => state[name].rounds,
      recalled: (state: State) => within(rules.recalled(state[name])),
      withoutPartner: (state: State) => within(rules.withoutPartner?.(state[name]) ?? state[name]),
      answered(answer: unknown, state: State, about: Omit<Answering, 'open'>): Drafts<E> | undefined {
        const read = own.safeParse(answer);
        if (!read.success) return undefined;
        const open = state[name].request?.requestId === about.requestId;
        return rules.answered(read.data, state[name], { ...about, open });
      },
    });
  };
}

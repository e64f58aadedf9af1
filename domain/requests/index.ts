import { z } from 'zod';
import { booking } from './booking.ts';
import { type CallbackType as CallbackModule, INTERIM_ANSWERS } from './definition.ts';
import { document } from './document.ts';
import { exitPermit } from './exitPermit.ts';
import { fitness } from './fitness.ts';
import { reception } from './reception.ts';
import { registry } from './registry.ts';
import { VEHICLE_CALLBACKS } from './vehicle.ts';
import { verification } from './verification.ts';

/** Every kind of request, each under its own name. `requests.kind` and the purposes of agreements use these names. */
export const REQUESTS = listed({
  registry,
  verification,
  document,
  fitness,
  exit_permit: exitPermit,
  booking,
  reception,
});

function listed<const L extends { readonly [K in keyof L]: { kind: K } }>(list: L): Readonly<L> {
  return Object.freeze(list);
}

type Requests = typeof REQUESTS;
export type RequestKind = keyof Requests;
export type RequestDefinition = Requests[RequestKind];
export type PersonRequestKind = {
  [K in RequestKind]: Requests[K]['about'] extends 'person' ? K : never;
}[RequestKind];

export const REQUEST_KINDS = Object.keys(REQUESTS) as RequestKind[];

export const isPersonRequest = (kind: RequestKind): kind is PersonRequestKind => REQUESTS[kind].about === 'person';

/** The kinds that are a part of a journey's state, with events of their own. */
export type JourneyRequestKind = {
  [K in PersonRequestKind]: Requests[K]['journey'] extends null ? never : K;
}[PersonRequestKind];
export type JourneyRequest = Requests[JourneyRequestKind];

export const JOURNEY_REQUESTS: readonly JourneyRequest[] = Object.freeze(
  Object.values<RequestDefinition>(REQUESTS).flatMap((request) =>
    request.about === 'person' && request.journey !== null ? [request] : [],
  ),
);

type AnswerCallbacks = { [K in RequestKind]: keyof Requests[K]['callbacks'] }[RequestKind];
export type CallbackType = AnswerCallbacks | keyof typeof VEHICLE_CALLBACKS;

const ANSWER_CALLBACKS: Readonly<Record<string, { kind: RequestKind; module: CallbackModule<Answer> }>> = Object.freeze(
  Object.fromEntries(
    Object.values<RequestDefinition>(REQUESTS).flatMap(({ kind, callbacks }) =>
      Object.entries<CallbackModule<Answer>>(callbacks).map(([type, module]) => [type, { kind, module }]),
    ),
  ),
);

export const CALLBACK_TYPES = Object.freeze([
  ...Object.keys(ANSWER_CALLBACKS),
  ...Object.keys(VEHICLE_CALLBACKS),
] as CallbackType[]);

export const isVehicleCallback = (type: CallbackType): type is keyof typeof VEHICLE_CALLBACKS =>
  Object.hasOwn(VEHICLE_CALLBACKS, type);

/** The kind of request that a callback answers; undefined for a message about a carrier's own vehicle. */
export const requestOf = (type: CallbackType): RequestKind | undefined => ANSWER_CALLBACKS[type]?.kind;

export function callbackOf(type: Exclude<CallbackType, keyof typeof VEHICLE_CALLBACKS>): CallbackModule<Answer>;
export function callbackOf(type: CallbackType): CallbackModule<unknown>;
export function callbackOf(type: CallbackType): CallbackModule<unknown> {
  const module = isVehicleCallback(type) ? VEHICLE_CALLBACKS[type] : ANSWER_CALLBACKS[type]?.module;
  if (!module) throw new Error(`There is no callback ${type}`);
  return module;
}

/** What a partner answered, as codes, for the journey or movement that asked. */
const Answer = z.union([
  INTERIM_ANSWERS.acknowledged,
  INTERIM_ANSWERS.moreInfo,
  ...Object.values<RequestDefinition>(REQUESTS).map(({ answer }) => answer),
]);
export type Answer = z.infer<typeof Answer>;

/** Signal `partnerAnswered`. The event key makes twice once. */
const PartnerAnswered = z.object({
  eventKey: z.string(),
  requestId: z.string(),
  partnerId: z.string(),
  at: z.number(),
  answer: Answer,
});
export type PartnerAnswered = z.infer<typeof PartnerAnswered>;

/** Frozen, because workflows share their modules (versioned.ts). */
export const ANSWER_SCHEMA = Object.freeze({ answer: Answer, partnerAnswered: PartnerAnswered });

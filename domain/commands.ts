import { z } from 'zod';
import type { Actor, Role } from './actor.ts';
import type { HoldType } from './holds.ts';
import type { MessageKey } from './messages/t.ts';
import type { Rules } from './rules.ts';
import type { Instant } from './time.ts';

type Fields = Record<string, unknown>;

/** Counts that a command answers with, where there are any. */
export type Detail = Record<string, number>;

/**
 * What a kind of subject gives its commands: its state, its events, and the steps that its workflow can take. A step is
 * a transaction of our own database; it may refuse.
 */
export type Subject = {
  state: object;
  event: { type: string; data: object };
  steps: Record<string, { input: object; result: Detail }>;
};

/** An event before its header. `at` where the command decides the moment. */
export type Draft<Event extends Subject['event']> = Event extends Event
  ? { type: Event['type']; data: Event['data']; at?: Instant }
  : never;

/** What a command does: its events; or a step, which makes its own events or leaves them to the command. */
export type Effect<S extends Subject> =
  | Draft<S['event']>[]
  | { events: Draft<S['event']>[]; detail: Detail }
  | {
      [N in keyof S['steps'] & string]: {
        step: N;
        input: S['steps'][N]['input'];
        events?(result: S['steps'][N]['result']): Draft<S['event']>[];
      };
    }[keyof S['steps'] & string];

/** A decision of staff, as it travels: the id is the idempotency key, free text stays behind as `noteId`. */
export type Decision<Args = Fields> = {
  commandId: string;
  actor: Extract<Actor, { kind: 'staff' }>;
  args: Args;
  reasonCode?: string | undefined;
  noteId?: string | undefined;
};

/** Who gives a command, and when. Without `rules` nothing is refused that depends on them; the workflow has them. */
export type Given = Pick<Decision, 'actor' | 'reasonCode'> & {
  at: Instant;
  rules?: Pick<Rules, 'followUpMonths' | 'legs' | 'evidenceRounds'>;
};

/** What is made in the database before a command is sent. Its id goes along, and into the answer. */
export type Made = 'hold' | 'document' | 'household' | 'suspension';

/** What is written or asked before a command is sent; `application/<subject>/commands.ts` knows how. */
export type Preparation =
  | { what: 'raiseHold'; type: HoldType }
  | { what: 'releaseHold'; holdId: string; reference: string }
  | { what: 'storeDocument'; kind: string; validUntil: Instant; issuedBy?: string | undefined }
  | { what: 'separateHousehold' | 'confirmHousehold' }
  | { what: 'findConsulate'; partnerId: string };

/** A command of any subject. `Judged`: the arguments that are sent to the workflow. `Sent`: these, and the made id. */
export type Command<
  State = object,
  Done = Effect<Subject>,
  Name extends string = string,
  Judged = Fields,
  Sent = Judged,
> = {
  readonly name: Name;
  /** what the caller gives; the API writes its fields in snake_case */
  readonly args: z.ZodObject;
  readonly example: Readonly<Fields>;
  readonly roles: readonly Role[];
  /** whether a reason (code and note) must be given */
  readonly reason: boolean;
  readonly sentence: MessageKey;
  /** a row of domain/access.ts; `<subject>.command` where none is named */
  readonly permission?: 'movement.scan';
  /** `scans`: the route is not one of the table, because its body is another one */
  readonly address?: 'scans';
  readonly makes?: Made;
  /** the first of two people who must approve is answered that it is noted */
  readonly secondApproval?: true;
  /** arguments that are stored with what is made, and never reach Temporal */
  readonly staysBehind: readonly string[];
  /** only those who may know holds read its note */
  readonly noteRestricted?: true;
  /** Temporal notices some things in a new run only */
  readonly then?: 'continueAsNew';
  /** undefined: nothing is made, and no id is answered */
  prepare?(args: Fields): Preparation | undefined;
  /** arguments with which it can be asked whether the command is allowed at all */
  plausible(state: State, at: Instant): Judged;
  /** why it is refused now, in a sentence that any member of staff may read; undefined: allowed */
  refusal(state: State, args: Judged, given: Given): string | undefined;
  /** only called when nothing refuses */
  effect(state: State, args: Sent, given: Given): Done;
};

type Judged<Shape extends z.ZodRawShape, Behind extends string> = Omit<z.output<z.ZodObject<Shape>>, Behind>;
type MadeId<M extends Made> = [M] extends [never] ? unknown : Record<`${M}Id`, string>;

/** How the commands of one kind of subject are defined. */
export function commandsOf<S extends Subject>() {
  return <
    const Name extends string,
    Shape extends z.ZodRawShape,
    M extends Made = never,
    Behind extends keyof z.output<z.ZodObject<Shape>> & string = never,
  >(definition: {
    name: Name;
    args: Shape;
    /** as a caller writes it; without it a command has no arguments */
    example?: z.input<z.ZodObject<Shape>>;
    roles: readonly Role[];
    reason?: true;
    sentence: MessageKey;
    permission?: 'movement.scan';
    address?: 'scans';
    makes?: M;
    secondApproval?: true;
    prepare?(args: z.output<z.ZodObject<NoInfer<Shape>>>): Preparation | undefined;
    staysBehind?: readonly Behind[];
    noteRestricted?: true;
    then?: 'continueAsNew';
    /** what of the example depends on the state */
    plausible?(state: S['state'], at: Instant): Partial<Judged<Shape, NoInfer<Behind>>>;
    refusal?(state: S['state'], args: Judged<Shape, NoInfer<Behind>>, given: Given): string | undefined;
    effect(state: S['state'], args: Judged<Shape, NoInfer<Behind>> & MadeId<M>, given: Given): Effect<S>;
  }): Command<
    S['state'],
    Effect<S>,
    Name,
    Judged<Shape, NoInfer<Behind>>,
    Judged<Shape, NoInfer<Behind>> & MadeId<M>
  > => {
    const { args, example = {}, plausible, ...rest } = definition;
    const schema = z.strictObject(args);
    const read: z.output<typeof schema> = schema.parse(example);
    return Object.freeze({
      staysBehind: [],
      refusal: () => undefined,
      ...rest,
      reason: definition.reason === true,
      args: schema,
      example,
      // The fields that stay behind are there as well, and nothing looks at them.
      plausible: (state: S['state'], at: Instant) => ({ ...read, ...plausible?.(state, at) }),
    });
  };
}

/** All commands of a kind of subject. */
export type Commands<State = object, Name extends string = string, ByName = Readonly<Record<Name, Command>>> = {
  readonly names: readonly Name[];
  readonly byName: ByName;
  readonly list: readonly Command[];
  /** Why it is refused now, or undefined: first by the role, then the reason, then the state. */
  refusal(name: Name, state: State, args: Fields, given: Given): string | undefined;
  /** Those that somebody with one of these roles can give now. */
  allowed(state: State, roles: readonly Role[], at: Instant): Name[];
};

/** @param over why a subject takes no command at all, or undefined */
export function commandSet<State extends object, const List extends readonly Command[]>(
  over: (state: State) => string | undefined,
  list: List,
): Commands<State, List[number]['name'], { readonly [C in List[number] as C['name']]: C }> {
  type Name = List[number]['name'];
  const names: readonly Name[] = list.map(({ name }) => name);
  // The compiler cannot follow names through `fromEntries`.
  const byName = Object.freeze(Object.fromEntries(list.map((command) => [command.name, command]))) as {
    readonly [C in List[number] as C['name']]: C;
  };
  const erased: ReadonlyMap<string, Command> = new Map(list.map((command) => [command.name, command]));
  const refusal = (name: Name, state: State, args: Fields, given: Given): string | undefined => {
    const command = erased.get(name);
    if (!command?.roles.includes(given.actor.role)) return `This is not for a ${given.actor.role} to decide`;
    if (command.reason && !given.reasonCode) return 'A reason must be given';
    return over(state) ?? command.refusal(state, args, given);
  };
  return Object.freeze({
    names,
    byName,
    list: [...erased.values()],
    refusal,
    allowed: (state: State, roles: readonly Role[], at: Instant) =>
      names.filter((name) => {
        const args = erased.get(name)?.plausible(state, at) ?? {};
        return roles.some(
          (role) =>
            refusal(name, state, args, { at, actor: { kind: 'staff', id: '', role }, reasonCode: 'requested' }) ===
            undefined,
        );
      }),
  });
}

/** The roles that may give at least one of these commands. */
export function rolesGiving(commands: readonly Pick<Command, 'roles'>[]): Role[] {
  return [...new Set(commands.flatMap(({ roles }) => roles))];
}

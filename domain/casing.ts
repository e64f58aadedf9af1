/** `confirmIdentity` as `confirm_identity`. */
export type SnakeCase<S extends string, Done extends string = ''> = S extends `${infer First}${infer Rest}`
  ? SnakeCase<Rest, `${Done}${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}`>
  : Done;

/** Names that outsiders write in snake_case and the code in camelCase, and both ways between them. */
export type Names<N extends string> = {
  /** all of them as outsiders write them, in the order of the code */
  readonly outside: readonly SnakeCase<N>[];
  out(name: N): SnakeCase<N>;
  in(name: SnakeCase<N>): N;
  /** a name of which only the text is known. @throws Error where it is none of these */
  outOf(name: string): SnakeCase<N>;
  /** a name of which it is not known whether it is one of these; any other stays as it is */
  outOrSame(name: string): string;
};

/** @throws Error where two of the names would look the same outside */
export function namesOf<const N extends string>(inside: readonly N[]): Names<N> {
  const outward = new Map<string, SnakeCase<N>>(inside.map((name) => [name, snakeCase(name)]));
  const inward = new Map<string, N>(inside.map((name) => [snakeCase(name), name]));
  if (inward.size !== outward.size) throw new Error('Two names of one table look the same in snake_case');
  const found = <T>(table: ReadonlyMap<string, T>, name: string): T => {
    const other = table.get(name);
    if (other === undefined) throw new Error('This name is not in the table');
    return other;
  };
  return {
    outside: inside.map(snakeCase),
    out: (name) => found(outward, name),
    in: (name) => found(inward, name),
    outOf: (name) => found(outward, name),
    outOrSame: (name) => outward.get(name) ?? name,
  };
}

/** Names of fields of stored data in snake_case; the values stay. */
export function snakeCaseFields<V>(fields: Readonly<Record<string, V>>): Record<string, V> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [snakeCase(name), value]));
}

type CamelCase<S extends string> = S extends `${infer First}_${infer Rest}`
  ? `${First}${Capitalize<CamelCase<Rest>>}`
  : S;
type Inside<T> = T extends readonly unknown[]
  ? Array<Inside<T[number]>>
  : T extends object
    ? { [K in keyof T as K extends string ? CamelCase<K> : never]: Inside<Exclude<T[K], undefined>> }
    : T;
type Outside<T> = T extends readonly unknown[]
  ? Array<Outside<T[number]>>
  : T extends object
    ? { [K in keyof T as K extends string ? SnakeCase<K> : never]: Outside<T[K]> }
    : T;

/**
 * What a schema has read, with the names of its fields in camelCase at every depth; the values stay. A field that was
 * not given is absent.
 */
export const camelCased = <T>(value: T): Inside<T> => renamed(value, camelCase) as Inside<T>;

/** An answer, with the names of its fields in snake_case at every depth; the values stay. */
export const snakeCased = <T>(value: T): Outside<T> => renamed(value, snakeCase) as Outside<T>;

function renamed(value: unknown, rename: (name: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => renamed(item, rename));
  if (typeof value !== 'object' || value === null) return value;
  const given = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(given.map(([name, field]) => [rename(name), renamed(field, rename)]));
}

/** The way back, for arguments whose schema has read them: `household_id` is `householdId`. */
export function camelCaseFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [camelCase(name), value]));
}

function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

export function snakeCase<S extends string>(name: S): SnakeCase<S> {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) as SnakeCase<S>;
}

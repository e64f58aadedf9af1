/** The part of an OpenAPI document that this file changes. */
export type Document = {
  paths?: Record<string, Record<string, Operation>>;
  components?: { schemas?: Record<string, unknown> };
};
type Operation = { security?: unknown[]; parameters?: unknown[]; responses: Record<string, unknown> };

const SCHEMAS = '#/components/schemas/';

/**
 * The document with what many routes repeat written once: the answer with a problem, under each of `statuses` of a
 * route behind a token, and the header with the idempotency key. Schemas that nothing names are left out, because
 * each named schema comes in two forms, one for bodies and one for answers.
 */
export function shareRepeats<T extends Document>(document: T, statuses: readonly number[], problem: object): T {
  let key: unknown;
  for (const operation of Object.values(document.paths ?? {}).flatMap((path) => Object.values(path))) {
    operation.parameters?.forEach((parameter, index, parameters) => {
      if (!isKeyHeader(parameter)) return;
      key = parameter;
      parameters[index] = { $ref: '#/components/parameters/IdempotencyKey' };
    });
    if (operation.security?.length === 0) continue;
    for (const status of statuses) {
      operation.responses[String(status)] ??= { $ref: '#/components/responses/Problem' };
    }
  }
  const components = {
    ...document.components,
    parameters: { IdempotencyKey: key },
    responses: { Problem: problem },
  };
  const named = namedSchemas([document.paths, components.responses], document.components?.schemas ?? {});
  return { ...document, components: { ...components, schemas: named } };
}

function isKeyHeader(parameter: unknown): boolean {
  return (
    typeof parameter === 'object' &&
    parameter !== null &&
    'in' in parameter &&
    parameter.in === 'header' &&
    'name' in parameter &&
    parameter.name === 'idempotency-key'
  );
}

/** The schemas that the parts name, directly or through another schema, in the order of the alphabet. */
function namedSchemas(parts: unknown, schemas: Record<string, unknown>): Record<string, unknown> {
  const named = new Set<string>();
  const look = (part: unknown): void => {
    if (typeof part !== 'object' || part === null) return;
    for (const [key, value] of Object.entries(part)) {
      if (key !== '$ref' || typeof value !== 'string' || !value.startsWith(SCHEMAS)) look(value);
      else if (!named.has(value.slice(SCHEMAS.length))) {
        named.add(value.slice(SCHEMAS.length));
        look(schemas[value.slice(SCHEMAS.length)]);
      }
    }
  };
  look(parts);
  return Object.fromEntries([...named].sort().map((name) => [name, schemas[name]]));
}

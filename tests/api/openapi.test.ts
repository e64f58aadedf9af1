import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCESS, type Action } from '../../domain/access.ts';
import type { Commands } from '../../domain/commands.ts';
import { JOURNEY_COMMANDS } from '../../domain/journeys/commands/index.ts';
import { MOVEMENT_COMMANDS } from '../../domain/movements/commands/index.ts';
import { OPERATION_COMMANDS } from '../../domain/operations/commands/index.ts';
import { EVENTS } from '../../domain/outboxEvents.ts';
import { type TestSystem, testSystem } from './system.ts';

const COMMITTED = new URL('../../openapi.json', import.meta.url);

type Parameter = { name: string; in: string; required?: boolean };
type Operation = {
  security?: unknown[];
  parameters?: Array<Parameter | { $ref: string }>;
  responses: Record<string, unknown>;
  operationId?: string;
  'x-permission'?: string;
};
type Description = {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  webhooks: Record<string, unknown>;
  components: Record<string, Record<string, unknown>>;
};

let system: TestSystem;
let text: string;
let description: Description;
beforeAll(async () => {
  system = await testSystem();
  const answer = await system.inject({ method: 'GET', url: '/openapi.json' });
  text = `${JSON.stringify(JSON.parse(answer.text), null, 2)}\n`;
  description = JSON.parse(text);
  // `npm run openapi` writes it anew; without that it is only compared
  if (process.env['HOMEWARD_WRITE_OPENAPI'] === '1') writeFileSync(COMMITTED, text);
});
afterAll(() => system.close());

/** The thing itself where the document only points at it. */
function resolve(ref: string): unknown {
  const [root, part = '', kind = '', name = '', ...rest] = ref.split('/');
  expect([root, part, rest]).toEqual(['#', 'components', []]);
  return description.components[kind]?.[name];
}

function parameterOf(parameter: Parameter | { $ref: string }): Parameter {
  return '$ref' in parameter ? (resolve(parameter.$ref) as Parameter) : parameter;
}

function refsIn(part: unknown): string[] {
  if (typeof part !== 'object' || part === null) return [];
  return Object.entries(part).flatMap(([key, value]) =>
    key === '$ref' && typeof value === 'string' ? [value] : refsIn(value),
  );
}

/** Every name of a field and every value of a closed set that is text, with the place where it stands. */
function namesIn(part: unknown, place: string): Array<[name: string, place: string]> {
  if (typeof part !== 'object' || part === null) return [];
  return Object.entries(part).flatMap(([key, value]): Array<[string, string]> => {
    const here = `${place}/${key}`;
    const own =
      key === 'enum' && Array.isArray(value)
        ? value.filter((name) => typeof name === 'string')
        : key === 'properties' && typeof value === 'object' && value !== null
          ? Object.keys(value)
          : [];
    return [...own.map((name): [string, string] => [name, here]), ...namesIn(value, here)];
  });
}

describe('every command', () => {
  const sets: Array<[string, Commands]> = [
    ['people', JOURNEY_COMMANDS],
    ['movements', MOVEMENT_COMMANDS],
    ['operations', OPERATION_COMMANDS],
  ];

  it('has its route, under its permission, and a schema with an example where it takes arguments', () => {
    for (const [place, { list }] of sets)
      for (const { name, args, address, permission } of list) {
        const kebab = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
        const route = description.paths[`/v1/${place}/{id}/${address ?? `commands/${kebab}`}`]?.['post'];
        expect(route, name).toBeDefined();
        if (permission !== undefined) expect(route?.['x-permission']).toBe(permission);
        if (address !== undefined || Object.keys(args.shape).length === 0) continue;
        const schema = `${name.charAt(0).toUpperCase()}${name.slice(1)}ArgsInput`;
        expect(description.components['schemas']?.[schema], schema).toMatchObject({ example: expect.anything() });
      }
  });
});

describe('openapi.json', () => {
  it('writes names and closed values in snake_case; codes from outside keep their capitals', () => {
    const names = namesIn(description, '');
    expect(names.length).toBeGreaterThan(500);
    expect(names.filter(([name]) => /[a-z][A-Z]/.test(name))).toEqual([]);
  });

  it('writes the parts of addresses in kebab-case', () => {
    const parts = Object.keys(description.paths).flatMap((path) => path.split('/'));
    expect(parts.filter((part) => !/^(\{[a-z_]+\}|[a-z0-9.-]*)$/.test(part))).toEqual([]);
    expect(parts).toContain('confirm-identity');
  });

  it('names the operation of a command in snake_case', () => {
    const commands = Object.entries(description.paths).flatMap(([path, operations]) =>
      path.includes('/commands/') ? Object.values(operations).map(({ operationId }) => operationId) : [],
    );
    expect(commands.filter((id) => id !== undefined && !/^[a-z_]+$/.test(id))).toEqual([]);
    expect(commands).toContain('confirm_identity');
  });

  it('is what the routes say', () => {
    expect(text).toBe(readFileSync(COMMITTED, 'utf8'));
  });

  it('is OpenAPI 3.1 and tells of every event as a webhook', () => {
    expect(description.openapi).toBe('3.1.0');
    expect(Object.keys(description.webhooks)).toEqual(Object.keys(EVENTS));
  });

  it('writes once what many routes repeat: each reference leads to a part, and each part is referred to', () => {
    const refs = new Set(refsIn(description));
    for (const ref of refs) expect(resolve(ref), ref).toBeDefined();
    const { securitySchemes: _, ...components } = description.components;
    const parts = Object.entries(components).flatMap(([kind, named]) =>
      Object.keys(named).map((name) => `#/components/${kind}/${name}`),
    );
    expect(parts.filter((part) => !refs.has(part))).toEqual([]);
    expect(text.length).toBeLessThan(600_000);
  });

  it('names every served route and no other', () => {
    const served = new Set(
      system.app
        .printRoutes({ commonPrefix: false, includeHooks: false })
        .split('\n')
        .flatMap((line) => /([/*:][^ ]*|\*) \(([^)]*)\)/.exec(line)?.slice(1, 3).join(' ') ?? []),
    );
    expect(served.size).toBeGreaterThan(20);
    const described = Object.values(description.paths).reduce((sum, path) => sum + Object.keys(path).length, 0);
    expect(described).toBeGreaterThan(80);
  });

  it('asks for a key on every POST behind a token that changes something, and for a token everywhere else', () => {
    for (const [path, operations] of Object.entries(description.paths)) {
      for (const [method, operation] of Object.entries(operations)) {
        const permission = operation['x-permission'] as Action;
        expect(ACCESS[permission], `${method} ${path}`).toBeDefined();
        const open = ACCESS[permission].reach === 'public';
        expect(operation.security?.length === 0, `${method} ${path}`).toBe(open);
        const keyed =
          operation.parameters
            ?.map(parameterOf)
            .some((p) => p.in === 'header' && p.name === 'idempotency-key' && p.required) ?? false;
        expect(keyed, `${method} ${path}`).toBe(method === 'post' && !open && path !== '/v1/people/search');
      }
    }
  });
});

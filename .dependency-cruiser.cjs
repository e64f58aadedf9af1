/**
 * The layers of the system and who may import whom. Arrows point towards `domain`; nothing points at
 * `processes`. A room without a row here may import nothing of ours.
 */
const rooms = {
  domain: [],
  workflows: ['domain'],
  activities: ['domain'],
  adapters: ['domain'],
  api: ['domain'],
  console: [],
  sandbox: ['domain'],
  prisma: [],
  cli: [],
  processes: ['domain', 'workflows', 'activities', 'adapters', 'api', 'console', 'sandbox', 'prisma'],
};
const everyRoom = [...Object.keys(rooms), 'bench', 'tests', 'scripts', 'deploy', 'docs'];

/** What a room may import besides whole rooms: single files, or types alone. */
const exceptions = {
  // The client of our own API is generated: console, sandbox and command speak through it.
  console: ['^client/'],
  sandbox: ['^client/'],
  cli: ['^client/'],
  api: ['^workflows/messages\\.ts$'],
};
const typesOnly = {
  workflows: ['^activities/'],
  adapters: ['^activities/', '^workflows/messages\\.ts$'],
  activities: ['^workflows/messages\\.ts$'],
  api: ['^activities/', '^adapters/'],
};

const isOurs = `^(?:${everyRoom.join('|')})/`;

const roomRules = Object.entries(rooms).flatMap(([room, allowed]) => {
  const whole = [room, ...allowed].map((name) => `^${name}/`);
  const free = [...whole, ...(exceptions[room] ?? [])];
  const types = typesOnly[room] ?? [];
  return [
    {
      name: `${room}-imports-its-own`,
      comment: `${room}/ may import ${allowed.join(', ') || 'nothing'} of ours`,
      severity: 'error',
      from: { path: `^${room}/` },
      to: { path: isOurs, pathNot: [...free, ...types] },
    },
    ...(types.length === 0
      ? []
      : [
          {
            name: `${room}-imports-types-only`,
            comment: `${room}/ may import types, and nothing that runs, of ${types.join(', ')}`,
            severity: 'error',
            from: { path: `^${room}/` },
            to: { path: types, pathNot: free, dependencyTypesNot: ['type-only'] },
          },
        ]),
  ];
});

/** Small pure packages without state. */
const PURE_PACKAGES = ['i18n-iso-countries', 'any-ascii', 'libphonenumber-js', 'zod'];

module.exports = {
  forbidden: [
    ...roomRules,
    {
      name: 'domain-is-pure',
      comment: 'domain/ does no I/O: no node: modules, and only small pure packages',
      severity: 'error',
      from: { path: '^domain/' },
      to: {
        dependencyTypes: ['core', 'npm', 'npm-dev'],
        pathNot: PURE_PACKAGES.map((name) => `node_modules/${name}/`),
      },
    },
    {
      name: 'workflows-are-deterministic',
      comment: 'workflows/ run in the replay sandbox: of packages, only the Temporal workflow ones',
      severity: 'error',
      from: { path: '^workflows/' },
      to: {
        dependencyTypes: ['core', 'npm', 'npm-dev'],
        pathNot: 'node_modules/@temporalio/(?:workflow|common)/',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'nothing-points-at-processes',
      severity: 'error',
      from: { pathNot: '^(?:processes|tests|bench|scripts)/' },
      to: { path: '^processes/' },
    },
    {
      name: 'no-circle',
      comment: 'A circle of imports that run has no order of reading; circles of types are let through',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'no-unknown-file', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-development-package-at-work',
      comment: 'What ships runs without devDependencies; the one-machine mode and the sandbox are for development',
      severity: 'error',
      from: {
        path: '^(?:domain|workflows|activities|adapters|api|console|prisma/migrate)',
        pathNot: '^adapters/postgres/generated/',
      },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '^adapters/postgres/generated/'] },
    exclude: { path: '^adapters/postgres/generated/' },
    tsPreCompilationDeps: 'specify',
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};

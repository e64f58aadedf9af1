/**
 * The only reader of the environment. Everything that can be set stands in settings.ts with its default and
 * is checked at the start; what is wrong is told at once and in one list. A secret may be given as `NAME_FILE`, the path of a file that holds it.
 */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { RetentionTimes } from '../application/retention/removeOld.ts';
import { SECRETS, type Settings, settings } from './settings.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface Config {
  /** Folder of everything local mode keeps, absolute. */
  dataDir: string;
  /** Folder of fetched programs, shared by all checkouts of a user, absolute. */
  cacheDir: string;
  /** Partners on 127.0.0.1 may be called. Never set it where others can register partners. */
  local: boolean;
  logLevel: 'debug' | 'info' | 'warn' | 'error';
  database: { url: string; poolSize: number };
  temporal: TemporalConfig;
  /** `tokenType`: what the header `typ` of an access token must say (`at+jwt` where the issuer follows RFC 9068). */
  oidc: { issuer: string; audience: string; tokenType: string | undefined };
  /** File with the keys that wrap the keys of people, absolute. */
  keyFile: string;
  /** `trustedProxies`: whoever connects from there is believed for whom it asks (X-Forwarded-For). */
  api: { host: string; port: number; publicUrl: string; trustedProxies: string[] };
  /** How long is kept what is not kept for good. */
  retention: RetentionTimes;
  /** When a worker makes its version current by itself (adapters/temporal/versions.ts). */
  takesOver: 'when_none' | 'when_new';
  /** File with the workflows of an older version that this worker is to run, absolute; its own build's where it is undefined. */
  olderBundle: string | undefined;
  /** Metrics and health of the worker. */
  workerPort: number;
  sandboxPort: number;
}

export interface TemporalConfig {
  connection: {
    address: string;
    tls?: Exclude<TemporalConnection['tls'], undefined>;
    apiKey?: string;
    metadata?: Record<string, string>;
  };
  namespace: string;
}

type TemporalConnection = ReturnType<typeof loadClientConnectConfig>['connectionOptions'];

/** What `npm start` needs to know: what is given from outside is used, everything else it starts itself. */
export interface LocalConfig extends Omit<Config, 'database' | 'temporal' | 'oidc' | 'keyFile'> {
  database: { url: string | undefined; migrateUrl: string | undefined; poolSize: number };
  /** Undefined when no server is given. */
  temporal: TemporalConfig | undefined;
  oidc: { issuer: string | undefined; audience: string; tokenType: string | undefined };
  keyFile: string | undefined;
  ports: { temporal: number; temporalUi: number; issuer: number; postgres: number | undefined };
  /** Where a `temporal` program may be found on this machine. */
  programs: { temporal: string | undefined; path: string };
  /** The environment that the processes of the system get, with our settings in it. */
  environment: Record<string, string>;
}

/** The settings are wrong; `problems` has one readable line for each. */
export class ConfigInvalid extends Error {
  override name = 'ConfigInvalid';
  readonly problems: string[];

  constructor(problems: string[]) {
    super(
      `${problems.length === 1 ? 'One setting is' : `${problems.length} settings are`} wrong:\n${problems.map((problem) => `  ${problem}`).join('\n')}`,
    );
    this.problems = problems;
  }
}

/** Settings of a process of the system (worker, API). @throws ConfigInvalid with everything that is wrong or missing. */
export function readConfig(environment: Environment = process.env): Config {
  const { values, problems, env } = check(environment);
  const required = {
    DATABASE_URL: 'the address of the database',
    TEMPORAL_ADDRESS: 'host:port of the Temporal server',
    HOMEWARD_OIDC_ISSUER: 'the address of the OpenID issuer whose tokens count',
    HOMEWARD_KEY_FILE: 'the file with the keys that protect personal data',
  };
  const temporal = temporalFrom(env, problems);
  for (const [name, what] of Object.entries(required)) {
    const given = name === 'TEMPORAL_ADDRESS' ? temporal : env[name];
    if (given === undefined && !problems.some((problem) => problem.startsWith(`${name}:`)))
      problems.push(`${name}: is missing; it is ${what}`);
  }
  const { DATABASE_URL: url, HOMEWARD_OIDC_ISSUER: issuer, HOMEWARD_KEY_FILE: keyFile } = values;
  if (
    problems.length > 0 ||
    url === undefined ||
    issuer === undefined ||
    keyFile === undefined ||
    temporal === undefined
  ) {
    throw new ConfigInvalid(problems);
  }
  return {
    ...commonFrom(values, env),
    database: { url, poolSize: values.HOMEWARD_DATABASE_POOL },
    temporal,
    oidc: { issuer, audience: values.HOMEWARD_OIDC_AUDIENCE, tokenType: values.HOMEWARD_OIDC_TOKEN_TYPE },
    keyFile: resolve(keyFile),
  };
}

/** Settings of one machine (`npm start`). @throws ConfigInvalid with everything that is wrong. */
export function readLocalConfig(environment: Environment = process.env): LocalConfig {
  const { values, problems, env } = check(environment);
  const temporal = temporalFrom(env, problems);
  if (problems.length > 0) throw new ConfigInvalid(problems);
  return {
    ...commonFrom(values, env),
    local: true,
    database: {
      url: values.DATABASE_URL,
      migrateUrl: values.HOMEWARD_MIGRATE_URL ?? values.DATABASE_URL,
      poolSize: values.HOMEWARD_DATABASE_POOL,
    },
    temporal,
    oidc: {
      issuer: values.HOMEWARD_OIDC_ISSUER,
      audience: values.HOMEWARD_OIDC_AUDIENCE,
      tokenType: values.HOMEWARD_OIDC_TOKEN_TYPE,
    },
    keyFile: values.HOMEWARD_KEY_FILE === undefined ? undefined : resolve(values.HOMEWARD_KEY_FILE),
    ports: {
      temporal: values.HOMEWARD_TEMPORAL_PORT,
      temporalUi: values.HOMEWARD_TEMPORAL_UI_PORT,
      issuer: values.HOMEWARD_ISSUER_PORT,
      postgres: values.HOMEWARD_POSTGRES_PORT,
    },
    programs: { temporal: values.TEMPORAL_CLI_PATH, path: environment.PATH ?? '' },
    environment: Object.fromEntries(
      Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined),
    ),
  };
}

/** Address under which migrations run. @throws ConfigInvalid */
export function readMigrateUrl(environment: Environment = process.env): string {
  const { values, problems } = check(environment);
  const url = values.HOMEWARD_MIGRATE_URL ?? values.DATABASE_URL;
  if (url === undefined && problems.length === 0) {
    problems.push('HOMEWARD_MIGRATE_URL: is missing; it is the address of the database under the role that owns it');
  }
  if (problems.length > 0 || url === undefined) throw new ConfigInvalid(problems);
  return url;
}

/** Folder of programs that were fetched once for all checkouts of this user. */
export function cacheFolder(environment: Environment = process.env): string {
  return join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'homeward');
}

/** Reads and checks; what is wrong is collected and not thrown, so that the list is whole. */
function check(environment: Environment): { values: Settings; problems: string[]; env: Environment } {
  const problems: string[] = [];
  const env = withSecretsFromFiles(environment, problems);
  const known = new Set([...Object.keys(settings.shape), ...SECRETS.map((name) => `${name}_FILE`)]);
  for (const name of Object.keys(env)) {
    if (name.startsWith('HOMEWARD_') && !known.has(name)) problems.push(`${name}: is not a setting of Homeward`);
  }
  const given = Object.fromEntries(Object.keys(settings.shape).map((name) => [name, env[name]]));
  const result = settings.safeParse(given);
  if (!result.success) {
    // The value itself is not repeated: it may be a password. What is wrong is left out, and the check goes on.
    for (const { path, message } of result.error.issues) {
      problems.push(`${path.join('.')}: ${message}`);
      delete given[String(path[0])];
    }
  }
  const values = result.success ? result.data : settings.parse(given);
  problems.push(...portClashes(values));
  return { values, problems, env };
}

/** Without empty settings, which count as not set, and with the secrets that stand in files. */
function withSecretsFromFiles(environment: Environment, problems: string[]): Environment {
  const env = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  for (const name of SECRETS) {
    const file = env[`${name}_FILE`];
    if (file === undefined) continue;
    if (env[name] !== undefined) problems.push(`${name}_FILE: is set beside ${name}; set one of them`);
    try {
      env[name] = readFileSync(file, 'utf8').trim();
    } catch (error) {
      problems.push(
        `${name}_FILE: ${file} cannot be read (${error instanceof Error && 'code' in error ? String(error.code) : 'unknown'})`,
      );
    }
  }
  return env;
}

function portClashes(values: Settings): string[] {
  const ports = Object.entries(values).filter(
    (entry): entry is [string, number] => entry[0].endsWith('_PORT') && typeof entry[1] === 'number',
  );
  return ports.flatMap(([name, value], index) =>
    ports
      .slice(0, index)
      .filter(([, other]) => other === value)
      .map(([other]) => `${name}: is ${value}, which is also ${other}`),
  );
}

function commonFrom(values: Settings, env: Environment) {
  return {
    dataDir: resolve(values.HOMEWARD_DATA),
    cacheDir: cacheFolder(env),
    local: values.HOMEWARD_LOCAL,
    logLevel: values.HOMEWARD_LOG_LEVEL,
    api: {
      host: values.HOMEWARD_API_HOST,
      port: values.HOMEWARD_API_PORT,
      publicUrl: (values.HOMEWARD_PUBLIC_URL ?? `http://127.0.0.1:${values.HOMEWARD_API_PORT}`).replace(/\/$/, ''),
      trustedProxies: values.HOMEWARD_TRUSTED_PROXIES,
    },
    retention: {
      answersDays: values.HOMEWARD_RETENTION_ANSWERS_DAYS,
      inboxDays: values.HOMEWARD_RETENTION_INBOX_DAYS,
      listsDays: values.HOMEWARD_RETENTION_LISTS_DAYS,
      peopleMonths: values.HOMEWARD_RETENTION_PEOPLE_MONTHS,
    },
    takesOver: values.HOMEWARD_TAKES_OVER,
    olderBundle: values.HOMEWARD_OLDER_BUNDLE === undefined ? undefined : resolve(values.HOMEWARD_OLDER_BUNDLE),
    workerPort: values.HOMEWARD_WORKER_PORT,
    sandboxPort: values.HOMEWARD_SANDBOX_PORT,
  };
}

/**
 * Address, namespace, TLS and API key as Temporal's own tools read them. A profile file in the user's home counts only
 * when the environment asks for it: nobody's local start should land on a cluster by surprise.
 */
function temporalFrom(env: Environment, problems: string[]): TemporalConfig | undefined {
  const asked = ['TEMPORAL_ADDRESS', 'TEMPORAL_CONFIG_FILE', 'TEMPORAL_PROFILE'].some(
    (name) => env[name] !== undefined,
  );
  if (!asked) return undefined;
  try {
    const { connectionOptions, namespace = 'default' } = loadClientConnectConfig({
      disableFile: env.TEMPORAL_CONFIG_FILE === undefined && env.TEMPORAL_PROFILE === undefined,
      configFileStrict: true,
      overrideEnvVars: Object.fromEntries(
        Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
      ),
    });
    const { address, tls, apiKey, metadata } = connectionOptions;
    if (address === undefined) {
      problems.push('TEMPORAL_ADDRESS: is missing in the profile; it is host:port of the Temporal server');
      return undefined;
    }
    return {
      connection: {
        address,
        ...(tls !== undefined && { tls }),
        ...(typeof apiKey === 'string' && { apiKey }),
        ...(metadata !== undefined && { metadata: metadata as Record<string, string> }),
      },
      namespace,
    };
  } catch (error) {
    problems.push(`TEMPORAL_ADDRESS: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

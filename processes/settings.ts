import { z } from 'zod';

/** Settings that may also come from a file named by `…_FILE`. */
export const SECRETS = ['DATABASE_URL', 'HOMEWARD_MIGRATE_URL', 'TEMPORAL_API_KEY'];

const port = z.coerce
  .number('a port is a whole number')
  .int('a port is a whole number')
  .min(1, 'a port is at least 1')
  .max(65_535, 'a port is at most 65535');
const flag = z
  .enum(['true', 'false', '1', '0', 'yes', 'no'], 'say true or false')
  .transform((word) => ['true', '1', 'yes'].includes(word));
const retention = z.coerce
  .number('a whole number')
  .int('a whole number')
  .min(1, 'at least 1')
  .max(10_000, 'at most 10000');
/** An address or a network (`10.0.0.0/8`); a count of hops would change its meaning with the number of proxies. */
const network = z.union(
  [z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()],
  'addresses or networks such as 10.0.0.0/8, parted by commas',
);
const webAddress = z.url({ protocol: /^https?$/, error: 'an address that begins with http:// or https://' });

const databaseAddress = z.url({
  protocol: /^postgres(ql)?$/,
  error: 'an address such as postgresql://user:password@host:5432/homeward',
});

/** Everything that can be set, with its default. */
export const settings = z.object({
  DATABASE_URL: databaseAddress.optional(),
  HOMEWARD_DATABASE_POOL: z.coerce.number().int().min(2).max(500).default(20),
  HOMEWARD_DATA: z.string().default('.homeward'),
  HOMEWARD_RETENTION_ANSWERS_DAYS: retention.default(30),
  HOMEWARD_RETENTION_INBOX_DAYS: retention.default(400),
  HOMEWARD_RETENTION_LISTS_DAYS: retention.default(30),
  HOMEWARD_RETENTION_PEOPLE_MONTHS: retention.default(24),
  HOMEWARD_KEY_FILE: z.string().optional(),
  HOMEWARD_LOCAL: flag.default(false),
  HOMEWARD_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error'], 'one of debug, info, warn, error').default('info'),
  /** The same database under the role that owns it: migrations run there, and API and worker never do. */
  HOMEWARD_MIGRATE_URL: databaseAddress.optional(),
  HOMEWARD_OIDC_ISSUER: webAddress.optional(),
  HOMEWARD_OLDER_BUNDLE: z.string().optional(),
  HOMEWARD_OIDC_AUDIENCE: z.string().default('homeward'),
  HOMEWARD_OIDC_TOKEN_TYPE: z.string().optional(),
  HOMEWARD_PUBLIC_URL: webAddress.optional(),
  HOMEWARD_API_HOST: z.string().default('127.0.0.1'),
  HOMEWARD_API_PORT: port.default(8080),
  HOMEWARD_TAKES_OVER: z.enum(['when_none', 'when_new'], 'one of when_none, when_new').default('when_none'),
  HOMEWARD_TRUSTED_PROXIES: z
    .string()
    .default('')
    .transform((list) => list.split(',').flatMap((one) => one.trim() || []))
    .pipe(z.array(network)),
  HOMEWARD_WORKER_PORT: port.default(8081),
  HOMEWARD_TEMPORAL_PORT: port.default(7233),
  HOMEWARD_TEMPORAL_UI_PORT: port.default(8233),
  HOMEWARD_POSTGRES_PORT: port.optional(),
  HOMEWARD_ISSUER_PORT: port.default(8089),
  HOMEWARD_SANDBOX_PORT: port.default(8090),
  TEMPORAL_ADDRESS: z
    .string()
    .regex(/^[^\s/]+:\d+$/, 'host:port')
    .optional(),
  TEMPORAL_CLI_PATH: z.string().optional(),
});

export type Settings = z.infer<typeof settings>;

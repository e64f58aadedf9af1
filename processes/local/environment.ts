import { join } from 'node:path';
import { type RunningIssuer, TOKEN_TYPE } from '../../sandbox/issuer/issuer.ts';
import type { LocalConfig } from '../config.ts';

/** What the processes get to read: our own surroundings, and the addresses of what was started. */
export function processEnvironment(
  config: LocalConfig,
  started: { databaseUrl: string; temporal: { address: string }; issuer: RunningIssuer | undefined },
): Record<string, string> {
  // The address itself is handed on, so the file it may have come from is not named beside it.
  const { DATABASE_URL_FILE: _, ...surroundings } = config.environment;
  return {
    ...compiledIn(config),
    ...surroundings,
    HOMEWARD_LOCAL: 'true',
    HOMEWARD_DATA: config.dataDir,
    HOMEWARD_KEY_FILE: config.keyFile ?? ownKeyFile(config),
    DATABASE_URL: started.databaseUrl,
    TEMPORAL_ADDRESS: started.temporal.address,
    ...(started.issuer === undefined
      ? {}
      : {
          HOMEWARD_OIDC_ISSUER: started.issuer.issuer,
          HOMEWARD_OIDC_AUDIENCE: started.issuer.audience,
          HOMEWARD_OIDC_TOKEN_TYPE: TOKEN_TYPE,
        }),
  };
}

/** What Node has compiled once is not compiled again at the next start, which is most of a process's own time to start. */
export function compiledIn({ dataDir }: LocalConfig): Record<string, string> {
  return { NODE_COMPILE_CACHE: join(dataDir, 'compiled') };
}

/** Where the keys stand that local mode makes for itself. */
export function ownKeyFile({ dataDir }: LocalConfig): string {
  return join(dataDir, 'keys.json');
}

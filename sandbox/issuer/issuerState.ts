import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { z } from 'zod';

/** What the issuer keeps over a restart, so that tokens and sign-ins stay good: signing keys, secrets, cookie keys. */
export type IssuerState = { keys: JWK[]; secrets: Record<string, string>; cookieKeys: string[] };

const Kept = z.object({
  keys: z.array(z.looseObject({ kty: z.string(), kid: z.string() })).min(1),
  secrets: z.record(z.string(), z.string()),
  cookieKeys: z.array(z.string()).min(1),
});

/**
 * Reads `issuer.json` in `dataDir`, or makes it (readable by its owner alone). Clients that are new get a secret.
 * @throws Error where the file is there but not readable as one: it is never made anew over an old one
 */
export async function issuerStateFor(dataDir: string, clientIds: readonly string[]): Promise<IssuerState> {
  await mkdir(dataDir, { recursive: true });
  const path = join(dataDir, 'issuer.json');
  const kept = (await read(path)) ?? { keys: [await signingKey()], secrets: {}, cookieKeys: [secret()] };
  const missing = clientIds.filter((id) => kept.secrets[id] === undefined);
  if (missing.length === 0) return kept;
  for (const id of missing) kept.secrets[id] = secret();
  // Written beside and moved, so that a crash in between leaves the old one whole.
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(kept, null, 2)}\n`, { mode: 0o600 });
  await rename(draft, path);
  return kept;
}

/** Sign-ins of an issuer that keeps its things in `dataDir`: the id of a client is that of its user. @throws where there is none */
export async function readSignIns(
  dataDir: string,
): Promise<Array<{ id: string; clientId: string; clientSecret: string }>> {
  const kept = await read(join(dataDir, 'issuer.json'));
  if (!kept) throw new Error(`There are no sign-ins in ${dataDir}`);
  return Object.entries(kept.secrets).map(([id, clientSecret]) => ({ id, clientId: id, clientSecret }));
}

async function read(path: string): Promise<IssuerState | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return Kept.parse(JSON.parse(text));
  } catch {
    throw new Error(
      `${path} is damaged. Remove it to make new sign-ins; tokens given out so far then no longer count.`,
    );
  }
}

async function signingKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('RS256', { modulusLength: 2048, extractable: true });
  return { ...(await exportJWK(privateKey)), kid: randomBytes(8).toString('hex'), use: 'sig', alg: 'RS256' };
}

function secret(): string {
  return randomBytes(24).toString('base64url');
}

import { createHash, createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';

/**
 * The keys from outside the database. `current` wraps and encrypts new data; the others still decrypt old data.
 * They are KeyObjects, which never print their bytes.
 */
export type Keyring = {
  current: string;
  keys: ReadonlyMap<string, { wrapping: KeyObject; encryption: KeyObject }>;
  /** of the search keys; never rotated, because rotation would re-encrypt the keys of every person */
  search: KeyObject;
};

const KEY_BYTES = 32;
const Key = z.string().transform((text, context) => {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length === KEY_BYTES && isRandom(bytes)) return bytes;
  context.addIssue({ code: 'custom', message: `a key is ${KEY_BYTES} random bytes in base64` });
  return z.NEVER;
});
const KeyFile = z.strictObject({
  version: z.literal(1),
  current: z.string(),
  keys: z.array(z.strictObject({ id: z.string().regex(/^[\w-]{1,64}$/), key: Key })).min(1),
  search: Key,
});

/**
 * Reads the file that HOMEWARD_KEY_FILE names. It is JSON, `{version: 1, current, keys: [{id, key}], search}` with 32
 * bytes in base64 each, or one bare key (32 bytes, or their base64 or hex) from which the others are derived.
 *
 * Rotation: add a new key to `keys`, name it `current`, restart, rewrap the old data keys (`rewrapKey`), and remove the
 * old key when no row names it.
 * @param createIfMissing makes one, readable by its owner alone: for one machine. Without the file all data is lost.
 * @throws Error that says what is wrong with the file, and never quotes its content
 */
export async function loadKeyring(
  path: string,
  { createIfMissing = false }: { createIfMissing?: boolean } = {},
): Promise<Keyring> {
  let content: Buffer;
  try {
    content = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      throw new Error(`The key file ${path} cannot be read.`, { cause: error });
    if (!createIfMissing)
      throw new Error(
        `There is no key file at ${path}. Set HOMEWARD_KEY_FILE to the one that this database was made with.`,
        { cause: error },
      );
    await createKeyFile(path);
    content = await readFile(path);
  }
  return parseKeyring(content, path);
}

function parseKeyring(content: Buffer, path: string): Keyring {
  const bare = bareKey(content);
  if (bare) {
    // The id derives from the key, so that every process uses the same.
    const id = createHash('sha256').update('homeward key id').update(bare).digest('hex').slice(0, 16);
    return { current: id, keys: new Map([[id, derived(bare)]]), search: subkey(bare, 'search') };
  }
  const json = parsedJson(content);
  if (json === undefined)
    throw new Error(`The key file ${path} is neither JSON nor one key of ${KEY_BYTES} random bytes.`);
  const file = KeyFile.safeParse(json);
  if (!file.success) {
    const places = file.error.issues.map((issue) => `${issue.path.join('.') || 'file'}: ${issue.message}`);
    throw new Error(`The key file ${path} is not valid. ${places.join('; ')}`);
  }
  const { current, keys, search } = file.data;
  const byId = new Map(keys.map(({ id, key }) => [id, derived(key)]));
  if (byId.size !== keys.length) throw new Error(`The key file ${path} has two keys of one id.`);
  if (!byId.has(current)) throw new Error(`The key file ${path} names a current key that is not among its keys.`);
  return { current, keys: byId, search: createSecretKey(search) };
}

/** The parser's own error is dropped, because it quotes the file. */
function parsedJson(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString('utf8'));
  } catch {
    return undefined;
  }
}

function isRandom(bytes: Buffer): boolean {
  return bytes.some((byte) => byte !== bytes[0]);
}

function bareKey(content: Buffer): Buffer | undefined {
  const key = bareBytes(content);
  return key && isRandom(key) ? key : undefined;
}

function bareBytes(content: Buffer): Buffer | undefined {
  if (content.length === KEY_BYTES) return content;
  const text = content.toString('latin1').trim();
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  return /^[A-Za-z0-9+/]{43}=$/.test(text) ? Buffer.from(text, 'base64') : undefined;
}

/** One key for each use, so that a value encrypted for one use is never valid for another. */
function derived(key: Buffer): { wrapping: KeyObject; encryption: KeyObject } {
  return { wrapping: subkey(key, 'wrapping'), encryption: subkey(key, 'encryption') };
}

function subkey(key: Buffer, use: string): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', key, '', `homeward ${use}`, KEY_BYTES)));
}

/** Several processes may start at once: the first complete file is used by all. */
async function createKeyFile(path: string): Promise<void> {
  const id = `key-${randomBytes(4).toString('hex')}`;
  const key = () => randomBytes(KEY_BYTES).toString('base64');
  const content = { version: 1, current: id, keys: [{ id, key: key() }], search: key() };
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(content, null, 2)}\n`);
    // It is on the disk before anything is encrypted with it.
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft);
  }
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

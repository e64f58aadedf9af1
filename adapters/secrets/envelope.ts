import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import type { Keyring } from './keyring.ts';

export type { Keyring } from './keyring.ts';

/**
 * AES-256-GCM in two layers: fields are sealed under a data key of their person, and the data key is wrapped by a key
 * from outside the database. Deleting the wrapped key erases the person, in backups too, as soon as these have no row
 * of it either.
 *
 * Sealed bytes are: version (1), nonce (12), tag (16), ciphertext. The nonce is random; one key seals far fewer than
 * the 2^32 messages for which that is safe. Bound in as additional data: what it is for, whose, which field set, and
 * which key; so no sealed value opens in another's place.
 */

/** Whose and what: bound into the sealed bytes, and needed again to open them. */
export type SealContext = {
  /** id of the person, import, note… */
  subject: string;
  fieldSet: string;
  /** as stored beside the sealed bytes; it stays as it was when the data key is wrapped anew */
  keyId: string;
};

/** A data key as it lies in the database. */
export type WrappedKey = { kekId: string; wrapped: Buffer };

/** What was sealed does not open: another key, another place, or changed bytes. Which of them cannot be told. */
export class CannotOpen extends Error {
  constructor(what: string) {
    super(`${what} does not open`);
    this.name = 'CannotOpen';
  }
}

const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

// ---------------------------------------------------------------- data keys

/** A new data key: 32 random bytes, for one person, import or the like. */
export function newDataKey(): Buffer {
  return randomBytes(KEY_BYTES);
}

/** @param subject whose key it is; it unwraps for no other */
export function wrapKey(keyring: Keyring, subject: string, dataKey: Buffer): WrappedKey {
  const kekId = keyring.current;
  return { kekId, wrapped: seal(outerKey(keyring, kekId).wrapping, ['key', subject, kekId], dataKey) };
}

/** @throws CannotOpen */
export function unwrapKey(keyring: Keyring, subject: string, { kekId, wrapped }: WrappedKey): Buffer {
  return open(outerKey(keyring, kekId).wrapping, ['key', subject, kekId], wrapped, `The key of ${subject}`);
}

/** The same data key under the current key of the keyring, or undefined where it is so already. */
export function rewrapKey(keyring: Keyring, subject: string, stored: WrappedKey): WrappedKey | undefined {
  if (stored.kekId === keyring.current) return undefined;
  return wrapKey(keyring, subject, unwrapKey(keyring, subject, stored));
}

// ---------------------------------------------------------------- fields

/** @param fields anything that JSON can say */
export function sealFields(dataKey: Buffer, context: SealContext, fields: object): Buffer {
  return sealBytes(dataKey, context, Buffer.from(JSON.stringify(fields)));
}

/** What `sealFields` was given. @throws CannotOpen */
export function openFields(dataKey: Buffer, context: SealContext, sealed: Buffer): unknown {
  return JSON.parse(openBytes(dataKey, context, sealed).toString('utf8'));
}

export function sealBytes(dataKey: Buffer, context: SealContext, bytes: Uint8Array): Buffer {
  return seal(dataKey, boundTo(context), bytes);
}

/** @throws CannotOpen */
export function openBytes(dataKey: Buffer, context: SealContext, sealed: Buffer): Buffer {
  return open(dataKey, boundTo(context), sealed, `${context.fieldSet} of ${context.subject}`);
}

function boundTo({ subject, fieldSet, keyId }: SealContext): string[] {
  return ['fields', subject, fieldSet, keyId];
}

// ---------------------------------------------------------------- secrets of the house

/** Seals texts that belong to no person under the keyring itself. `label` says whose: they open for no other. */
export function houseSealer(keyring: Keyring): {
  seal(label: string, plain: string): { keyId: string; sealed: Buffer };
  /** @throws CannotOpen where key or label do not fit, or the bytes were changed */
  open(label: string, keyId: string, sealed: Buffer): string;
} {
  return {
    seal: (label, plain) => {
      const keyId = keyring.current;
      return { keyId, sealed: seal(outerKey(keyring, keyId).sealing, ['house', label, keyId], Buffer.from(plain)) };
    },
    open: (label, keyId, sealed) =>
      open(outerKey(keyring, keyId).sealing, ['house', label, keyId], sealed, `The secret of ${label}`).toString(
        'utf8',
      ),
  };
}

/** The secrets of a partner or endpoint, newest first, sealed together: while one is being replaced both count. */
export function secretBox(keyring: Keyring): {
  seal(owner: string, secrets: readonly string[]): { sealed: Buffer; keyId: string };
  /** @throws CannotOpen */
  open(owner: string, stored: { sealed: Buffer; keyId: string }): string[];
} {
  const sealer = houseSealer(keyring);
  return {
    seal: (owner, secrets) => sealer.seal(`secrets of ${owner}`, JSON.stringify(secrets)),
    open: (owner, { sealed, keyId }) => JSON.parse(sealer.open(`secrets of ${owner}`, keyId, sealed)) as string[],
  };
}

// ---------------------------------------------------------------- search

/**
 * What a value is found by without standing there: HMAC-SHA256 under a key of its own, 43 characters of base64url.
 * The caller brings the value to its one form first.
 * @param kind `document`, `phone`…: the same text of another kind has another key
 */
export function searchKey(keyring: Keyring, kind: string, value: string): string {
  return createHmac('sha256', keyring.search)
    .update(additionalData([kind, value]))
    .digest('base64url');
}

// ---------------------------------------------------------------- AES-256-GCM

function outerKey(keyring: Keyring, keyId: string): { wrapping: KeyObject; sealing: KeyObject } {
  const key = keyring.keys.get(keyId);
  if (!key) throw new CannotOpen(`What was sealed with key ${keyId}, which the key file does not have,`);
  return key;
}

function seal(key: Buffer | KeyObject, bound: readonly string[], plain: Uint8Array): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', secret(key), nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(additionalData(bound));
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([Buffer.of(VERSION), nonce, cipher.getAuthTag(), body]);
}

function open(key: Buffer | KeyObject, bound: readonly string[], sealed: Buffer, what: string): Buffer {
  if (sealed.length < 1 + NONCE_BYTES + TAG_BYTES || sealed[0] !== VERSION) throw new CannotOpen(what);
  const nonce = sealed.subarray(1, 1 + NONCE_BYTES);
  const tag = sealed.subarray(1 + NONCE_BYTES, 1 + NONCE_BYTES + TAG_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', secret(key), nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(additionalData(bound));
  decipher.setAuthTag(tag);
  try {
    return Buffer.concat([decipher.update(sealed.subarray(1 + NONCE_BYTES + TAG_BYTES)), decipher.final()]);
  } catch {
    throw new CannotOpen(what);
  }
}

/** A key object is taken over three times as fast as bytes, which counts when a list of thousands comes in. */
function secret(key: Buffer | KeyObject): KeyObject {
  return Buffer.isBuffer(key) ? createSecretKey(key) : key;
}

/** Each part with its length before it, so that no two lists read the same. */
function additionalData(parts: readonly string[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      const bytes = Buffer.from(part);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}

import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { z } from 'zod';
import type { SecretBox } from '../../application/partners/partners.ts';
import type { Keyring } from './keyring.ts';

export type { Keyring } from './keyring.ts';

/**
 * AES-256-GCM in two layers: fields are encrypted under a data key of their person, and a key from outside the database
 * wraps the data key. Deleting the wrapped key erases the person. This holds for backups too, once they no longer
 * contain that row.
 *
 * Encrypted bytes are: version (1), nonce (12), tag (16), ciphertext. The nonce is random; one key encrypts far fewer
 * than the 2^32 messages for which that is safe. The additional data binds purpose, owner, field set and key, so that no
 * encrypted value decrypts in another place.
 */

/** The owner and the field set: bound into the encrypted bytes, and needed to decrypt them. */
export type EncryptionContext = {
  /** id of the person, import, note… */
  subject: string;
  fieldSet: string;
  /** as stored with the encrypted bytes; it does not change when the data key is rewrapped */
  keyId: string;
};

/** A data key as stored in the database. */
export type WrappedKey = { kekId: string; wrapped: Buffer };

/** Decryption failed: another key, another place, or changed bytes. The cipher does not say which. */
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

/** A new data key: 32 random bytes, for one person or import, for example. */
export function newDataKey(): Buffer {
  return randomBytes(KEY_BYTES);
}

/** @param subject the owner of the key; the key unwraps for no other */
export function wrapKey(keyring: Keyring, subject: string, dataKey: Buffer): WrappedKey {
  const kekId = keyring.current;
  return { kekId, wrapped: encrypt(outerKey(keyring, kekId).wrapping, ['key', subject, kekId], dataKey) };
}

/** @throws CannotOpen */
export function unwrapKey(keyring: Keyring, subject: string, { kekId, wrapped }: WrappedKey): Buffer {
  return open(outerKey(keyring, kekId).wrapping, ['key', subject, kekId], wrapped, `The key of ${subject}`);
}

/** The same data key wrapped by the current key of the keyring, or undefined if it already is. */
export function rewrapKey(keyring: Keyring, subject: string, stored: WrappedKey): WrappedKey | undefined {
  if (stored.kekId === keyring.current) return undefined;
  return wrapKey(keyring, subject, unwrapKey(keyring, subject, stored));
}

// ---------------------------------------------------------------- fields

/** @param fields any JSON value */
export function encryptFields(dataKey: Buffer, context: EncryptionContext, fields: object): Buffer {
  return encryptBytes(dataKey, context, Buffer.from(JSON.stringify(fields)));
}

/** The value that `encryptFields` encrypted. @throws CannotOpen */
export function openFields(dataKey: Buffer, context: EncryptionContext, encrypted: Buffer): unknown {
  return parsed(openBytes(dataKey, context, encrypted).toString('utf8'), nameOf(context));
}

export function encryptBytes(dataKey: Buffer, context: EncryptionContext, bytes: Uint8Array): Buffer {
  return encrypt(dataKey, boundTo(context), bytes);
}

/** @throws CannotOpen */
export function openBytes(dataKey: Buffer, context: EncryptionContext, encrypted: Buffer): Buffer {
  return open(dataKey, boundTo(context), encrypted, nameOf(context));
}

const nameOf = ({ fieldSet, subject }: EncryptionContext): string => `${fieldSet} of ${subject}`;

/** JSON.parse would quote the text in its error. @throws CannotOpen */
function parsed(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CannotOpen(what);
  }
}

function boundTo({ subject, fieldSet, keyId }: EncryptionContext): string[] {
  return ['fields', subject, fieldSet, keyId];
}

// ---------------------------------------------------------------- secrets of the system

/**
 * Encrypts texts that belong to no person, under the keyring itself. `label` names the owner: they decrypt for no other.
 */
export function systemEncrypter(keyring: Keyring): {
  encrypt(label: string, plain: string): { keyId: string; encrypted: Buffer };
  /** @throws CannotOpen if key or label do not match, or the bytes were changed */
  open(label: string, keyId: string, encrypted: Buffer): string;
} {
  return {
    encrypt: (label, plain) => {
      const keyId = keyring.current;
      return {
        keyId,
        encrypted: encrypt(outerKey(keyring, keyId).encryption, ['system', label, keyId], Buffer.from(plain)),
      };
    },
    open: (label, keyId, encrypted) =>
      open(outerKey(keyring, keyId).encryption, ['system', label, keyId], encrypted, `The secret of ${label}`).toString(
        'utf8',
      ),
  };
}

const Secrets = z.array(z.string());

/** Encrypts the secrets of partners and endpoints. Opening throws CannotOpen. */
export function secretBox(keyring: Keyring): SecretBox {
  const encrypter = systemEncrypter(keyring);
  return {
    encrypt: (owner, secrets) => encrypter.encrypt(`secrets of ${owner}`, JSON.stringify(secrets)),
    open: (owner, { encrypted, keyId }) => {
      const label = `secrets of ${owner}`;
      const secrets = Secrets.safeParse(parsed(encrypter.open(label, keyId, encrypted), label));
      if (!secrets.success) throw new CannotOpen(label);
      return secrets.data;
    },
  };
}

// ---------------------------------------------------------------- search

/**
 * The search key of a value: HMAC-SHA256 under a separate key, 43 characters of base64url. It does not disclose the
 * value.
 * The caller normalises the value first.
 * @param kind `document`, `phone`…: the same text of another kind has another key
 */
export function searchKey(keyring: Keyring, kind: string, value: string): string {
  return createHmac('sha256', keyring.search)
    .update(additionalData([kind, value]))
    .digest('base64url');
}

// ---------------------------------------------------------------- AES-256-GCM

function outerKey(keyring: Keyring, keyId: string): { wrapping: KeyObject; encryption: KeyObject } {
  const key = keyring.keys.get(keyId);
  if (!key) throw new CannotOpen(`What was encrypted with key ${keyId}, which the key file does not have,`);
  return key;
}

function encrypt(key: Buffer | KeyObject, bound: readonly string[], plain: Uint8Array): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', secret(key), nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(additionalData(bound));
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([Buffer.of(VERSION), nonce, cipher.getAuthTag(), body]);
}

function open(key: Buffer | KeyObject, bound: readonly string[], encrypted: Buffer, what: string): Buffer {
  if (encrypted.length < 1 + NONCE_BYTES + TAG_BYTES || encrypted[0] !== VERSION) throw new CannotOpen(what);
  const nonce = encrypted.subarray(1, 1 + NONCE_BYTES);
  const tag = encrypted.subarray(1 + NONCE_BYTES, 1 + NONCE_BYTES + TAG_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', secret(key), nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(additionalData(bound));
  decipher.setAuthTag(tag);
  try {
    return Buffer.concat([decipher.update(encrypted.subarray(1 + NONCE_BYTES + TAG_BYTES)), decipher.final()]);
  } catch {
    throw new CannotOpen(what);
  }
}

/** A key object is three times faster than bytes, which counts for a list of thousands. */
function secret(key: Buffer | KeyObject): KeyObject {
  return Buffer.isBuffer(key) ? createSecretKey(key) : key;
}

/** Each part with its length before it, so that two different lists never give the same bytes. */
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

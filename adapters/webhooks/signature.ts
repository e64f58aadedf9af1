import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign as signBytes,
  timingSafeEqual,
  verify as verifyBytes,
} from 'node:crypto';

/**
 * Standard Webhooks 1.0: `v1` is HMAC-SHA256 under a shared secret (`whsec_`), `v1a` is ed25519 (`whsk_` signs, `whpk_`
 * verifies). The signature covers the bytes `id.timestamp.body`, with the body exactly as sent.
 */
export type SignedMessage = {
  /** the same for all attempts, so that the receiver can discard duplicates; without dots */
  id: string;
  /** seconds since 1970, of this attempt */
  timestamp: number;
  body: string | Uint8Array;
};

export type SignatureHeaders = { 'webhook-id': string; 'webhook-timestamp': string; 'webhook-signature': string };

/** A message may be this much older or newer than the system's clock, in seconds. */
export const TOLERANCE_S = 5 * 60;

/** An id has no dot: `id.timestamp.body` would otherwise be ambiguous. */
const ID = /^[\w:~+/=-]{1,200}$/;
const TIMESTAMP = /^\d{1,12}$/;
/** No rotation needs more; the limit stops a forger who sends a long header to cause work. */
const MOST_SIGNATURES = 16;
const SHORTEST_SECRET = 24;
const LONGEST_SECRET = 64;

/** A secret for an endpoint or a partner, to be disclosed once. */
export function newEndpointSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

/** A pair for `v1a`: the system stores `secret`, the receiver gets `publicKey`. */
export function newSigningKeyPair(): { secret: string; publicKey: string } {
  const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const publicBytes = Buffer.from(jwk.x ?? '', 'base64url');
  // Seed and public half together, as in other implementations of the standard.
  const secret = Buffer.concat([Buffer.from(jwk.d ?? '', 'base64url'), publicBytes]);
  return { secret: `whsk_${secret.toString('base64')}`, publicKey: `whpk_${publicBytes.toString('base64')}` };
}

/**
 * The three headers of a message.
 * @param secrets `whsec_` or `whsk_`, all that are valid now: during a rotation the receiver finds a signature of the
 * old and of the new one
 * @throws RangeError on an id with a dot, without a secret, or with an invalid secret
 */
export function sign(message: SignedMessage, secrets: readonly string[]): SignatureHeaders {
  if (!ID.test(message.id)) throw new RangeError('The id of a webhook is made of 1 to 200 letters, digits and -_:~+/=');
  if (secrets.length === 0) throw new RangeError('A webhook needs a secret to be signed with');
  const timestamp = String(Math.floor(message.timestamp));
  const content = signedContent(message.id, timestamp, message.body);
  const signatures = secrets.map((secret) =>
    secret.startsWith('whsk_')
      ? `v1a,${signBytes(null, content, privateKeyOf(secret)).toString('base64')}`
      : `v1,${hmac(secret, content).toString('base64')}`,
  );
  return { 'webhook-id': message.id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}

/** Why a message is refused. The reason goes to the log, not to the caller. */
export type SignatureFault = 'headers_missing' | 'headers_malformed' | 'too_old' | 'too_new' | 'no_match';

export type Verification = { ok: true; id: string; timestamp: number } | { ok: false; fault: SignatureFault };

/**
 * Checks a received message. It compares every signature with every secret, each in constant time, whatever it has found
 * before.
 * @param body the raw bytes as received
 * @param secrets `whsec_` or `whpk_`, all that are valid now
 * @param now epoch milliseconds
 */
export function verify(
  input: { headers: Readonly<Record<string, string | string[] | undefined>>; body: Uint8Array },
  secrets: readonly string[],
  now: number,
): Verification {
  const id = input.headers['webhook-id'];
  const sentAt = input.headers['webhook-timestamp'];
  const list = input.headers['webhook-signature'];
  if (!id || !sentAt || !list) return { ok: false, fault: 'headers_missing' };
  if (typeof id !== 'string' || typeof sentAt !== 'string' || typeof list !== 'string')
    return { ok: false, fault: 'headers_malformed' };
  const signatures = list.split(' ').map((entry) => entry.split(','));
  if (!ID.test(id) || !TIMESTAMP.test(sentAt) || signatures.length > MOST_SIGNATURES)
    return { ok: false, fault: 'headers_malformed' };

  const timestamp = Number(sentAt);
  const age = Math.floor(now / 1_000) - timestamp;
  if (age > TOLERANCE_S) return { ok: false, fault: 'too_old' };
  if (age < -TOLERANCE_S) return { ok: false, fault: 'too_new' };

  const content = signedContent(id, sentAt, input.body);
  let matched = false;
  for (const secret of secrets) {
    const isPublic = secret.startsWith('whpk_');
    const expected = isPublic ? undefined : hmac(secret, content);
    const key = isPublic ? publicKeyOf(secret) : undefined;
    for (const [version, text] of signatures) {
      const given = Buffer.from(text ?? '', 'base64');
      if (version === 'v1' && expected)
        matched = (given.length === expected.length && timingSafeEqual(given, expected)) || matched;
      if (version === 'v1a' && key)
        matched = (given.length === 64 && verifyBytes(null, content, key, given)) || matched;
    }
  }
  return matched ? { ok: true, id, timestamp } : { ok: false, fault: 'no_match' };
}

/** Whether a text is a secret to sign or verify with. */
export function isSecret(text: string): boolean {
  const kind = text.slice(0, text.indexOf('_') + 1);
  const bytes = Buffer.from(text.slice(kind.length), 'base64');
  // Node skips characters that are not base64: a truncated or doubled secret must not pass as a shorter one.
  if (bytes.toString('base64') !== text.slice(kind.length)) return false;
  if (kind === 'whsec_') return bytes.length >= SHORTEST_SECRET && bytes.length <= LONGEST_SECRET;
  if (kind === 'whsk_') return bytes.length === 32 || bytes.length === 64;
  return kind === 'whpk_' && bytes.length === 32;
}

function signedContent(id: string, timestamp: string, body: string | Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${id}.${timestamp}.`), typeof body === 'string' ? Buffer.from(body) : body]);
}

function hmac(secret: string, content: Buffer): Buffer {
  if (!secret.startsWith('whsec_') || !isSecret(secret))
    throw new RangeError('A shared secret is whsec_ and 24 to 64 bytes in base64');
  return createHmac('sha256', Buffer.from(secret.slice('whsec_'.length), 'base64'))
    .update(content)
    .digest();
}

function keyBytes(key: string): Buffer {
  return Buffer.from(key.slice('whsk_'.length), 'base64');
}

/** DER of an ed25519 key is a fixed prefix and its 32 bytes (RFC 8410). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

function privateKeyOf(secret: string): ReturnType<typeof createPrivateKey> {
  if (!isSecret(secret)) throw new RangeError('A signing key is whsk_ and 32 or 64 bytes in base64');
  return createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, keyBytes(secret).subarray(0, 32)]),
    format: 'der',
    type: 'pkcs8',
  });
}

function publicKeyOf(key: string): ReturnType<typeof createPublicKey> {
  if (!isSecret(key)) throw new RangeError('A public key is whpk_ and 32 bytes in base64');
  return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, keyBytes(key)]), format: 'der', type: 'spki' });
}

import type { z } from 'zod';
import { type InboxMessage, readCallback } from '../../domain/requests/callback.ts';
import { HOUR, type Instant } from '../../domain/time.ts';

export type CallbackPorts = {
  /** secrets that this partner signs with, newest first; empty where the partner is unknown */
  secretsOf(partnerId: string): Promise<string[]>;
  verify(
    input: { headers: Readonly<Record<string, string | string[] | undefined>>; body: Uint8Array },
    secrets: readonly string[],
    now: number,
  ): { ok: true } | { ok: false; fault: string };
  /** encrypts under the system's key, bound to `owner` */
  encrypt(owner: string, secret: string): { keyId: string; encrypted: string };
  /** stores the callback and wakes whoever applies it; false where it was here before */
  receive(message: InboxMessage): Promise<boolean>;
  /** somebody signs as this partner and is not: an alarm, once an hour, so that a forger cannot fill the table */
  forged(partnerId: string, fault: string, hour: Instant): Promise<void>;
  /** real time */
  clock: () => Instant;
};

export type Receipt =
  | { outcome: 'received' | 'signature_refused' | 'malformed_json' }
  | { outcome: 'invalid'; issues: z.core.$ZodIssue[] };

/** The signature is checked on the raw bytes before anything is read. The same event again is received once. */
export async function receiveCallback(
  ports: CallbackPorts,
  partnerId: string,
  { headers, raw }: { headers: Readonly<Record<string, string | string[] | undefined>>; raw: Buffer },
): Promise<Receipt> {
  const secrets = await ports.secretsOf(partnerId);
  const verification = ports.verify({ headers, body: raw }, secrets, ports.clock());
  // The answer says neither what was wrong nor whether there is such a partner: a forger would learn from it.
  if (!verification.ok || secrets.length === 0) {
    const hour = Math.floor(ports.clock() / HOUR) * HOUR;
    if (secrets.length > 0) await ports.forged(partnerId, verification.ok ? 'no_match' : verification.fault, hour);
    return { outcome: 'signature_refused' };
  }
  let body: unknown;
  try {
    body = JSON.parse(raw.toString('utf8'));
  } catch {
    // Without its cause: the parser's message quotes the body.
    return { outcome: 'malformed_json' };
  }
  const read = readCallback(partnerId, body, ports.encrypt);
  if (!read.ok) return { outcome: 'invalid', issues: read.issues };
  await ports.receive(read.message);
  return { outcome: 'received' };
}

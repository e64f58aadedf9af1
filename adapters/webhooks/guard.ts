import { lookup } from 'node:dns/promises';
import ipaddr from 'ipaddr.js';

/** All addresses of a name, as text. */
export type Resolve = (hostname: string) => Promise<string[]>;

export type GuardSettings = {
  resolve?: Resolve;
  /** local setting only: also plain http to 127.0.0.1 and [::1], any port */
  allowLoopback?: boolean;
};

/** Why an address is refused; stable codes that may be disclosed to whoever registers it. */
export type Refusal =
  | 'not_an_address'
  | 'too_long'
  | 'not_https'
  | 'has_credentials'
  | 'port_not_allowed'
  | 'not_a_public_name'
  | 'not_a_public_address'
  | 'name_not_found';

export type GuardDecision =
  /** `addresses` are all addresses of the name, each checked; connect to these without resolving again */
  { ok: true; url: URL; addresses: string[] } | { ok: false; reason: Refusal };

const PORTS = new Set(['', '443', '8443']);
const LONGEST_URL = 2_048;
const RESOLVE_TIMEOUT_MS = 5_000;
/** Names that never mean an outside host (RFC 6761, 6762, 8375, 9476 and common use). */
const INNER_NAMES =
  /(^|\.)(localhost|local|internal|intranet|lan|home|corp|private|home\.arpa|test|invalid|example|alt|onion)$/;

/**
 * Whether the system may send to an address of a partner: https, an allowed port, and a name whose addresses are all
 * public. It is checked at registration and for each connection.
 */
export async function checkTarget(address: string, settings: GuardSettings): Promise<GuardDecision> {
  const read = readTarget(address, settings);
  if (!read.ok) return read;
  return checkHost(read.url, settings);
}

/** The part of the check without network: checked before every request. */
export function readTarget(
  address: string,
  settings: GuardSettings,
): { ok: true; url: URL } | { ok: false; reason: Refusal } {
  if (address.length > LONGEST_URL) return { ok: false, reason: 'too_long' };
  // A URL that a parser would silently change is refused.
  if (/[\s\\\p{Cc}]/u.test(address) || !URL.canParse(address)) return { ok: false, reason: 'not_an_address' };
  const url = new URL(address);
  if (url.username !== '' || url.password !== '') return { ok: false, reason: 'has_credentials' };
  if (isLocalTarget(url, settings)) return { ok: true, url };
  if (url.protocol !== 'https:') return { ok: false, reason: 'not_https' };
  if (!PORTS.has(url.port)) return { ok: false, reason: 'port_not_allowed' };
  const host = bareHost(url.hostname);
  if (ipaddr.isValid(host))
    return isPublicAddress(host) ? { ok: true, url } : { ok: false, reason: 'not_a_public_address' };
  if (!host.includes('.') || INNER_NAMES.test(host)) return { ok: false, reason: 'not_a_public_name' };
  return { ok: true, url };
}

/** The part of the check that resolves the name; `url` has passed `readTarget`. One private address refuses them all. */
async function checkHost(url: URL, settings: GuardSettings): Promise<GuardDecision> {
  const host = bareHost(url.hostname);
  if (ipaddr.isValid(host)) return { ok: true, url, addresses: [host] };
  let found: string[];
  try {
    found = await inTime((settings.resolve ?? systemResolve)(host));
  } catch {
    return { ok: false, reason: 'name_not_found' };
  }
  if (found.length === 0) return { ok: false, reason: 'name_not_found' };
  if (!found.every(isPublicAddress)) return { ok: false, reason: 'not_a_public_address' };
  return { ok: true, url, addresses: found };
}

/**
 * Whether an address belongs to the public internet. Text forms are normalised first: without brackets and scope, IPv4
 * inside IPv6 as IPv4. Of IPv6 only 2000::/3 without its special parts counts. That excludes loopback, link-local,
 * unique local, NAT64, IPv4-compatible and future assignments.
 * Source: IANA special-purpose registries (RFC 6890), by ipaddr.js.
 */
export function isPublicAddress(text: string): boolean {
  const bare = bareHost(text).replace(/%.*$/, '');
  // A URL normalises IPv6 to hexadecimal: ipaddr.js takes ::1.2.3.4 for an IPv4 address.
  const canonical =
    bare.includes(':') && URL.canParse(`http://[${bare}]/`) ? bareHost(new URL(`http://[${bare}]/`).hostname) : bare;
  if (!ipaddr.isValid(canonical)) return false;
  const address = ipaddr.process(canonical);
  if (address.range() !== 'unicast') return false;
  if (address instanceof ipaddr.IPv4) return true;
  const [first = 0, , , , fifth = 0, sixth = 0] = address.parts;
  const isGlobal = first >= 0x2000 && first <= 0x3fff;
  // ISATAP (RFC 5214) carries an IPv4 address, perhaps a private one, behind 0000:5efe or 0200:5efe.
  const isIsatap = sixth === 0x5efe && (fifth === 0 || fifth === 0x0200);
  return isGlobal && !isIsatap;
}

function isLocalTarget(url: URL, settings: GuardSettings): boolean {
  return (
    settings.allowLoopback === true &&
    url.protocol === 'http:' &&
    (url.hostname === '127.0.0.1' || url.hostname === '[::1]')
  );
}

/** Removes the brackets of IPv6 and the dot at the end of a full name. */
function bareHost(hostname: string): string {
  return hostname
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase();
}

async function systemResolve(hostname: string): Promise<string[]> {
  return (await lookup(hostname, { all: true, verbatim: true })).map(({ address }) => address);
}

/** The system's resolver cannot be cancelled; after this time the check continues without it. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('The name was not resolved in time')), RESOLVE_TIMEOUT_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { describe, expect, test } from 'vitest';
import { checkTarget, isPublicAddress, type Refusal, type Resolve } from '../../../adapters/webhooks/guard.ts';

/** Documentation addresses are refused, so public ones are made up here; nothing in this file opens a socket. */
const PUBLIC = '93.184.215.14';
const PUBLIC_V6 = '2606:2800:21f:cb07:6820:80da:af6b:8b2c';

/** A resolver that answers from a table and counts; no name is ever really looked up. */
function stub(table: Record<string, string[]> = {}): Resolve & { asked: string[] } {
  const asked: string[] = [];
  const resolve = async (hostname: string) => {
    asked.push(hostname);
    const found = table[hostname];
    if (!found) throw Object.assign(new Error('not found'), { code: 'ENOTFOUND' });
    return found;
  };
  return Object.assign(resolve, { asked });
}

async function reasonFor(
  url: string,
  table: Record<string, string[]> = {},
  allowLoopback = false,
): Promise<Refusal | 'ok'> {
  const decision = await checkTarget(url, { resolve: stub(table), allowLoopback });
  return decision.ok ? 'ok' : decision.reason;
}

describe('a hostile address is refused before anything is resolved', () => {
  const hostile: Array<[string, Refusal]> = [
    // loopback in every spelling
    ['https://127.0.0.1/', 'not_a_public_address'],
    ['https://127.0.0.1./', 'not_a_public_address'],
    ['https://127.1/', 'not_a_public_address'],
    ['https://2130706433/', 'not_a_public_address'],
    ['https://0x7f000001/', 'not_a_public_address'],
    ['https://0x7f.0.0.1/', 'not_a_public_address'],
    ['https://0177.0.0.1/', 'not_a_public_address'],
    ['https://017700000001/', 'not_a_public_address'],
    ['https://１２７.0.0.1/', 'not_a_public_address'],
    ['https://127。0。0。1/', 'not_a_public_address'],
    ['https://%31%32%37.0.0.1/', 'not_a_public_address'],
    ['https://[::1]/', 'not_a_public_address'],
    ['https://[0:0:0:0:0:0:0:1]/', 'not_a_public_address'],
    ['https://[::ffff:127.0.0.1]/', 'not_a_public_address'],
    ['https://[::ffff:7f00:1]/', 'not_a_public_address'],
    ['https://[::127.0.0.1]/', 'not_a_public_address'],
    ['https://[::ffff:0:127.0.0.1]/', 'not_a_public_address'],
    ['https://[64:ff9b::127.0.0.1]/', 'not_a_public_address'],
    ['https://[64:ff9b:1::7f00:1]/', 'not_a_public_address'],
    ['https://[2002:7f00:1::]/', 'not_a_public_address'],
    ['https://[2001:0:7f00:1::]/', 'not_a_public_address'],
    ['https://[2606:2800::5efe:127.0.0.1]/', 'not_a_public_address'],
    // scope ids and brackets
    ['https://[fe80::1%25eth0]/', 'not_an_address'],
    ['https://[fe80::1%eth0]/', 'not_an_address'],
    ['https://[127.0.0.1]/', 'not_an_address'],
    ['https://[::1', 'not_an_address'],
    // ranges
    ['https://0.0.0.0/', 'not_a_public_address'],
    ['https://0/', 'not_a_public_address'],
    ['https://10.0.0.1/', 'not_a_public_address'],
    ['https://100.64.0.1/', 'not_a_public_address'],
    ['https://169.254.169.254/latest/meta-data/', 'not_a_public_address'],
    ['https://172.16.0.1/', 'not_a_public_address'],
    ['https://172.31.255.255/', 'not_a_public_address'],
    ['https://192.0.0.1/', 'not_a_public_address'],
    ['https://192.0.2.1/', 'not_a_public_address'],
    ['https://192.88.99.1/', 'not_a_public_address'],
    ['https://192.168.0.1/', 'not_a_public_address'],
    ['https://198.18.0.1/', 'not_a_public_address'],
    ['https://198.51.100.1/', 'not_a_public_address'],
    ['https://203.0.113.1/', 'not_a_public_address'],
    ['https://224.0.0.1/', 'not_a_public_address'],
    ['https://240.0.0.1/', 'not_a_public_address'],
    ['https://255.255.255.255/', 'not_a_public_address'],
    ['https://[::]/', 'not_a_public_address'],
    ['https://[fe80::1]/', 'not_a_public_address'],
    ['https://[fec0::1]/', 'not_a_public_address'],
    ['https://[fd00::1]/', 'not_a_public_address'],
    ['https://[fd00:ec2::254]/', 'not_a_public_address'],
    ['https://[ff02::1]/', 'not_a_public_address'],
    ['https://[100::1]/', 'not_a_public_address'],
    ['https://[2001:db8::1]/', 'not_a_public_address'],
    ['https://[3fff::1]/', 'not_a_public_address'],
    ['https://[5f00::1]/', 'not_a_public_address'],
    ['https://[4000::1]/', 'not_a_public_address'],
    // names that never mean somebody outside
    ['https://localhost/', 'not_a_public_name'],
    ['https://LOCALHOST./', 'not_a_public_name'],
    ['https://a.localhost/', 'not_a_public_name'],
    ['https://metadata.google.internal/', 'not_a_public_name'],
    ['https://printer.local/', 'not_a_public_name'],
    ['https://postgres/', 'not_a_public_name'],
    // schemes, ports, credentials, spellings
    ['http://partner.example.org/', 'not_https'],
    ['http://127.0.0.1/', 'not_https'],
    ['file:///etc/passwd', 'not_https'],
    ['gopher://partner.example.org/', 'not_https'],
    ['ftp://partner.example.org/', 'not_https'],
    ['javascript:alert(1)', 'not_https'],
    ['data:text/plain,x', 'not_https'],
    ['https://partner.example.org:22/', 'port_not_allowed'],
    ['https://partner.example.org:5432/', 'port_not_allowed'],
    ['https://partner.example.org:80/', 'port_not_allowed'],
    ['https://user@partner.example.org/', 'has_credentials'],
    ['https://partner.example.org@127.0.0.1/', 'has_credentials'],
    ['https://:secret@partner.example.org/', 'has_credentials'],
    ['https://partner.example.org\\@127.0.0.1/', 'not_an_address'],
    ['https://partner.exa mple.org/', 'not_an_address'],
    ['https://partner.example.org/\r\nx: y', 'not_an_address'],
    ['https://partner.exam\tple.org/', 'not_an_address'],
    [' https://partner.example.org/', 'not_an_address'],
    ['https://', 'not_an_address'],
    ['//partner.example.org/', 'not_an_address'],
    ['partner.example.org', 'not_an_address'],
    ['', 'not_an_address'],
    [`https://partner.example.org/${'a'.repeat(2_048)}`, 'too_long'],
  ];
  test.each(hostile)('%s', async (url, reason) => {
    const resolve = stub({ 'partner.example.org': [PUBLIC] });
    expect(await checkTarget(url, { resolve })).toEqual({ ok: false, reason });
    expect(resolve.asked).toEqual([]);
  });
});

describe('a name', () => {
  test('with public addresses is resolved once, and all of them come along', async () => {
    const resolve = stub({ 'partner.example.org': [PUBLIC, PUBLIC_V6] });
    const decision = await checkTarget('https://Partner.Example.ORG./hooks?x=1', { resolve });
    expect(decision).toMatchObject({ ok: true, addresses: [PUBLIC, PUBLIC_V6] });
    expect(resolve.asked).toEqual(['partner.example.org']);
  });

  test.each([
    ['a private address', ['10.1.2.3']],
    ['a public and a private one', [PUBLIC, '10.1.2.3']],
    ['loopback as IPv4 in IPv6', ['::ffff:127.0.0.1']],
    ['a link-local address with a scope', ['fe80::1%eth0']],
    ['the metadata service', ['169.254.169.254']],
    ['something that is no address', ['partner']],
  ])('that resolves to %s is refused', async (_name, addresses) => {
    expect(await reasonFor('https://partner.example.org/', { 'partner.example.org': addresses })).toBe(
      'not_a_public_address',
    );
  });

  test('that resolves to nothing, or not at all, is refused', async () => {
    expect(await reasonFor('https://partner.example.org/', { 'partner.example.org': [] })).toBe('name_not_found');
    expect(await reasonFor('https://partner.example.org/')).toBe('name_not_found');
  });

  test.each([
    'https://partner.example.org/',
    'https://partner.example.org:443/',
    'https://partner.example.org:8443/a',
    `https://${PUBLIC}/`,
    `https://[${PUBLIC_V6}]/`,
  ])('%s is accepted', async (url) => {
    expect(await reasonFor(url, { 'partner.example.org': [PUBLIC] })).toBe('ok');
  });
});

describe('the local setting', () => {
  test.each(['http://127.0.0.1:8090/consulates', 'http://[::1]:8090/', 'http://2130706433:9/'])(
    'allows %s',
    async (url) => {
      expect(await reasonFor(url, {}, true)).toBe('ok');
    },
  );

  test.each<[string, Refusal]>([
    ['http://localhost:8090/', 'not_https'],
    ['http://127.0.0.2/', 'not_https'],
    ['http://10.0.0.1/', 'not_https'],
    ['http://[::ffff:127.0.0.1]/', 'not_https'],
    ['http://0.0.0.0/', 'not_https'],
    ['https://127.0.0.1/', 'not_a_public_address'],
    ['http://user@127.0.0.1/', 'has_credentials'],
    ['http://partner.example.org/', 'not_https'],
  ])('does not allow %s', async (url, reason) => {
    expect(await reasonFor(url, {}, true)).toBe(reason);
  });

  test('does not let a name lead to loopback', async () => {
    expect(await reasonFor('https://partner.example.org/', { 'partner.example.org': ['127.0.0.1'] }, true)).toBe(
      'not_a_public_address',
    );
  });
});

describe('an address', () => {
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

  test('inside IPv6 is never more public than alone', () => {
    fc.assert(
      fc.property(bytes(4), (four) => {
        const text = [...four].join('.');
        expect(isPublicAddress(`::ffff:${text}`)).toBe(isPublicAddress(text));
        expect(isPublicAddress(`[::ffff:${text}]`)).toBe(isPublicAddress(text));
        for (const prefix of ['64:ff9b::', '::', '2606:2800::5efe:'])
          expect(isPublicAddress(`${prefix}${text}`)).toBe(false);
      }),
    );
  });

  test('of IPv6 is public only within 2000::/3', () => {
    fc.assert(
      fc.property(bytes(16), (sixteen) => {
        const address = ipaddr.fromByteArray([...sixteen]).toString();
        const mapped = ipaddr.IPv6.parse(address).isIPv4MappedAddress();
        if (isPublicAddress(address) && !mapped) expect((sixteen[0] ?? 0) >> 5).toBe(1);
      }),
      { numRuns: 500 },
    );
  });

  test('is decided alike in every spelling', () => {
    fc.assert(
      fc.property(bytes(16), (sixteen) => {
        const address = ipaddr.fromByteArray([...sixteen]) as ipaddr.IPv6;
        const expected = isPublicAddress(address.toRFC5952String());
        expect(isPublicAddress(address.toNormalizedString())).toBe(expected);
        expect(isPublicAddress(`[${address.toNormalizedString().toUpperCase()}]`)).toBe(expected);
        expect(
          isPublicAddress(
            `${address.parts
              .slice(0, 6)
              .map((part) => part.toString(16))
              .join(':')}:${sixteen.slice(12).join('.')}`,
          ),
        ).toBe(expected);
      }),
    );
  });
});

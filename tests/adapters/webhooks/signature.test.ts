import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import {
  isSecret,
  newEndpointSecret,
  newSigningKeyPair,
  type SignatureFault,
  sign,
  TOLERANCE_S,
  verify,
} from '../../../adapters/webhooks/signature.ts';

const SECRET = newEndpointSecret();
const OTHER = newEndpointSecret();
const PAIR = newSigningKeyPair();
const NOW_S = 1_795_580_000;
const NOW = NOW_S * 1_000;
const BODY = Buffer.from('{"type":"journey.verified","data":{"journey_id":"jrn_x"}}');

const message = { id: 'evt_1', timestamp: NOW_S, body: BODY };
const check = (
  headers: Record<string, string | string[] | undefined>,
  secrets = [SECRET],
  body: Uint8Array = BODY,
  now = NOW,
) => verify({ headers, body }, secrets, now);

describe('signing', () => {
  test('gives the known answer of the standard', () => {
    const headers = sign(
      { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: 1_614_265_330, body: '{"test": 2432232314}' },
      ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    );
    expect(headers).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  test('equals the reference library for any body', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 4_000_000_000 }), (body, timestamp) => {
        const ours = sign({ id: 'evt_1', timestamp, body }, [SECRET])['webhook-signature'];
        expect(ours).toBe(new Webhook(SECRET).sign('evt_1', new Date(timestamp * 1_000), body));
      }),
    );
  });

  test('passes the verifier of the reference library, also while secrets are rotated', () => {
    const now = Math.floor(Date.now() / 1_000);
    const headers = sign({ ...message, timestamp: now }, [SECRET, OTHER]);
    for (const secret of [SECRET, OTHER]) expect(() => new Webhook(secret).verify(BODY, headers)).not.toThrow();
    expect(() => new Webhook(newEndpointSecret()).verify(BODY, headers)).toThrow(/No matching signature/);
  });

  test('refuses what would make a signature ambiguous or worthless', () => {
    for (const id of ['', 'a.b', 'a b', 'a'.repeat(201), 'a\nb'])
      expect(() => sign({ ...message, id }, [SECRET])).toThrow(RangeError);
    for (const secrets of [
      [],
      ['whsec_'],
      ['whsec_c2hvcnQ='],
      ['secret'],
      ['whsk_c2hvcnQ='],
      [`whsec_${Buffer.alloc(65).toString('base64')}`],
    ]) {
      expect(() => sign(message, secrets)).toThrow(RangeError);
    }
  });
});

describe('ed25519', () => {
  test('keys have the form other implementations use', () => {
    // A pair printed in public documentation of such an implementation.
    const known = 'whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==';
    const headers = sign(message, [known]);
    expect(headers['webhook-signature']).toMatch(/^v1a,/);
    expect(check(headers, ['whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4='])).toMatchObject({ ok: true });
  });

  test('is verified with the public half alone, and with no other', () => {
    const headers = sign(message, [PAIR.secret]);
    expect(check(headers, [PAIR.publicKey])).toEqual({ ok: true, id: 'evt_1', timestamp: NOW_S });
    expect(check(headers, [newSigningKeyPair().publicKey])).toEqual({ ok: false, fault: 'no_match' });
    expect(check(headers, [SECRET])).toEqual({ ok: false, fault: 'no_match' });
  });

  test('a seed alone signs the same', () => {
    const seed = `whsk_${Buffer.from(PAIR.secret.slice(5), 'base64').subarray(0, 32).toString('base64')}`;
    expect(sign(message, [seed])).toEqual(sign(message, [PAIR.secret]));
  });
});

describe('verifying', () => {
  test('accepts what was signed, whatever the bytes, and nothing that was changed by one bit', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 200 }),
        fc.nat(),
        fc.constantFrom(SECRET, PAIR.secret),
        (body, at, secret) => {
          const keys = [SECRET, PAIR.publicKey];
          const headers = sign({ ...message, body }, [secret]);
          expect(check(headers, keys, body)).toMatchObject({ ok: true });
          const changed = Uint8Array.from(body);
          changed[at % body.length] = (body[at % body.length] ?? 0) ^ (1 << (at % 8));
          expect(check(headers, keys, changed)).toEqual({ ok: false, fault: 'no_match' });
        },
      ),
    );
  });

  test('binds id and timestamp to the body', () => {
    const headers = sign(message, [SECRET]);
    expect(check({ ...headers, 'webhook-id': 'evt_2' })).toEqual({ ok: false, fault: 'no_match' });
    expect(check({ ...headers, 'webhook-timestamp': String(NOW_S + 1) })).toEqual({ ok: false, fault: 'no_match' });
  });

  test('accepts five minutes to either side and no more', () => {
    const at = (seconds: number) => check(sign({ ...message, timestamp: NOW_S + seconds }, [SECRET]));
    expect(at(-TOLERANCE_S)).toMatchObject({ ok: true });
    expect(at(TOLERANCE_S)).toMatchObject({ ok: true });
    expect(at(-TOLERANCE_S - 1)).toEqual({ ok: false, fault: 'too_old' });
    expect(at(TOLERANCE_S + 1)).toEqual({ ok: false, fault: 'too_new' });
  });

  test('finds the good signature among several, and knows both secrets while they are rotated', () => {
    const good = sign(message, [SECRET])['webhook-signature'];
    const headers = (list: string) => ({
      'webhook-id': 'evt_1',
      'webhook-timestamp': String(NOW_S),
      'webhook-signature': list,
    });
    expect(check(headers(`v1,AAAA v2,xyz ${good}`))).toMatchObject({ ok: true });
    expect(check(headers(good), [OTHER, SECRET])).toMatchObject({ ok: true });
    expect(check(headers(good), [OTHER])).toEqual({ ok: false, fault: 'no_match' });
    expect(check(headers(good), [])).toEqual({ ok: false, fault: 'no_match' });
    expect(check(headers(good.replace('v1,', 'v1a,')))).toEqual({ ok: false, fault: 'no_match' });
    expect(check(headers(good.replace('v1,', '')))).toEqual({ ok: false, fault: 'no_match' });
  });

  const good = sign(message, [SECRET]);
  test.each<[string, Record<string, string | string[] | undefined>, SignatureFault]>([
    ['no headers', {}, 'headers_missing'],
    ['no id', { ...good, 'webhook-id': undefined }, 'headers_missing'],
    ['an empty signature', { ...good, 'webhook-signature': '' }, 'headers_missing'],
    ['a header twice', { ...good, 'webhook-id': ['evt_1', 'evt_1'] }, 'headers_malformed'],
    ['an id with a milestone', { ...good, 'webhook-id': 'evt_1.1795580000' }, 'headers_malformed'],
    ['a timestamp that is no number', { ...good, 'webhook-timestamp': '1795580000.0' }, 'headers_malformed'],
    ['a negative timestamp', { ...good, 'webhook-timestamp': '-1' }, 'headers_malformed'],
    [
      'seventeen signatures',
      { ...good, 'webhook-signature': Array(17).fill(good['webhook-signature']).join(' ') },
      'headers_malformed',
    ],
    ['a timestamp in milliseconds', { ...good, 'webhook-timestamp': String(NOW).slice(0, 12) }, 'too_new'],
  ])('%s is refused', (_name, headers, fault) => {
    expect(check(headers)).toEqual({ ok: false, fault });
  });

  test('never throws for what came in', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), fc.uint8Array(), (id, timestamp, signature, body) => {
        const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature };
        expect(check(headers, [SECRET, PAIR.publicKey], body).ok).toBe(false);
      }),
    );
  });
});

describe('a secret', () => {
  test('is new each time and long enough', () => {
    expect(newEndpointSecret()).not.toBe(newEndpointSecret());
    for (const secret of [SECRET, PAIR.secret, PAIR.publicKey]) expect(isSecret(secret)).toBe(true);
    for (const text of ['', 'whsec_', 'abc', `whpk_${SECRET.slice(6)}AAAA`, 'whsec_c2hvcnQ='])
      expect(isSecret(text)).toBe(false);
  });
});

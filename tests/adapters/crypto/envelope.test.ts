import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  CannotOpen,
  encryptBytes,
  encryptFields,
  type Keyring,
  newDataKey,
  openBytes,
  openFields,
  rewrapKey,
  searchKey,
  secretBox,
  systemEncrypter,
  unwrapKey,
  wrapKey,
} from '../../../adapters/crypto/envelope.ts';
import { loadKeyring } from '../../../adapters/crypto/keyring.ts';

let folder: string;
let keyring: Keyring;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'secrets-'));
  keyring = await loadKeyring(join(folder, 'keys.json'), { createIfMissing: true });
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const text = fc.string({ unit: 'grapheme' });
const context = fc.record({ subject: text, fieldSet: text, keyId: text });
const fields = fc.dictionary(text, fc.oneof(text, fc.integer(), fc.constant(null), fc.array(text)));
const base64Key = () => randomBytes(32).toString('base64');
let files = 0;

async function loaded(content: string | Uint8Array): Promise<Keyring> {
  const path = join(folder, `keys-${files++}`);
  await writeFile(path, content);
  return loadKeyring(path);
}

describe('encrypted fields', () => {
  test('open to what they were, for any fields in any place', () => {
    fc.assert(
      fc.property(context, fields, (place, given) => {
        const key = newDataKey();
        expect(openFields(key, place, encryptFields(key, place, given))).toEqual(JSON.parse(JSON.stringify(given)));
      }),
    );
  });

  test('open with no other key and in no other place', () => {
    fc.assert(
      fc.property(context, context, fields, (place, other, given) => {
        const key = newDataKey();
        const encrypted = encryptFields(key, place, given);
        expect(() => openFields(newDataKey(), place, encrypted)).toThrow(CannotOpen);
        fc.pre(JSON.stringify(place) !== JSON.stringify(other));
        expect(() => openFields(key, other, encrypted)).toThrow(CannotOpen);
      }),
    );
  });

  test('do not open where text only moved between the parts of the place', () => {
    const key = newDataKey();
    const encrypted = encryptFields(key, { subject: 'per_a', fieldSet: 'bcore', keyId: 'k' }, {});
    expect(() => openFields(key, { subject: 'per_ab', fieldSet: 'core', keyId: 'k' }, encrypted)).toThrow(CannotOpen);
  });

  test('do not open when any bit was changed, or an end is missing', () => {
    const place = { subject: 'per_a', fieldSet: 'core', keyId: 'k' };
    const key = newDataKey();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(), fc.nat(7), (plain, at, bit) => {
        const encrypted = encryptBytes(key, place, plain);
        const changed = Buffer.from(encrypted);
        const index = at % encrypted.length;
        changed[index] = (changed[index] ?? 0) ^ (1 << bit);
        expect(() => openBytes(key, place, changed)).toThrow(CannotOpen);
        expect(() => openBytes(key, place, encrypted.subarray(0, at % encrypted.length))).toThrow(CannotOpen);
        expect(() => openBytes(key, place, Buffer.concat([encrypted, Buffer.of(0)]))).toThrow(CannotOpen);
      }),
    );
  });

  test('are never the same twice, and show nothing of what is in them', () => {
    const key = newDataKey();
    const place = { subject: 'per_a', fieldSet: 'core', keyId: 'k' };
    const all = new Set(
      Array.from({ length: 200 }, () => encryptFields(key, place, { name: 'Zerubbabel' }).toString('latin1')),
    );
    expect(all.size).toBe(200);
    for (const encrypted of all) expect(encrypted).not.toContain('Zerubbabel');
  });

  test('an error says whose and which, and nothing else', () => {
    const key = newDataKey();
    const encrypted = encryptFields(key, { subject: 'per_a', fieldSet: 'core', keyId: 'k' }, { name: 'Zerubbabel' });
    expect(() => openFields(key, { subject: 'per_b', fieldSet: 'core', keyId: 'k' }, encrypted)).toThrow(
      'core of per_b does not open',
    );
  });
});

describe('a data key', () => {
  test('unwraps to what it was, for its person alone', () => {
    fc.assert(
      fc.property(text, text, (subject, other) => {
        const key = newDataKey();
        const stored = wrapKey(keyring, subject, key);
        expect(unwrapKey(keyring, subject, stored)).toEqual(key);
        fc.pre(subject !== other);
        expect(() => unwrapKey(keyring, other, stored)).toThrow(CannotOpen);
      }),
    );
  });

  test('does not unwrap under another keyring, nor under a key the file does not have', async () => {
    const stored = wrapKey(keyring, 'per_a', newDataKey());
    const stranger = await loadKeyring(join(folder, 'other.json'), { createIfMissing: true });
    expect(() => unwrapKey(stranger, 'per_a', stored)).toThrow(`encrypted with key ${stored.kekId}`);
    expect(() => unwrapKey(stranger, 'per_a', { ...stored, kekId: stranger.current })).toThrow(CannotOpen);
  });

  test('that was wrapped cannot be opened as a secret of the system, though the outer key is one', () => {
    const encrypter = systemEncrypter(keyring);
    const stored = wrapKey(keyring, 'per_a', newDataKey());
    expect(() => encrypter.open('per_a', stored.kekId, stored.wrapped)).toThrow(CannotOpen);
  });

  test('once deleted leaves the fields unreadable: nothing else opens them', () => {
    const key = newDataKey();
    const place = { subject: 'per_a', fieldSet: 'core', keyId: keyring.current };
    const encrypted = encryptFields(key, place, { name: 'A' });
    const others = [newDataKey(), unwrapKey(keyring, 'per_b', wrapKey(keyring, 'per_b', newDataKey()))];
    for (const other of others) expect(() => openFields(other, place, encrypted)).toThrow(CannotOpen);
  });
});

describe('rotation', () => {
  test('opens what is old, wraps what is new under the new key, and wraps the old anew', async () => {
    const [oldKey, newKey, search] = [base64Key(), base64Key(), base64Key()];
    const file = (current: string, ...keys: Array<{ id: string; key: string }>) =>
      JSON.stringify({ version: 1, current, keys, search });
    const before = await loaded(file('a', { id: 'a', key: oldKey }));
    const dataKey = newDataKey();
    const place = { subject: 'per_a', fieldSet: 'core', keyId: before.current };
    const encrypted = encryptFields(dataKey, place, { name: 'A' });
    const stored = wrapKey(before, 'per_a', dataKey);
    const secret = systemEncrypter(before).encrypt('par_a', 'whsec');
    expect(rewrapKey(before, 'per_a', stored)).toBeUndefined();

    const during = await loaded(file('b', { id: 'b', key: newKey }, { id: 'a', key: oldKey }));
    expect(wrapKey(during, 'per_b', newDataKey()).kekId).toBe('b');
    expect(unwrapKey(during, 'per_a', stored)).toEqual(dataKey);
    expect(systemEncrypter(during).open('par_a', secret.keyId, secret.encrypted)).toBe('whsec');
    const anew = rewrapKey(during, 'per_a', stored);
    expect(anew?.kekId).toBe('b');

    const after = await loaded(file('b', { id: 'b', key: newKey }));
    expect(() => unwrapKey(after, 'per_a', stored)).toThrow(CannotOpen);
    expect(openFields(unwrapKey(after, 'per_a', anew ?? stored), place, encrypted)).toEqual({ name: 'A' });
    expect(searchKey(after, 'document', 'P1')).toBe(searchKey(before, 'document', 'P1'));
  });
});

describe('a secret of the system', () => {
  test('opens under its label alone', () => {
    fc.assert(
      fc.property(text, text, text, (label, other, plain) => {
        const encrypter = systemEncrypter(keyring);
        const { keyId, encrypted } = encrypter.encrypt(label, plain);
        expect(encrypter.open(label, keyId, encrypted)).toBe(Buffer.from(plain).toString('utf8'));
        fc.pre(label !== other);
        expect(() => encrypter.open(other, keyId, encrypted)).toThrow(CannotOpen);
      }),
    );
  });
});

describe('the secrets of a partner', () => {
  test('open in their order, for that partner alone', () => {
    const box = secretBox(keyring);
    const stored = box.encrypt('par_a', ['whsec_new', 'whsec_old']);
    expect(box.open('par_a', stored)).toEqual(['whsec_new', 'whsec_old']);
    expect(() => box.open('par_b', stored)).toThrow(CannotOpen);
    expect(stored.encrypted.toString('latin1')).not.toContain('whsec');
  });
});

describe('a search key', () => {
  test('is the same for the same, another for another value or kind, and tells neither', async () => {
    const stranger = await loadKeyring(join(folder, 'stranger.json'), { createIfMissing: true });
    fc.assert(
      fc.property(text, text, text, (kind, value, other) => {
        const key = searchKey(keyring, kind, value);
        expect(searchKey(keyring, kind, value)).toBe(key);
        expect(key).toMatch(/^[\w-]{43}$/);
        expect(searchKey(stranger, kind, value)).not.toBe(key);
        fc.pre(value !== other);
        expect(searchKey(keyring, kind, other)).not.toBe(key);
      }),
    );
    expect(searchKey(keyring, 'a', 'bc')).not.toBe(searchKey(keyring, 'ab', 'c'));
  });
});

describe('the key file', () => {
  test('is made once, for its owner alone, and read the same by all who start at once', async () => {
    const home = await mkdtemp(join(tmpdir(), 'secrets-race-'));
    const path = join(home, 'deeper', 'keys.json');
    const rings = await Promise.all(Array.from({ length: 8 }, () => loadKeyring(path, { createIfMissing: true })));
    const [first] = rings;
    for (const ring of rings)
      expect(unwrapKey(ring, 'per_a', wrapKey(first as Keyring, 'per_a', newDataKey()))).toHaveLength(32);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(home, 'deeper'))).toEqual(['keys.json']);
    const content = await readFile(path, 'utf8');
    await loadKeyring(path, { createIfMissing: true });
    expect(await readFile(path, 'utf8')).toBe(content);
    await rm(home, { recursive: true });
  });

  test('that is missing is not made unless asked for', async () => {
    await expect(loadKeyring(join(folder, 'none'))).rejects.toThrow(/HOMEWARD_KEY_FILE/);
    expect(await readdir(folder)).not.toContain('none');
  });

  test('may be one bare key in bytes, base64 or hex, all meaning the same', async () => {
    const key = randomBytes(32);
    const rings = [await loaded(key), await loaded(`${key.toString('base64')}\n`), await loaded(key.toString('hex'))];
    const stored = wrapKey(rings[0] as Keyring, 'per_a', newDataKey());
    for (const ring of rings) expect(unwrapKey(ring, 'per_a', stored)).toHaveLength(32);
    expect(new Set(rings.map((ring) => searchKey(ring, 'a', 'b'))).size).toBe(1);
  });

  const good = { version: 1, current: 'a', keys: [{ id: 'a', key: base64Key() }], search: base64Key() };
  test.each<[string, string, RegExp]>([
    ['empty', '', /neither JSON nor one key/],
    ['one bare key of zeros', '0'.repeat(64), /neither JSON nor one key|not valid/],
    ['cut off', JSON.stringify(good).slice(0, 80), /neither JSON nor one key/],
    ['of a later version', JSON.stringify({ ...good, version: 2 }), /version/],
    ['without a current key', JSON.stringify({ ...good, current: 'b' }), /current key/],
    [
      'with two keys of one id',
      JSON.stringify({ ...good, keys: [...good.keys, { id: 'a', key: base64Key() }] }),
      /two keys of one id/,
    ],
    [
      'with a short key',
      JSON.stringify({ ...good, keys: [{ id: 'a', key: 'c2hvcnQ=' }] }),
      /keys.0.key: a key is 32 random bytes/,
    ],
    [
      'with a key of zeros',
      JSON.stringify({ ...good, search: Buffer.alloc(32).toString('base64') }),
      /search: a key is 32 random bytes/,
    ],
    ['with something unknown in it', JSON.stringify({ ...good, more: 1 }), /not valid/],
  ])('that is %s stops the start, in words without its content', async (_name, content, words) => {
    const error: unknown = await loaded(content).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).message).toMatch(words);
    const said = inspect(error, { depth: 5 });
    for (const secret of [good.keys[0]?.key, good.search]) expect(said).not.toContain(secret);
  });

  test('once read prints no key', () => {
    expect(inspect(keyring, { depth: 10, showHidden: true })).not.toMatch(/[A-Za-z0-9+/]{43}=/);
    expect(JSON.stringify({ ...keyring, keys: [...keyring.keys] })).not.toMatch(/[A-Za-z0-9+/]{43}=/);
  });
});

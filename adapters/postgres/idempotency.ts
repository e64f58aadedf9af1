import type { Pool } from 'pg';
import { z } from 'zod';
import { storedValue } from '../../domain/storedValue.ts';

/** A request with an idempotency key: its principal, route, key and body. */
export type KeyedRequest = { principal: string; route: string; key: string; requestHash: string };
export type StoredAnswer = { status: number; body: unknown; headers: Record<string, string> };

/**
 * `mine`: continue. `running`: another process works on it. `reused`: the key belongs to another body. `answered`: the
 * stored answer.
 */
export type Claim = { outcome: 'mine' | 'running' | 'reused' } | { outcome: 'answered'; answer: StoredAnswer };

const Headers = storedValue('Headers of a stored answer', z.record(z.string(), z.string()).nullable());

/** A key without an answer for longer than this belongs to a process that has ended; its work is safe to repeat. */
const ABANDONED_AFTER = '60 seconds';

/**
 * Keys and answers of requests, stored for 30 days. A body is stored as a hash; routes name the fields of an answer that
 * are never stored.
 */
export function createIdempotency(pool: Pool) {
  return {
    async claim({ principal, route, key, requestHash }: KeyedRequest): Promise<Claim> {
      const mine = await pool.query({
        name: 'claim_key',
        text: `insert into idempotency_keys (principal, route, key, request_hash) values ($1, $2, $3, $4)
         on conflict (principal, route, key) do update set created_at = now()
           where idempotency_keys.status is null and idempotency_keys.request_hash = excluded.request_hash
             and idempotency_keys.created_at < now() - interval '${ABANDONED_AFTER}'
         returning key`,
        values: [principal, route, key, requestHash],
      });
      if (mine.rowCount === 1) return { outcome: 'mine' };
      const { rows } = await pool.query<{
        request_hash: string;
        status: number | null;
        response: unknown;
        headers: unknown;
      }>(
        'select request_hash, status, response, headers from idempotency_keys where principal = $1 and route = $2 and key = $3',
        [principal, route, key],
      );
      const row = rows[0];
      // deleted between the two statements: the first request failed and released the key
      if (!row) return { outcome: 'running' };
      if (row.request_hash !== requestHash) return { outcome: 'reused' };
      if (row.status === null) return { outcome: 'running' };
      return {
        outcome: 'answered',
        answer: { status: row.status, body: row.response, headers: Headers.read(row.headers) ?? {} },
      };
    },

    async keep({ principal, route, key }: Omit<KeyedRequest, 'requestHash'>, answer: StoredAnswer): Promise<void> {
      await pool.query({
        name: 'keep_answer',
        text: 'update idempotency_keys set status = $4, response = $5, headers = $6 where principal = $1 and route = $2 and key = $3',
        values: [
          principal,
          route,
          key,
          answer.status,
          JSON.stringify(answer.body ?? null),
          JSON.stringify(answer.headers),
        ],
      });
    },

    /** The request failed without an effect: the key is free again. */
    async letGo({ principal, route, key }: Omit<KeyedRequest, 'requestHash'>): Promise<void> {
      await pool.query(
        'delete from idempotency_keys where principal = $1 and route = $2 and key = $3 and status is null',
        [principal, route, key],
      );
    },
  };
}

export type Idempotency = ReturnType<typeof createIdempotency>;

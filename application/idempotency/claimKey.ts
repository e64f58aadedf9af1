/** A request with an idempotency key: its principal, route, key and body. */
export type KeyedRequest = { principal: string; route: string; key: string; requestHash: string };
export type StoredAnswer = { status: number; body: unknown; headers: Record<string, string> };

/**
 * `mine`: continue. `running`: another process works on it. `reused`: the key belongs to another body. `answered`: the
 * stored answer.
 */
export type Claim = { outcome: 'mine' | 'running' | 'reused' } | { outcome: 'answered'; answer: StoredAnswer };

/** A key without an answer for longer than this belongs to a process that has ended; its work is safe to repeat. */
const ABANDONED_AFTER_SECONDS = 60;

/** Keys and answers of requests. A body is stored as a hash. */
export type KeyStore = {
  /** Takes a key that is free or, with the same body, abandoned. */
  take(request: KeyedRequest, abandonedAfterSeconds: number): Promise<boolean>;
  read(request: KeyedRequest): Promise<{ requestHash: string; answer: StoredAnswer | undefined } | undefined>;
  /** Stores the answer; the caller has left out what is never stored. */
  keep(request: KeyedRequest, answer: StoredAnswer): Promise<void>;
  /** The request failed without an effect: the key is free again. */
  release(request: KeyedRequest): Promise<void>;
};

export const claimKey =
  ({ take, read }: Pick<KeyStore, 'take' | 'read'>) =>
  async (request: KeyedRequest): Promise<Claim> => {
    if (await take(request, ABANDONED_AFTER_SECONDS)) return { outcome: 'mine' };
    const found = await read(request);
    // Deleted between the two statements: the first request failed and released the key.
    if (!found) return { outcome: 'running' };
    if (found.requestHash !== request.requestHash) return { outcome: 'reused' };
    return found.answer ? { outcome: 'answered', answer: found.answer } : { outcome: 'running' };
  };

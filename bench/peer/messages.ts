/** The queue of the peers. */
export const PEER_QUEUE = 'bench-peer';

/** The peer of the reference journey. */
export type SkeletonInput = {
  subject: string;
  /** of real time: a follow-up is due every so often after arrival */
  monthMs: number;
  /** the year of follow-ups, which is a run of its own; left out on the way home */
  year?: { seq: number; arrivedAt: number };
};
export const skeletonMessages = { notified: 'notified', decided: 'decided' } as const;

/** The peer of a waiting journey: waits for one signal. */
export const waitingMessages = { go: 'go' } as const;

/** What a replayed peer does in each of its workflow tasks, after what woke it. */
export type Play = {
  steps: Array<{
    wake: 'start' | 'activity' | 'update' | 'signal' | 'timer';
    locals: number;
    timers: number;
    open: number;
  }>;
  /** whether it ends when the last step is done, or waits on */
  ends: boolean;
};
export const playMessages = { signalled: 'signalled', updated: 'updated' } as const;

/** Activities with empty bodies; `record` alone does something: one transaction. */
export type PeerActivities = {
  lookUp(): Promise<void>;
  ask(): Promise<void>;
  suspensionOverlap(): Promise<void>;
  nothing(): Promise<void>;
  /** Writes an event of the subject, its projection and an event for the outbox. */
  record(input: { subject: string; seq: number; waitsForMonth?: number }): Promise<void>;
};

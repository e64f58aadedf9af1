import type { Role } from '../../domain/actor.ts';
import { type Instant, type OperationClock, toOperation } from '../../domain/time.ts';
import { ApiProblem, type Client, pause } from '../client.ts';
import { leftToVisitor } from '../drill/policy.ts';
import type { Relief } from '../drill/relief.ts';
import type { Scenario } from '../scenarioData.ts';
import type { Directory } from './directory.ts';

/** What a shift of stand-in staff works with: a sign-in for each role, the operation, and the list they imported. */
export type Shift = {
  clients: Record<Role, Pick<Client, 'get' | 'all' | 'post'>>;
  operationId: string;
  clock: OperationClock;
  scenario: Scenario;
  directory: Directory;
  relief: readonly Relief[];
  /** partner ids by path of the partner */
  partners: ReadonlyMap<string, string>;
  /** notifies the carrier's crew that boarding is over */
  notifyCrew: (movementReference: string) => Promise<void>;
  stop: AbortSignal;
  log: (message: string) => void;
  /** decisions made so far, for the table */
  decided: { count: number };
};

export function nowOf(shift: Pick<Shift, 'clock'>): Instant {
  return toOperation(shift.clock, Date.now());
}

export function isLeft(shift: Shift, householdRef: string): boolean {
  return leftToVisitor(shift.scenario).includes(householdRef);
}

/**
 * Gives a command about a person. False where the system refuses it now (somebody else was first, or it is too early): the next
 * look at the tasks shows whether anything is left to do.
 */
export async function command(
  shift: Shift,
  role: Role,
  personId: string,
  name: string,
  args: object,
  reasonCode?: string,
): Promise<boolean> {
  const accepted = await tried(shift, `${name} ${personId}`, () =>
    shift.clients[role].post(`/people/${personId}/commands/${name.replaceAll('_', '-')}`, {
      args,
      ...(reasonCode === undefined ? {} : { reason_code: reasonCode }),
    }),
  );
  // who stays is examined as long as they stay: that moves nobody on
  if (accepted && name !== 'record_fitness') shift.decided.count += 1;
  return accepted;
}

/** As `command`, about a movement. */
export async function movementCommand(
  shift: Shift,
  role: Role,
  movementId: string,
  name: string,
  args: object = {},
  reasonCode?: string,
): Promise<Record<string, number> | undefined> {
  let detail: Record<string, number> | undefined;
  const accepted = await tried(shift, `${name} ${movementId}`, async () => {
    const answer = (await shift.clients[role].post(`/movements/${movementId}/commands/${name.replaceAll('_', '-')}`, {
      args,
      ...(reasonCode === undefined ? {} : { reason_code: reasonCode }),
    })) as { detail: Record<string, number> };
    detail = answer.detail;
  });
  if (accepted) shift.decided.count += 1;
  return detail;
}

export async function tried(shift: Shift, what: string, act: () => Promise<unknown>): Promise<boolean> {
  try {
    await act();
    return true;
  } catch (error) {
    if (!(error instanceof ApiProblem)) throw error;
    if (error.status !== 409) shift.log(`${what}: ${error.message}`);
    return false;
  }
}

/** Runs a round again and again until the shift ends; a fault of one round is logged and the next begins. */
export async function rounds(shift: Shift, everyMs: number, round: () => Promise<void>): Promise<void> {
  while (!shift.stop.aborted) {
    const began = Date.now();
    try {
      await round();
    } catch (error) {
      if (shift.stop.aborted) return;
      shift.log(String(error));
    }
    await pause(Math.max(50, everyMs - (Date.now() - began)), shift.stop);
  }
}

/** Does something for each, only so many at once. */
export async function atOnce<T>(items: readonly T[], limit: number, act: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await act(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
}

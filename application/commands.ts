import { roleFor } from '../domain/access.ts';
import type { Role } from '../domain/actor.ts';
import type { Command, Decision, Preparation } from '../domain/commands.ts';
import type { IdKind } from '../domain/ids.ts';
import type { Notes } from './journeys/reads.ts';
import type { PreparedCommands, Settled } from './preparedCommands.ts';

/** Whose command it is, and by whose roles it is given. `personId`: whose key encrypts its note. */
type Sender = { workflowId: string; subject: string; personId?: string; principal: string; roles: readonly Role[] };
/** A command as it came in; what travels is made of it. */
export type GivenCommand = Omit<Decision, 'actor' | 'noteId'> &
  Sender & { command: Command; note?: string | undefined };

/** Why a command is not sent, or not done. */
export type NotDone =
  | { outcome: 'not_allowed' | 'second_person_needed' | 'first_approval'; detail: string }
  | { outcome: 'reason_missing' }
  | { outcome: 'unknown'; argument: string; detail: string }
  | { outcome: 'ended'; ending: string }
  | { outcome: 'refused'; reason: string; allowed: string[] };

/** `made`: the id of what was made in the database, by the name of its argument. */
export type Outcome<Answer> = { outcome: 'recorded'; answer: Answer; made?: Record<string, string> } | NotDone;

/** What is done before a command is sent, and how it is compensated where the workflow refuses. */
export type Prepared = { role?: Role; compensate?: () => Promise<void> } | NotDone;

export type CommandPorts = {
  prepared: PreparedCommands;
  notes: Pick<Notes, 'write'>;
  ids: { derived(kind: IdKind, ...parts: string[]): string };
  engine: { send<Answer>(workflowId: string, name: string, decision: Decision): Promise<Answer> };
};

/** What a kind of subject adds: a look at its state before anything is written, and its preparations. */
export type Checks = {
  early?(given: GivenCommand, role: Role): Promise<NotDone | undefined>;
  prepare?(preparation: Preparation, given: GivenCommand, made: string, noteId: string | undefined): Promise<Prepared>;
};

/**
 * Gives a command: checks the role, stores the note encrypted, prepares what must stand in the database, and sends the
 * decision to the one workflow that owns the subject. Answered after it is recorded.
 */
export async function giveCommand<Answer>(
  { notes, ids, engine, prepared: rows }: CommandPorts,
  given: GivenCommand,
  { early, prepare }: Checks = {},
): Promise<Outcome<Answer>> {
  const { command, commandId, subject, personId, principal, roles, reasonCode, note } = given;
  const ownRole = mayGive(command, roles, reasonCode);
  if (typeof ownRole !== 'string') return ownRole;
  const refused = await early?.(given, ownRole);
  if (refused) return refused;
  const noteId = note === undefined ? undefined : ids.derived('note', commandId);
  if (noteId !== undefined && note !== undefined) {
    const restricted = command.noteRestricted === true;
    await notes.write({
      id: noteId,
      subject,
      ...(personId === undefined ? {} : { personId }),
      author: principal,
      restricted,
      text: note,
    });
  }
  const { makes } = command;
  const preparation = command.prepare?.(given.args);
  const isMade = makes !== undefined && (command.prepare === undefined || preparation !== undefined);
  const madeId = isMade ? ids.derived(makes, commandId) : '';
  const made = isMade ? { [`${makes}Id`]: madeId } : undefined;
  const args = Object.fromEntries(Object.entries(given.args).filter(([name]) => !command.staysBehind.includes(name)));
  const decisionOf = (role: Role): Decision => ({
    commandId,
    actor: { kind: 'staff', id: principal, role },
    args: { ...args, ...made },
    ...(reasonCode === undefined ? {} : { reasonCode }),
    ...(noteId === undefined ? {} : { noteId }),
  });
  const toSettle = preparation === undefined ? undefined : makes;
  // It is known before anything is made for it: whatever happens from here on, it is settled (preparedCommands.ts).
  const known = async (role: Role): Promise<void> => {
    if (toSettle === undefined) return;
    const { workflowId } = given;
    await rows.write({ ...decisionOf(role), workflowId, subject, name: command.name, made: toSettle, madeId });
  };
  const settle = async (settled: Settled): Promise<void> => {
    if (toSettle !== undefined) await rows.settle(commandId, settled);
  };
  await known(ownRole);
  const prepared = (preparation && (await prepare?.(preparation, given, madeId, noteId))) ?? {};
  if ('outcome' in prepared) {
    await settle('dropped');
    return prepared;
  }
  const role = prepared.role ?? ownRole;
  if (role !== ownRole) await known(role);
  try {
    const answer = await engine.send<Answer>(given.workflowId, command.name, decisionOf(role));
    await settle('recorded');
    return { outcome: 'recorded', answer, ...(made === undefined ? {} : { made }) };
  } catch (error) {
    if (wasRefused(error)) {
      await prepared.compensate?.();
      await settle('dropped');
    }
    throw error;
  }
}

/** The role under which a command is given, or why it may not be. */
export function mayGive(
  { roles, reason }: Pick<Command, 'roles' | 'reason'>,
  held: readonly Role[],
  reasonCode: string | undefined,
): Role | NotDone {
  const role = roleFor(roles, held);
  if (role === undefined) return { outcome: 'not_allowed', detail: `This is for: ${roles.join(', ')}.` };
  return reason && reasonCode === undefined ? { outcome: 'reason_missing' } : role;
}

/** The workflow has looked at the command and said no; anything else leaves open whether it was taken. */
export function wasRefused(error: unknown): boolean {
  return error instanceof Error && error.name === 'WorkflowUpdateFailedError';
}

import type { Decision, Made } from '../domain/commands.ts';
import { DAY, HOUR, isoDay, MINUTE } from '../domain/time.ts';
import type { Alarm } from './alarms/alarms.ts';

/** A command whose rows stand in the database before the command is sent. It holds ids and codes, never data of a person. */
export type PreparedCommand = Decision & {
  workflowId: string;
  subject: string;
  name: string;
  made: Made;
  madeId: string;
};

/** `recorded`: the event log has it. `dropped`: its workflow refused it, or is over; what was made is compensated. */
export type Settled = 'recorded' | 'dropped';

export type PreparedCommands = {
  /** Idempotent by the id of the command; a command that was dropped is open again. */
  write(command: PreparedCommand): Promise<void>;
  settle(commandId: string, settled: Settled): Promise<void>;
};

export type UnsettledCommand = PreparedCommand & { operationId: string | null; age: number };

export type SettlePorts = Pick<PreparedCommands, 'settle'> & {
  /** Those that are open and older than this, in milliseconds; who was tried longest ago comes first. Marks them as tried. */
  takeUnsettled(olderThan: number, limit: number): Promise<UnsettledCommand[]>;
  isRecorded(subject: string, commandId: string): Promise<boolean>;
  /** `void`: it was compensated already */
  find(made: Made, id: string): Promise<'stands' | 'void' | 'missing'>;
  hasEnded(subject: string): Promise<boolean>;
  /** Compensates what was made; what an event has made valid stays. */
  drop(made: Made, id: string): Promise<void>;
  /** @throws where it is not taken; `why` tells */
  send(workflowId: string, name: string, decision: Decision): Promise<unknown>;
  /** `refused`: the workflow has looked at it and said no. `missing`: no workflow of this id runs. */
  why(error: unknown): 'refused' | 'missing' | 'unknown';
  raiseAlarm(alarm: Alarm, occasion: string): Promise<void>;
  /** real time */
  clock(): number;
};

/** Longer than any caller waits for an answer, with all repetitions inside the call. */
const LEFT_ALONE = MINUTE;
/** A command without what it makes: its caller was cut off in between, and nothing was sent. */
const NOTHING_MADE_AFTER = HOUR;
const ALARM_AFTER = HOUR;
const AT_ONCE = 20;

/**
 * Settles commands that were prepared and have no event: the same command is sent again under its id, so it has one
 * effect however often it comes. Where its workflow refuses it, or is over, what was made is compensated. Where neither
 * is possible for an hour, an alarm is raised each day. What was made blocks until then.
 * @returns how many were looked at, and how many are settled now
 */
export const settlePrepared = (ports: SettlePorts) => async (): Promise<{ looked: number; settled: number }> => {
  const open = await ports.takeUnsettled(LEFT_ALONE, AT_ONCE);
  let settled = 0;
  for (const command of open) {
    const outcome = await settleOne(ports, command);
    if (outcome === 'open') {
      if (command.age >= ALARM_AFTER) await alarm(ports, command);
      continue;
    }
    await ports.settle(command.commandId, outcome);
    settled += 1;
  }
  return { looked: open.length, settled };
};

async function settleOne(ports: SettlePorts, command: UnsettledCommand): Promise<Settled | 'open'> {
  const { workflowId, subject, name, made, madeId, operationId: _operation, age, ...decision } = command;
  const { commandId } = decision;
  if (await ports.isRecorded(subject, commandId)) return 'recorded';
  const found = await ports.find(made, madeId);
  if (found !== 'stands') return found === 'void' || age >= NOTHING_MADE_AFTER ? 'dropped' : 'open';
  try {
    await ports.send(workflowId, name, decision);
    return 'recorded';
  } catch (error) {
    const why = ports.why(error);
    if (why !== 'refused' && !(why === 'missing' && (await ports.hasEnded(subject)))) return 'open';
    if (await ports.isRecorded(subject, commandId)) return 'recorded';
    await ports.drop(made, madeId);
    return 'dropped';
  }
}

function alarm(ports: SettlePorts, { operationId, subject, name, commandId, madeId, age }: UnsettledCommand) {
  return ports.raiseAlarm(
    {
      ...(operationId === null ? {} : { operationId }),
      subject,
      kind: 'prepared_command_open',
      detail: { command: name, commandId, madeId, days: Math.floor(age / DAY) },
    },
    `${commandId}:${isoDay(ports.clock())}`,
  );
}

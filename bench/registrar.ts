import { randomUUID } from 'node:crypto';
import { Agent, request } from 'undici';
import type { JourneyInput } from '../workflows/messages.ts';
import { until } from './load.ts';
import { madeUp } from './people.ts';
import type { BenchSystem } from './system.ts';

/** The system limits what one person may ask in a minute, so this many case workers share the queue. */
const CASE_WORKERS = 40;
/** Polled by nobody: what is started there stays a run that exists. */
const NOBODYS_QUEUE = 'bench-nobody';

/** Registers people over HTTP; the peer starts the same workflows directly. */
export type Registrar = {
  /** numbers of people who were not there before */
  people(count: number): number[];
  /** `POST /v1/operations/{id}/households` for a household of one. @throws Error unless it is answered 201 */
  register(person: number): Promise<void>;
  /** `client.workflow.start` of the workflow that `register` starts, with an input of the system's own making */
  startBare(person: number): Promise<void>;
  /** Every order to start that the system has given is settled: the server has said that the run is there. */
  allStarted(): Promise<void>;
  close(): Promise<void>;
};

/** Opens a registrar for a running operation and warms both sides up. Needs the API. */
export async function openRegistrar(system: BenchSystem, operationId: string): Promise<Registrar> {
  const agent = new Agent({ connections: 128 });
  let number = 0;
  const people = (count: number): number[] => Array.from({ length: count }, () => (number += 1));
  const register = async (person: number): Promise<void> => {
    const { statusCode, body } = await request(`${system.api}/v1/operations/${operationId}/households`, {
      method: 'POST',
      dispatcher: agent,
      headers: {
        authorization: `Bearer ${await system.signIn.token('case_worker', person % CASE_WORKERS)}`,
        'content-type': 'application/json',
        'idempotency-key': randomUUID(),
      },
      body: JSON.stringify({ household_ref: `H-${person}`, members: [madeUp(person)] }),
    });
    const text = await body.text();
    if (statusCode !== 201) throw new Error(`A household was answered ${statusCode}: ${text}`);
  };
  for (const person of people(50)) await register(person);
  const input = await anInput(system);
  const startBare = async (person: number): Promise<void> => {
    const journeyId = `bare-${person}`;
    await system.temporal.workflow.start('journey', {
      workflowId: `journey:${journeyId}`,
      taskQueue: NOBODYS_QUEUE,
      args: [{ ...input, journeyId }],
    });
  };
  for (const person of people(50)) await startBare(person);
  return { people, register, startBare, allStarted: () => nothingLeft(system), close: () => agent.close() };
}

async function anInput({ pool }: BenchSystem): Promise<JourneyInput> {
  const { rows } = await pool.query<{ input: JourneyInput }>(
    `select input from pending_starts where workflow = 'journey' limit 1`,
  );
  if (!rows[0]) throw new Error('Nobody was registered');
  return rows[0].input;
}

async function nothingLeft({ pool }: BenchSystem): Promise<void> {
  await until(async () => {
    const { rows } = await pool.query<{ left: number }>(
      'select count(*)::int as left from pending_starts where started_at is null',
    );
    return rows[0]?.left === 0;
  }, 'every run to exist');
}

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startOffices } from '../../sandbox/offices/server.ts';
import type { FaultHouse } from './faultHouse.ts';
import { type PlannedOffice, type RunningOffice, runOperation } from './faultOperation.ts';
import { type Link, openLink } from './link.ts';

/** Who is in no list gets the plain good answers; those who stand in this caseload get its own. */
const CASELOAD = fileURLToPath(new URL('../../sandbox/caseloads/ambae-2017', import.meta.url));
const DRILL = 'faults';

/** A line of the ledger that the stand-in offices keep, outside the house. */
export type LedgerLine = {
  request_id: string;
  office: string;
  kind: string;
  person_ref?: string;
  status: string;
  evidence: number;
};

/** An operation with stand-in offices that answer by themselves, each reached over a line of its own. */
export type AnsweredOperation = {
  operationId: string;
  offices: RunningOffice[];
  lines: Record<OfficeName, Link>;
  ledger(): Promise<LedgerLine[]>;
  close(): Promise<void>;
};

/** `silentConsulate` takes every question and never says anything. */
const OFFICES = {
  registry: { kind: 'registry' },
  consulate: { kind: 'consulate', state: 'VUT' },
  silentConsulate: { kind: 'consulate', state: 'FJI' },
  clinic: { kind: 'clinic' },
  border: { kind: 'border' },
  carrier: { kind: 'carrier' },
  agency: { kind: 'agency' },
} as const satisfies Record<string, Omit<PlannedOffice, 'url' | 'name'>>;

export type OfficeName = keyof typeof OFFICES;
const NAMES = Object.keys(OFFICES) as OfficeName[];

/** Opens an operation under a clock of its own; its people need a nationality, a document, a check and a permit. */
export async function answeredOperation(
  house: FaultHouse,
  { secondsPerDay, rules }: { secondsPerDay: number; rules?: object },
): Promise<AnsweredOperation> {
  const sandbox = await startOffices({ port: 0, dataDir: join(house.folder, 'offices') });
  const lines = Object.fromEntries(
    await Promise.all(NAMES.map(async (name) => [name, await openLink({ port: sandbox.port })] as const)),
  ) as AnsweredOperation['lines'];
  const { operationId, offices } = await runOperation(house, {
    kind: 'return',
    secondsPerDay,
    ...(rules === undefined ? {} : { rules }),
    offices: NAMES.map((name) => ({
      name,
      ...OFFICES[name],
      url: `http://127.0.0.1:${lines[name].port}/drills/${DRILL}/${name}`,
    })),
  });
  const { segments } = (await house.as('coordinator').get(`/operations/${operationId}/clock`)) as { segments: unknown };
  await tell(`${sandbox.url}/drills`, {
    id: DRILL,
    operation: operationId,
    caseload_dir: CASELOAD,
    clock: segments,
    offices: offices.map(({ name, kind, state, partnerId, secret }) => ({
      path: name,
      kind,
      partner_id: partnerId,
      secret,
      ...(state === undefined ? {} : { state }),
    })),
  });
  await tell(`${sandbox.url}/knobs`, { drill: DRILL, office: 'silentConsulate', silent: true });
  return {
    operationId,
    offices,
    lines,
    async ledger() {
      const response = await fetch(`${sandbox.url}/ledger?drill=${DRILL}`);
      return ((await response.json()) as { data: LedgerLine[] }).data;
    },
    async close() {
      await Promise.all(Object.values(lines).map((line) => line.close()));
      await sandbox.stop();
    },
  };
}

/** For whoever runs the offices: opens them, turns their knobs. */
async function tell(url: string, body: object): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`The offices do not take it: ${await response.text()}`);
}

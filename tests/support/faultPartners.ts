import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startPartners } from '../../sandbox/partners/server.ts';
import { type PlannedPartner, type RunningPartner, runOperation } from './faultOperation.ts';
import type { FaultSystem } from './faultSystem.ts';
import { type Link, openLink } from './link.ts';

/** People of this scenario get its answers; everybody else gets positive ones. */
const SCENARIO = fileURLToPath(new URL('../../sandbox/scenarioData/ambae-2017', import.meta.url));
const DRILL = 'faults';

/** A line in the ledger of the stand-in partners, which is outside the system. */
export type LedgerLine = {
  request_id: string;
  partner: string;
  kind: string;
  person_ref?: string;
  status: string;
  evidence: number;
};

/** An operation with stand-in partners that answer by themselves, each behind a link of its own. */
export type AnsweredOperation = {
  operationId: string;
  partners: RunningPartner[];
  lines: Record<PartnerName, Link>;
  ledger(): Promise<LedgerLine[]>;
  close(): Promise<void>;
};

/** `silentConsulate` accepts every request and never answers. */
const STAND_INS = {
  registry: { kind: 'registry' },
  consulate: { kind: 'consulate', state: 'VUT' },
  silentConsulate: { kind: 'consulate', state: 'FJI' },
  clinic: { kind: 'clinic' },
  border: { kind: 'border' },
  carrier: { kind: 'carrier' },
  agency: { kind: 'agency' },
} as const satisfies Record<string, Omit<PlannedPartner, 'url' | 'name'>>;

export type PartnerName = keyof typeof STAND_INS;
const NAMES = Object.keys(STAND_INS) as PartnerName[];

/** Opens an operation under a clock of its own; its people need a nationality, a document, a check and a permit. */
export async function answeredOperation(
  system: FaultSystem,
  { secondsPerDay, rules }: { secondsPerDay: number; rules?: object },
): Promise<AnsweredOperation> {
  const sandbox = await startPartners({ port: 0, dataDir: join(system.folder, 'partners') });
  const lines = Object.fromEntries(
    await Promise.all(NAMES.map(async (name) => [name, await openLink({ port: sandbox.port })] as const)),
  ) as AnsweredOperation['lines'];
  const { operationId, partners } = await runOperation(system, {
    kind: 'return',
    secondsPerDay,
    rules,
    partners: NAMES.map((name) => ({
      name,
      ...STAND_INS[name],
      url: `http://127.0.0.1:${lines[name].port}/drills/${DRILL}/${name}`,
    })),
  });
  const { segments } = (await system.as('coordinator').get(`/operations/${operationId}/clock`)) as {
    segments: unknown;
  };
  await control(`${sandbox.url}/drills`, {
    id: DRILL,
    operation: operationId,
    scenario_dir: SCENARIO,
    clock: segments,
    partners: partners.map(({ name, kind, state, partnerId, secret }) => ({
      path: name,
      kind,
      partner_id: partnerId,
      secret,
      ...(state === undefined ? {} : { state }),
    })),
  });
  await control(`${sandbox.url}/knobs`, { drill: DRILL, partner: 'silentConsulate', silent: true });
  return {
    operationId,
    partners,
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

/** Sends a control request to the stand-in partners. */
async function control(url: string, body: object): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`The partners refused the control request: ${await response.text()}`);
}

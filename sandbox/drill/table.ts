import { DAY, durationOf, type Instant, iso, SECOND } from '../../domain/time.ts';
import type { Client } from '../client.ts';

type Situation = {
  operation_time: string;
  sentence: string;
  numbers: { people: number; safe: number; moving: number; waiting: number; ended_without_travel: number };
  statuses: Array<{ status: string; people: number }>;
  decisions: Array<{ role: string; kind: string; count: number }>;
  lateness?: { worst: string; escalation_steps: number };
};
type Movement = {
  reference: string;
  status: string;
  taken: { seat: number; infant_lap: number };
  seats: { seat: number };
  destination: { name: string };
};

const SHORT: Record<string, string> = {
  registered: 'registered',
  screened: 'screened',
  consented: 'consented',
  verified: 'verified',
  travel_ready: 'ready',
  seated: 'seated',
  checked_in: 'at gate',
  boarded: 'on board',
  in_transit: 'under way',
  arrived: 'arrived',
  received: 'received',
  reintegrating: 'at home',
  closed: 'closed',
};

/** One look at the drill: what is written on a line, and when its clock shows what. */
export type Look = { at: Instant; lines: string[]; worstLatenessSeconds: number | undefined };

/** Reads where the operation stands, and says it in a few lines. */
export async function look(client: Client, operationId: string, decided: number, start: Instant): Promise<Look> {
  const situation = (await client.get(`/operations/${operationId}/situation`)) as Situation;
  const movements = (await client.all(`/operations/${operationId}/movements`)) as Movement[];
  const at = Date.parse(situation.operation_time);
  const statuses = situation.statuses
    .filter((status) => status.people > 0)
    .map(({ status, people }) => `${SHORT[status] ?? status} ${people}`);
  const busy = movements
    .filter((movement) => ['boarding', 'departed', 'arrived'].includes(movement.status))
    .map(
      (movement) =>
        `${movement.reference} ${movement.status.toLowerCase()} ${movement.taken.seat + movement.taken.infant_lap} to ${movement.destination.name}`,
    );
  const open = situation.decisions.reduce((sum, decision) => sum + decision.count, 0);
  const day = Math.floor((at - start) / DAY);
  const lateness = situation.lateness && durationOf(situation.lateness.worst);
  const worst = lateness === undefined ? undefined : lateness / SECOND;
  return {
    at,
    worstLatenessSeconds: worst,
    lines: [
      `day ${String(day).padStart(3)}  ${iso(at).slice(0, 16).replace('T', ' ')}Z  ${statuses.join(' · ')}`,
      `         ${situation.numbers.safe} home · ${decided} decisions made, ${open} open${worst === undefined ? '' : ` · latest wait ${worst.toFixed(1)} s late`}${busy.length > 0 ? ` · ${busy.slice(0, 4).join(' · ')}` : ''}`,
    ],
  };
}

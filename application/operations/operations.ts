import type { OperationClock } from '../../domain/clock.ts';
import type { Phase, Scope } from '../../domain/operations/events.ts';
import type { OperationStatus } from '../../domain/operations/state.ts';
import type { SitePurpose } from '../../domain/plan.ts';
import type { OperationKind, Rules } from '../../domain/rules.ts';
import type { Instant } from '../../domain/time.ts';

export type Operation = {
  id: string;
  kind: OperationKind;
  drill: boolean;
  name: string;
  /** alpha-3 */
  country: string;
  status: OperationStatus;
  planId: string | null;
  governmentRequestRef: string | null;
  rulesVersion: number;
  registrationOpen: boolean;
  seq: number;
  startsAt: Instant;
  /** real time */
  createdAt: Instant;
};

export type OperationDetail = Operation & {
  /** principals by area */
  leads: Record<string, string>;
  phases: Record<string, Phase>;
  sites: Array<{ id: string; name: string; purpose: SitePurpose; capacity: number | null }>;
  /** those that are open, the oldest first */
  suspensions: Array<{ id: string; scopeKind: Scope['scopeKind']; scopeValue: string | null; from: Instant }>;
};

export type SectorPlan = { leadAgency: string | null; cluster: string | null; planned: number };

/** `reached`: people with at least one service of the sector. Both counts are of services, never entered by hand. */
export type Sector = SectorPlan & { number: number; code: string; name: string; reached: number; services: number };

/** Operations as the API reads and configures them; commands go through the workflow. */
export type Operations = {
  /** Newest first, one more than `limit`. @param among ids that the caller may see, or all */
  list(among: 'all' | readonly string[], limit: number, after?: string): Promise<Operation[]>;
  read(id: string): Promise<OperationDetail | undefined>;
  exists(id: string): Promise<boolean>;
  /** undefined for an unknown operation */
  country(id: string): Promise<string | undefined>;
  /** @throws Error for an unknown operation */
  clock(id: string): Promise<OperationClock>;
  /** What the operation's clock shows. @throws Error for an unknown operation */
  now(id: string, real: Instant): Promise<Instant>;
  /** The rules in force. @throws Error for an unknown operation */
  rules(id: string): Promise<Rules>;
  /** All sectors of the operation's set. */
  sectors(id: string): Promise<Sector[]>;
  writeSector(id: string, code: string, sector: SectorPlan): Promise<void>;
  addPartner(id: string, partnerId: string): Promise<void>;
};

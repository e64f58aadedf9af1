import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Alarms } from '../../application/alarms/alarms.ts';
import type { LoopReads } from '../../application/background.ts';
import type { SituationReads } from '../../application/journeys/reads.ts';
import type { Operations } from '../../application/operations/operations.ts';
import type { Zones } from '../../domain/movements/localTimes.ts';
import { type Instant, toOperation } from '../../domain/time.ts';
import type { Engine } from '../ports.ts';

export type MetricsOptions = {
  situation: Pick<SituationReads, 'waiting' | 'startsWaiting'>;
  alarms: Pick<Alarms, 'open'>;
  loops: LoopReads;
  operations: Pick<Operations, 'clock'>;
  zones: Pick<Zones, 'table'>;
  clock: () => Instant;
  engine: Pick<Engine, 'suspendedVersions'>;
};

declare module 'fastify' {
  interface FastifyInstance {
    registry: Registry;
  }
}

/**
 * `journeys_waiting` and `oldest_waiting_seconds` cover "people are stuck" with one alert; `starts_waiting` and
 * `oldest_start_waiting_seconds` how far the engine is behind the registrations; `alarms_open` what a person must look
 * at; `time_zone_table_info` which table reads local times; `workflows_without_worker` workflows that cannot continue
 * because no worker runs their version; durations by route, never by address.
 */
export const metrics = fp<MetricsOptions>(
  async (app, { situation, alarms, loops, operations, zones, clock, engine }) => {
    const registry = new Registry();
    collectDefaultMetrics({ register: registry });
    const labelNames = ['status', 'partner_kind'] as const;
    const waiting = inOneLook(() => waitingNow({ situation, operations, clock }));
    const people = new Gauge({
      name: 'journeys_waiting',
      help: 'Journeys with a wait that blocks, by status and by kind of whom they wait for',
      labelNames,
      registers: [],
      async collect() {
        const groups = await waiting();
        this.reset();
        for (const group of groups) this.set(group.labels, group.people);
      },
    });
    const oldest = new Gauge({
      name: 'oldest_waiting_seconds',
      help: 'How long the longest open wait that blocks has lasted, in seconds of operation time',
      labelNames,
      registers: [],
      async collect() {
        const groups = await waiting();
        this.reset();
        for (const group of groups) this.set(group.labels, group.seconds);
      },
    });
    const starts = inOneLook(() => situation.startsWaiting());
    const behind = new Gauge({
      name: 'starts_waiting',
      help: 'Workflows whose rows are committed and which have not been started: what Temporal, when it is away, keeps waiting',
      registers: [],
      async collect() {
        this.set((await starts()).count);
      },
    });
    const lag = new Gauge({
      name: 'oldest_start_waiting_seconds',
      help: 'How long the oldest of them has waited, in seconds of real time',
      registers: [],
      async collect() {
        this.set((await starts()).oldestSeconds);
      },
    });
    const open = new Gauge({
      name: 'alarms_open',
      help: 'What went wrong and nobody has dealt with yet, by kind',
      labelNames: ['kind'] as const,
      registers: [],
      async collect() {
        const kinds = await alarms.open();
        this.reset();
        for (const { kind, count } of kinds) this.set({ kind }, count);
      },
    });
    // While Temporal does not answer nothing is known of versions, and the rest is told all the same.
    const suspended = inOneLook(() => engine.suspendedVersions().catch(() => []));
    const pinned = new Gauge({
      name: 'workflows_without_worker',
      help: 'Open workflows that are pinned to a worker version which no worker runs, by version',
      labelNames: ['version'] as const,
      registers: [],
      async collect() {
        const versions = await suspended();
        this.reset();
        for (const { buildId, openWorkflows } of versions) this.set({ version: buildId }, openWorkflows);
      },
    });
    const oldestTask = new Gauge({
      name: 'oldest_task_without_worker_seconds',
      help: 'How long the oldest of their tasks has waited for a worker, in seconds of real time; 0 while none of them has anything to do',
      labelNames: ['version'] as const,
      registers: [],
      async collect() {
        const versions = await suspended();
        this.reset();
        for (const { buildId, oldestTaskSeconds } of versions) this.set({ version: buildId }, oldestTaskSeconds);
      },
    });
    const silent = new Gauge({
      name: 'background_loop_silent_seconds',
      help: 'Seconds since the database session of a background loop last spoke, by loop: some five while it is well; infinite where no process runs it',
      labelNames: ['loop'] as const,
      registers: [],
      async collect() {
        for (const [loop, seconds] of await loops.silentSeconds()) this.set({ loop }, seconds);
      },
    });
    const table = new Gauge({
      name: 'time_zone_table_info',
      help: 'The release of the time-zone table by which this process judges local times; always 1',
      labelNames: ['release'] as const,
      registers: [],
    });
    table.set({ release: zones.table }, 1);
    for (const gauge of [people, oldest, behind, lag, open, pinned, oldestTask, silent, table])
      registry.registerMetric(gauge);
    const durations = new Histogram({
      name: 'http_request_duration_seconds',
      help: 'From the first byte of a request to the last of its answer',
      labelNames: ['method', 'route', 'status'] as const,
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers: [registry],
    });
    app.addHook('onResponse', async (request, reply) => {
      durations.observe(
        { method: request.method, route: request.routeOptions.url ?? 'unknown', status: String(reply.statusCode) },
        reply.elapsedTime / 1_000,
      );
    });
    app.decorate('registry', registry);
  },
  { name: 'metrics', fastify: '5.x' },
);

type Group = { labels: { status: string; partner_kind: string }; people: number; seconds: number };

/** Open waits that block, over all operations, each reckoned by its own operation's clock. */
async function waitingNow({
  situation,
  operations,
  clock,
}: Pick<MetricsOptions, 'situation' | 'operations' | 'clock'>): Promise<Group[]> {
  const groups = new Map<string, Group>();
  for (const row of await situation.waiting()) {
    const now = toOperation(await operations.clock(row.operationId), clock());
    const key = `${row.status} ${row.whomKind}`;
    const labels = { status: row.status, partner_kind: row.whomKind };
    const group = groups.get(key) ?? { labels, people: 0, seconds: 0 };
    group.people += row.people;
    group.seconds = Math.max(group.seconds, (now - row.oldestSince) / 1_000);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** Gauges are collected all at once: those who ask while somebody looks share the look. */
function inOneLook<T>(look: () => Promise<T>): () => Promise<T> {
  let looking: Promise<T> | undefined;
  return () => {
    looking ??= look().finally(() => {
      looking = undefined;
    });
    return looking;
  };
}

/** Ids of ours and nothing else: what an address holds may be anything. */
const OWN_ID = /^[a-z]{2,5}_[0-9a-hjkmnp-tv-z]{26}$/;

/**
 * One wide line for each request: who, which route, what came of it, how long. Ids alone: no URL, no query, no body; where
 * nobody has signed in, the address that asks, because whoever stops an attack has nothing else.
 */
export const requestLog = fp(
  async (app) => {
    app.addHook('onResponse', async (request, reply) => {
      request.log.info(
        {
          method: request.method,
          route: request.routeOptions.url ?? 'unknown',
          status: reply.statusCode,
          ms: Math.round(reply.elapsedTime),
          principal: request.principal?.sub ?? null,
          ...(request.principal ? {} : { from: request.ip }),
          subject: subjectOf(request),
          operation: request.scope?.operationId ?? null,
        },
        'request',
      );
    });
  },
  { name: 'requestLog', fastify: '5.x', dependencies: ['authentication', 'access'] },
);

function subjectOf(request: FastifyRequest): string | null {
  const { id } = (request.params ?? {}) as { id?: unknown };
  return typeof id === 'string' && OWN_ID.test(id) ? id : null;
}

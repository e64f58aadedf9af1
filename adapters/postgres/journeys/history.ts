import type { HistoryReads } from '../../../application/journeys/reads.ts';
import { EVENT_FORMS } from '../../../domain/eventLog.ts';
import type { HistoryEvent } from '../../../domain/messages/history.ts';
import type { Instant } from '../../../domain/time.ts';
import { anyOf, type Db } from '../database.ts';
import type { EventLogEntry } from '../generated/kysely/tables.ts';
import { displayNames } from './now.ts';

export function historyOn(db: Db): HistoryReads {
  const events = db
    .selectFrom('eventLog')
    .select(['subject', 'seq', 'type', 'phase', 'at', 'actor', 'actorKind', 'role', 'reasonCode', 'noteId'])
    .select(['data', 'dataVersion'])
    .orderBy('subject')
    .orderBy('seq');

  return {
    async events(journeyId, operationId, included) {
      const own = await events.where('subject', '=', journeyId).execute();
      const journey = own.map((row) => eventOf('journey', row));
      const aboard = periodsAboard(journey);
      const movements = await events
        .where('subject', '=', anyOf([...aboard.keys()]))
        .where('type', '=', anyOf(included.movement))
        .execute();
      const ended = own.find(({ type }) => type === 'journeyEnded')?.at;
      const ofOperation = events
        .where('subject', '=', operationId)
        .where('type', '=', anyOf(included.operation))
        .where('at', '>=', own[0]?.at ?? new Date(0));
      const operation = await (ended ? ofOperation.where('at', '<=', ended) : ofOperation).execute();
      const pairs = await events
        .where('subject', 'in', (eb) =>
          eb
            .selectFrom('duplicatePairs as p')
            .innerJoin('journeys as j', (join) =>
              join.on((on) =>
                on.or([on('j.personId', '=', on.ref('p.personA')), on('j.personId', '=', on.ref('p.personB'))]),
              ),
            )
            .select('p.id')
            .where('j.id', '=', journeyId),
        )
        .execute();
      return [
        ...journey,
        // notes on a pair concern another person as well, so they are read with the pair
        ...pairs.map((row) => eventOf('pair', { ...row, noteId: null })),
        ...movements
          .filter((row) => concerns(aboard.get(row.subject) ?? [], row.at.getTime()))
          .map((row) => {
            const event = eventOf('movement', row);
            return { ...event, data: { ...event.data, movementId: row.subject } };
          }),
        ...operation.map((row) => eventOf('operation', row)),
      ];
    },

    async names(all) {
      const ids = all.flatMap(({ actor, data }) => [
        actor,
        ...Object.values(data).filter((value) => typeof value === 'string'),
      ]);
      const names = await displayNames(db, ids);
      const rows = await db
        .selectFrom('requests as r')
        .innerJoin('partners as p', 'p.id', 'r.partnerId')
        .select(['r.id', 'r.attempts', 'p.name'])
        .where('r.id', '=', anyOf([...new Set(ids)]))
        .execute();
      for (const { id, name } of rows) names.set(id, name);
      return { names, attempts: new Map(rows.map(({ id, attempts }) => [id, attempts])) };
    },
  };
}

type Period = { from: Instant; until?: Instant };
const LEAVES = ['seatReleased', 'noShow', 'deniedBoarding', 'offloaded', 'arrived'];

/** When the person had a seat on which movement: events of that time belong to their history. */
function periodsAboard(events: readonly HistoryEvent[]): Map<string, Period[]> {
  const periods = new Map<string, Period[]>();
  for (const { type, at, data } of events) {
    const movementId = typeof data['movementId'] === 'string' ? data['movementId'] : undefined;
    if (movementId === undefined) continue;
    const known = periods.get(movementId) ?? [];
    if (type === 'seatAssigned') periods.set(movementId, [...known, { from: at }]);
    const open = known.at(-1);
    if (open && open.until === undefined && LEAVES.includes(type)) open.until = at;
  }
  return periods;
}

function concerns(periods: readonly Period[], at: Instant): boolean {
  return periods.some(({ from, until }) => at >= from && (until === undefined || at <= until));
}

type EventRow = Omit<EventLogEntry, 'operationId' | 'recordedAt' | 'commandId'>;

function eventOf(source: HistoryEvent['source'], row: EventRow): HistoryEvent {
  const { seq, at, actor, actorKind, phase, role, reasonCode, noteId } = row;
  return {
    source,
    seq,
    ...EVENT_FORMS[source].read(row.type, row.dataVersion, row.data),
    ...(phase === null ? {} : { phase }),
    at: at.getTime(),
    actor,
    actorKind,
    ...(role === null ? {} : { role }),
    ...(reasonCode === null ? {} : { reasonCode }),
    ...(noteId === null ? {} : { noteId }),
  };
}

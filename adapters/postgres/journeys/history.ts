import { sql } from 'kysely';
import type { HistoryReads, NewNote, Notes } from '../../../application/journeys/reads.ts';
import type { NewDocument } from '../../../application/people/reads.ts';
import type { HistoryEvent } from '../../../domain/messages/history.ts';
import { STORED_NOTE, storedNote } from '../../../domain/personData.ts';
import { EVENT_FORMS } from '../../../domain/record.ts';
import { type Instant, iso } from '../../../domain/time.ts';
import { type Keyring, systemEncrypter } from '../../crypto/envelope.ts';
import { encryptFieldSet, openFieldSet } from '../../crypto/people.ts';
import { anyOf, type Db } from '../database.ts';
import type { EventLogEntry } from '../generated/kysely/tables.ts';
import { keyOfPerson } from '../people/personData.ts';
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
      const ended = endOf(own);
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
/** When the journey ended; undefined while it is open, also after it was reopened. */
function endOf(own: ReadonlyArray<{ type: string; at: Date }>): Date | undefined {
  const last = own.findLast(({ type }) => ['journeyEnded', 'deathRecorded', 'journeyReopened'].includes(type));
  return last?.type === 'journeyReopened' ? undefined : last?.at;
}

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

const fieldSet = (noteId: string) => `note ${noteId}`;

export function notesOn(db: Db, keyring: Keyring): Notes {
  const system = systemEncrypter(keyring);

  async function encrypt({ id, personId, text }: NewNote): Promise<{ keyId: string; encrypted: Buffer }> {
    if (personId === undefined) return system.encrypt(fieldSet(id), text);
    const key = await keyOfPerson(db, personId);
    if (!key) throw new Error(`${personId} has no key: the person was erased`);
    return { keyId: key.kekId, encrypted: encryptFieldSet(keyring, key, fieldSet(id), storedNote(text)) };
  }

  return {
    async write(note) {
      const { id, subject, personId = null, author, restricted } = note;
      await db
        .insertInto('notes')
        .values({ id, subject, personId, author, restricted, ...(await encrypt(note)) })
        .onConflict((conflict) => conflict.column('id').doNothing())
        .execute();
    },

    async read(ids, { restricted }) {
      if (ids.length === 0) return new Map();
      const rows = await db
        .selectFrom('notes as n')
        .leftJoin('personKeys as k', 'k.personId', 'n.personId')
        .select(['n.id', 'n.personId', 'n.encrypted', 'n.keyId', 'k.kekId', 'k.wrappedKey'])
        .where('n.id', '=', anyOf(ids))
        .where((eb) => eb.or([eb('n.restricted', '=', false), sql<boolean>`${restricted}::boolean`]))
        .execute();
      const texts = new Map<string, string>();
      for (const { id, personId, kekId, wrappedKey, ...note } of rows) {
        if (personId === null) texts.set(id, system.open(fieldSet(id), note.keyId, note.encrypted));
        else if (kekId !== null && wrappedKey !== null)
          texts.set(
            id,
            openFieldSet(keyring, { personId, kekId, wrappedKey, ...note }, fieldSet(id), STORED_NOTE).text,
          );
      }
      return texts;
    },
  };
}

/** A document that a person showed, or that a partner has issued. Its number is stored with the person. Idempotent. */
export async function writeDocument(
  db: Db,
  document: NewDocument & { status: 'held' | 'issued'; requestId?: string },
): Promise<void> {
  await db
    .insertInto('documents')
    .values({ ...document, validUntil: iso(document.validUntil), at: iso(document.at) })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
}

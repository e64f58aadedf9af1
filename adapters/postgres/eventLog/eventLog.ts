import { type Actor, STORED_ACTOR } from '../../domain/actor.ts';

/** Who caused an event, as the event log stores it. */
export type ActorColumns = { actor: string; actor_kind: string; role: string | null };

/** @throws StoredFormError */
export function actorOf({ actor: id, actor_kind: kind, role }: ActorColumns): Actor {
  return STORED_ACTOR.read({ kind, id, ...(role === null ? {} : { role }) });
}

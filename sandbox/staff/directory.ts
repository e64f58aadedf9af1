import type { Client } from '../client.ts';
import type { Answers, ListedPerson, Scenario } from '../scenarioData.ts';

/** A person as stand-in staff know them: what stood in the list, and what the partners would say. */
export type Known = { personId: string; listed: ListedPerson; answers: Answers | undefined };

type Row = { row: number; person_id: string | null };

/** Whom the system's ids stand for. Stand-ins act on their scenario; who came in otherwise is left to the visitor. */
export class Directory {
  readonly #byId = new Map<string, Known>();
  readonly #byRef = new Map<string, Known>();

  /** Reads who became whom: the rows of the import are those of the list, in order. */
  static async of(client: Client, importId: string, scenario: Scenario): Promise<Directory> {
    const directory = new Directory();
    for (const row of (await client.all(`/imports/${importId}/rows`)) as Row[]) {
      const listed = scenario.people[row.row - 1];
      if (listed && row.person_id !== null) {
        directory.#add({ personId: row.person_id, listed, answers: scenario.answers.get(listed.personRef) });
      }
    }
    return directory;
  }

  #add(known: Known): void {
    this.#byId.set(known.personId, known);
    this.#byRef.set(known.listed.personRef, known);
  }

  get size(): number {
    return this.#byId.size;
  }

  find(personId: string | null): Known | undefined {
    return personId === null ? undefined : this.#byId.get(personId);
  }

  withRef(personRef: string): Known | undefined {
    return this.#byRef.get(personRef);
  }

  all(): Known[] {
    return [...this.#byId.values()];
  }

  headNationality(known: Known): string {
    const mates = this.all().filter(({ listed }) => listed.householdRef === known.listed.householdRef);
    const head = mates.find(({ listed }) => listed.relationship === 'HEAD') ?? mates[0];
    return head?.listed.nationality ?? known.listed.nationality;
  }
}

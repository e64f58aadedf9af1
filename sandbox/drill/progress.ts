import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A partner that is a partner of the system. */
export type DrillPartner = {
  path: string;
  kind: string;
  name: string;
  state?: string;
  partnerId: string;
  secret: string;
};

type Kept = {
  id: string;
  scenario: string;
  people: number;
  partners: DrillPartner[];
  operationId?: string;
  importId?: string;
  finished?: boolean;
};

/** Where the progress of a drill on this scenario is kept. */
export function progressFile(dataDir: string, scenario: string): string {
  return join(dataDir, `drill-${scenario}.json`);
}

/** Whether a drill on this scenario has begun here, and has come to its end. */
export function drillState(dataDir: string, scenario: string): 'none' | 'under_way' | 'finished' {
  const file = progressFile(dataDir, scenario);
  if (!existsSync(file)) return 'none';
  return (JSON.parse(readFileSync(file, 'utf8')) as Kept).finished === true ? 'finished' : 'under_way';
}

/** How far a drill has come, in one file that only its owner can read (it holds the partners' secrets): a drill that was interrupted goes on. */
export class Progress {
  readonly #file: string;
  #kept: Kept;

  private constructor(file: string, kept: Kept) {
    this.#file = file;
    this.#kept = kept;
  }

  /** The unfinished drill of this file, where it is one of the same scenario and size; else a new one. */
  static of(file: string, scenario: string, people: number): Progress {
    if (existsSync(file)) {
      const kept = JSON.parse(readFileSync(file, 'utf8')) as Kept;
      if (kept.scenario === scenario && kept.people === people && kept.finished !== true)
        return new Progress(file, kept);
    }
    const progress = new Progress(file, { id: randomBytes(4).toString('hex'), scenario, people, partners: [] });
    progress.#write();
    return progress;
  }

  /** A drill whose operation the system does not know (its database is new) begins again under another id. */
  startOver(): void {
    const { scenario, people } = this.#kept;
    this.#kept = { id: randomBytes(4).toString('hex'), scenario, people, partners: [] };
    this.#write();
  }

  get id(): string {
    return this.#kept.id;
  }
  get partners(): readonly DrillPartner[] {
    return this.#kept.partners;
  }
  get operationId(): string | undefined {
    return this.#kept.operationId;
  }
  get importId(): string | undefined {
    return this.#kept.importId;
  }

  add(partner: DrillPartner): void {
    this.#kept.partners.push(partner);
    this.#write();
  }

  set(different: Partial<Pick<Kept, 'operationId' | 'importId' | 'finished'>>): void {
    this.#kept = { ...this.#kept, ...different };
    this.#write();
  }

  #write(): void {
    mkdirSync(dirname(this.#file), { recursive: true });
    writeFileSync(this.#file, JSON.stringify(this.#kept, null, 2), { mode: 0o600 });
  }
}

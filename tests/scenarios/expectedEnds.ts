/**
 * What must become of each person of a scenario in a drill, worked out from the scenario's files and from docs/drill.md
 * alone. It imports nothing of the system and nothing of the sandbox, so that it can contradict both.
 *
 * It knows no clock: a drill is so planned that everybody who can ever travel finds a vehicle. The one answer whose end
 * depends on a moment, a confirmation that is taken back, is compared with the listed departures, and refused where the
 * two events are too close to each other.
 */
export type ScenarioFiles = { registrations: string; answers: string; movements: string };

/** What a person waits for who does not come home by the policies of the drill, the first that applies. */
export type Reason =
  | 'consent'
  | 'hold'
  | 'householdDecision'
  | 'consulate'
  | 'nationalityDecision'
  | 'exitPermit'
  | 'exitPermitDecision'
  | 'sharing'
  | 'fitness'
  | 'household';

export type End = { end: 'completed' | 'declined' | 'referred_out' } | { end: 'waiting'; for: Reason };

type Row = Record<string, string>;
type Consulate = {
  outcome: string;
  after_hours?: number;
  then?: { outcome: string; after_hours?: number };
  retracted_after_hours?: number;
  other_state?: { outcome: string; after_hours?: number };
};
type Answer = {
  asked_state: string | null;
  consulate: Consulate;
  fitness: { result: string; review_after_hours?: number; then?: object };
  exit_permit: { answer: string; after_hours?: number };
};
type Movement = {
  stage: string;
  departs_at: string;
  for_households_of: string[] | null;
  events: Array<{ kind: string; new_departs_at?: string }>;
};
type Needs = { nationality: boolean; exitPermit: boolean };

/** Which papers each leg of movement asks for in a drill (docs/drill.md). A document follows from a nationality. */
const NEEDS: Record<string, Needs> = {
  evacuation: { nationality: false, exitPermit: false },
  road: { nationality: false, exitPermit: false },
  sea: { nationality: false, exitPermit: true },
  air: { nationality: true, exitPermit: true },
  return: { nationality: true, exitPermit: true },
  onward: { nationality: true, exitPermit: false },
};

const STATELESS = ['XXA', 'XXB', 'XXC', 'XXX'];
const HELD = ['UASC', 'TRAFFICKING_RISK', 'ASYLUM'];
const HOUR = 3_600_000;
/** A retraction this close to a departure could go either way. */
const TOO_CLOSE = 12 * HOUR;
/** From a request to a seat there are a registration, a screening and a document: hours, not days. */
const PAPERWORK = 36 * HOUR;
/** Staff plan a vehicle for whoever is late; nobody outside can say when, but not on the day that they are ready. */
const RELIEF_TAKES = 48 * HOUR;

/** Each person's end by person_ref. `left`: households whose decisions are left to the visitor. */
export function expectedEnds(files: ScenarioFiles, left: readonly string[] = []): Map<string, End> {
  const rows = readTable(files.registrations);
  const answers = (JSON.parse(files.answers) as { people: Record<string, Answer> }).people;
  const { starts_at: startsAt, movements } = JSON.parse(files.movements) as {
    starts_at: string;
    movements: Movement[];
  };
  // ages are reckoned on the operation's first day, where it is
  const referenceDay = startsAt.slice(0, 10);
  const ends = new Map<string, End>();
  const households = Map.groupBy(rows, (row) => cell(row, 'household_ref'));
  for (const [householdRef, members] of households) {
    const head = members.find((row) => cell(row, 'relationship_to_head') === 'HEAD') ?? members[0] ?? {};
    const needs = needsOf(cell(head, 'nationality'), movements);
    const people = members.map((row) =>
      personOf(row, members, answers[cell(row, 'person_ref')], {
        needs,
        referenceDay,
        movements,
        head,
        readyAt: readyAt(members, answers),
        left: left.includes(householdRef),
      }),
    );
    for (const [i, end] of householdEnds(people, left.includes(householdRef)).entries()) {
      ends.set(cell(members[i] ?? {}, 'person_ref'), end);
    }
  }
  return ends;
}

type Person = {
  adult: boolean;
  declined: boolean;
  /** every partner was asked and none confirms */
  nobodysNational: boolean;
  reason: Reason | undefined;
};

/** A person can end alone; the rest of the household travels together or not at all. */
function householdEnds(people: Person[], leftToVisitor: boolean): End[] {
  const ended = people.map((person): End | undefined => {
    if (person.declined) return { end: 'declined' };
    return person.nobodysNational && person.adult && person.reason === undefined ? { end: 'referred_out' } : undefined;
  });
  const adultGoesOn = people.some((person, i) => person.adult && ended[i] === undefined);
  const adultReferred = people.some((person, i) => person.adult && ended[i]?.end === 'referred_out');
  people.forEach((person, i) => {
    // children whose adults are all referred elsewhere are referred with them; a hold keeps its own way
    if (ended[i] === undefined && !adultGoesOn && adultReferred && person.reason !== 'hold')
      ended[i] = { end: 'referred_out' };
  });
  const somebodyEnded = ended.some((end) => end !== undefined);
  const reasons = people.map((person, i): Reason | undefined => {
    if (ended[i] !== undefined) return undefined;
    if (person.reason === 'consent' || person.reason === 'hold') return person.reason;
    if (somebodyEnded && (leftToVisitor || !adultGoesOn)) return 'householdDecision';
    return person.reason ?? (person.nobodysNational ? 'nationalityDecision' : undefined);
  });
  const whole = reasons.every((reason) => reason === undefined);
  return people.map((_, i) => {
    const end = ended[i];
    if (end !== undefined) return end;
    return whole ? { end: 'completed' } : { end: 'waiting', for: reasons[i] ?? 'household' };
  });
}

type Circumstances = {
  needs: Needs;
  referenceDay: string;
  movements: Movement[];
  head: Row;
  readyAt: number;
  left: boolean;
};

function personOf(row: Row, members: Row[], answer: Answer | undefined, of: Circumstances): Person {
  if (!answer) throw new Error('A row of the list has no answers');
  const consent = cell(row, 'consent');
  const base = { adult: surelyAdult(row, of.referenceDay), declined: consent === 'refused', nobodysNational: false };
  if (consent === 'refused') return { ...base, reason: undefined };
  // a visitor's household stays as the list has it
  if (consent === 'pending' && of.left) return { ...base, reason: 'consent' };
  if (onHold(row, members, of.referenceDay)) return { ...base, reason: 'hold' };
  const sharing = consent === 'given';
  const nationality = of.needs.nationality ? nationalityOf(row, answer, of) : 'confirmed';
  if (of.needs.nationality && !sharing) return { ...base, reason: 'sharing' };
  if (nationality === 'silent') return { ...base, reason: 'consulate' };
  if (nationality === 'no') return { ...base, nobodysNational: true, reason: undefined };
  if (of.needs.exitPermit) {
    if (!sharing) return { ...base, reason: 'sharing' };
    if (answer.exit_permit.answer === 'silent') return { ...base, reason: 'exitPermit' };
    if (answer.exit_permit.answer === 'refused') return { ...base, reason: 'exitPermitDecision' };
  }
  if (answer.fitness.result === 'unfit' && answer.fitness.then === undefined) return { ...base, reason: 'fitness' };
  return { ...base, reason: undefined };
}

/** By the household's head; a leg planned by nationality serves nobody without one. */
function needsOf(headNationality: string, movements: Movement[]): Needs {
  const legs = [...new Set(movements.map((movement) => movement.stage))].filter((leg) =>
    movements.some(
      ({ stage: of, for_households_of: whom }) => of === leg && (whom === null || serves(whom, headNationality)),
    ),
  );
  const needs = legs.map((leg) => {
    const found = NEEDS[leg];
    if (!found) throw new Error(`What leg ${leg} needs is not known`);
    return found;
  });
  return { nationality: needs.some((need) => need.nationality), exitPermit: needs.some((need) => need.exitPermit) };
}

function serves(whom: string[], nationality: string): boolean {
  return !STATELESS.includes(nationality) && whom.includes(nationality);
}

function nationalityOf(row: Row, answer: Answer, of: Circumstances): 'confirmed' | 'no' | 'silent' {
  if (answer.asked_state === null || STATELESS.includes(cell(row, 'nationality'))) return 'no';
  const { consulate } = answer;
  const said = consulate.outcome === 'more_info' ? (consulate.then?.outcome ?? 'silent') : consulate.outcome;
  if (said === 'silent') return 'silent';
  if (said === 'confirmed') return takenBack(row, answer, of) ? 'no' : 'confirmed';
  const other = consulate.other_state?.outcome;
  if (other === undefined) return 'no';
  if (other === 'silent') return 'silent';
  return other === 'confirmed' ? 'confirmed' : 'no';
}

/** When the consulates have confirmed the last of a household who goes: nobody leaves before the others. */
function readyAt(members: Row[], answers: Record<string, Answer>): number {
  const moments = members
    .filter((row) => cell(row, 'consent') !== 'refused')
    .map((row) => {
      const { outcome, after_hours: hours, then } = answers[cell(row, 'person_ref')]?.consulate ?? {};
      const confirmed = outcome === 'confirmed' || then?.outcome === 'confirmed';
      const waited = confirmed ? (hours ?? 0) + (then?.after_hours ?? 0) : 0;
      return Date.parse(cell(row, 'registered_at')) + waited * HOUR;
    });
  return Math.max(...moments) + PAPERWORK;
}

/** Whether a confirmation is taken back before the person has left with the last leg that needs it. */
function takenBack(row: Row, { consulate }: Answer, { movements, head, readyAt: ready }: Circumstances): boolean {
  const hours = consulate.retracted_after_hours;
  if (hours === undefined) return false;
  const retracted = Date.parse(cell(row, 'registered_at')) + hours * HOUR;
  const departures = movements
    .filter(
      (one) =>
        NEEDS[one.stage]?.nationality &&
        (one.for_households_of === null || one.for_households_of.includes(cell(head, 'nationality'))),
    )
    .filter((one) => one.events.every((event) => event.kind !== 'cancelled'))
    .map((one) => Date.parse(one.events.find((event) => event.new_departs_at)?.new_departs_at ?? one.departs_at))
    .filter((departure) => departure >= ready)
    .sort((a, b) => a - b);
  const [leaves] = departures;
  if (leaves === undefined && retracted < ready + RELIEF_TAKES) return true;
  if (leaves === undefined || Math.abs(leaves - retracted) < TOO_CLOSE)
    throw new Error(`${cell(row, 'person_ref')}: retracted too close to a departure, so the end is undefined`);
  return retracted < leaves;
}

/** Protection flags that raise a hold: those that the team wrote, and those that follow from the household. */
function onHold(row: Row, members: Row[], day: string): boolean {
  if (
    cell(row, 'special_needs')
      .split(';')
      .some((code) => HELD.includes(code.trim()))
  )
    return true;
  const child = !surelyAdult(row, day) && bornBetween(row) !== undefined;
  if (!child) return false;
  const relationship = cell(row, 'relationship_to_head');
  const grownUps = members.filter((member) => surelyAdult(member, day));
  if (relationship === 'HEAD' || grownUps.length === 0) return true;
  if (relationship === 'NON_RELATIVE') return true;
  const head = members.find((member) => cell(member, 'relationship_to_head') === 'HEAD');
  const headBorn = head && bornBetween(head);
  const born = bornBetween(row);
  if (relationship !== 'CHILD' || !headBorn || !born) return false;
  return wholeYears(headBorn.earliest, born.latest) <= 11;
}

/** 18 or over on the day, however vaguely the birth date is known; nobody's birth date unknown counts as grown up. */
function surelyAdult(row: Row, day: string): boolean {
  const born = bornBetween(row);
  return born === undefined || wholeYears(born.latest, day) >= 18;
}

function bornBetween(row: Row): { earliest: string; latest: string } | undefined {
  const text = cell(row, 'date_of_birth');
  const known =
    cell(row, 'dob_precision') === 'year'
      ? text.slice(0, 4)
      : cell(row, 'dob_precision') === 'month'
        ? text.slice(0, 7)
        : text;
  if (known === '') return undefined;
  return {
    earliest: `${known}-01-01`.slice(0, 10),
    latest: `${known}${known.length === 4 ? '-12-31' : '-31'}`.slice(0, 10),
  };
}

function wholeYears(from: string, to: string): number {
  const years = Number(to.slice(0, 4)) - Number(from.slice(0, 4));
  return to.slice(5) < from.slice(5) ? years - 1 : years;
}

function cell(row: Row, column: string): string {
  return row[column] ?? '';
}

/** A careful list: UTF-8, comma, LF, cells in quotes where they hold a comma. */
function readTable(text: string): Row[] {
  const [header = [], ...records] = text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) =>
      [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
        ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
      ),
    );
  return records.map((record) => Object.fromEntries(header.map((name, i) => [name, record[i] ?? ''])));
}

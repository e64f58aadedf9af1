import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PAIR_EVENT_DATA } from '../../domain/duplicates/decisions.ts';
import { JOURNEY_EVENT_DATA } from '../../domain/journeys/events.ts';
import { emptyJourney } from '../../domain/journeys/state.ts';
import { JOURNEY_CARRIED, JOURNEY_INPUT } from '../../domain/journeys/stored.ts';
import { MOVEMENT_EVENT_DATA } from '../../domain/movements/events.ts';
import { MOVEMENT_CARRIED, MOVEMENT_INPUT } from '../../domain/movements/stored.ts';
import { OPERATION_EVENT_DATA } from '../../domain/operations/events.ts';
import { OPERATION_CARRIED, OPERATION_INPUT } from '../../domain/operations/stored.ts';
import { STORED_DOCUMENT_NUMBER, STORED_NOTE, STORED_PERSON_CORE } from '../../domain/personData.ts';
import { STORED_PLAN } from '../../domain/plan.ts';
import { EVENT_FORMS } from '../../domain/record.ts';
import { STORED_INBOX_BODY } from '../../domain/requests/callback.ts';
import { STORED_OUTCOME } from '../../domain/requests/classify.ts';
import { REQUEST_PARTS } from '../../domain/requests/journey.ts';
import { STANDARD_DEADLINES, STORED_RULES } from '../../domain/rules.ts';
import { StoredFormError, type Versioned } from '../../domain/versioned.ts';
import { CHORE_INPUT, IMPORT_INPUT, PARTNER_FEED_INPUT } from '../../domain/workflowInputs.ts';

/**
 * One example of each form and version, as it was stored. They are never changed and never removed: data of that time
 * may still be there. A new version of a form adds the next file.
 */
const folder = join(import.meta.dirname, '../stored');
const parsed = (path: string): unknown => JSON.parse(readFileSync(join(folder, path), 'utf8'));
const json = (path: string) => parsed(path) as Record<string, Record<string, unknown>>;

/** Folder of examples and the form that reads them. */
const FORMS: Readonly<Record<string, Versioned<unknown>>> = {
  'chore-input': CHORE_INPUT,
  'import-input': IMPORT_INPUT,
  'journey-carried': JOURNEY_CARRIED,
  'journey-input': JOURNEY_INPUT,
  'movement-carried': MOVEMENT_CARRIED,
  'movement-input': MOVEMENT_INPUT,
  'operation-carried': OPERATION_CARRIED,
  'operation-input': OPERATION_INPUT,
  'partner-feed-input': PARTNER_FEED_INPUT,
  'document-number': STORED_DOCUMENT_NUMBER,
  'inbox-body': STORED_INBOX_BODY,
  note: STORED_NOTE,
  'person-core': STORED_PERSON_CORE,
  plan: STORED_PLAN,
  'request-outcome': STORED_OUTCOME,
  rules: STORED_RULES,
};

const EVENTS = {
  journey: JOURNEY_EVENT_DATA,
  movement: MOVEMENT_EVENT_DATA,
  operation: OPERATION_EVENT_DATA,
  pair: PAIR_EVENT_DATA,
};

const versions = (upTo: number): number[] => Array.from({ length: upTo }, (_, index) => index + 1);

/** Every form that a module of domain/ exports. */
async function declaredForms(): Promise<string[]> {
  const home = join(import.meta.dirname, '../../domain');
  const modules = readdirSync(home, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const exported = await Promise.all(
    modules.map(async (name) => Object.values<unknown>(await import(join(home, name)))),
  );
  return exported.flat().flatMap((value) => (isForm(value) ? value.name : []));
}

const isForm = (value: unknown): value is Versioned<unknown> =>
  typeof value === 'object' && value !== null && 'read' in value && 'version' in value && 'name' in value;

describe('stored examples', () => {
  it('leave no form out that domain/ declares', async () => {
    expect(
      Object.values(FORMS)
        .map(({ name }) => name)
        .sort(),
    ).toEqual((await declaredForms()).sort());
  });

  it('are there for every form and only for forms', () => {
    expect(readdirSync(folder).sort()).toEqual([...Object.keys(FORMS), 'events'].sort());
    expect(readdirSync(join(folder, 'events')).sort()).toEqual(
      Object.keys(EVENTS)
        .map((subject) => `${subject}.json`)
        .sort(),
    );
  });

  it.each(Object.entries(FORMS))('of %s are there for every version, and each is read', (name, form) => {
    const files = versions(form.version).map((version) => `${version}.json`);
    expect(readdirSync(join(folder, name)).sort()).toEqual(files.sort());
    for (const version of versions(form.version)) {
      const example = json(`${name}/${version}.json`);
      // what was carried first had no version of its own
      expect(example['version'] ?? 1).toBe(version);
      expect(form.read(example)).toBeTruthy();
    }
  });

  it.each(Object.entries(EVENTS))(
    'of the events of a %s are there for every type and version, and each is read',
    (subject, types) => {
      const forms = EVENT_FORMS[subject as keyof typeof EVENTS];
      const examples = json(`events/${subject}.json`);
      expect(Object.keys(examples).sort()).toEqual(expect.arrayContaining(Object.keys(types).sort()));
      for (const [type, ofType] of Object.entries(examples)) {
        const all = versions(forms.versionOf(type));
        expect({ type, versions: Object.keys(ofType) }).toEqual({ type, versions: all.map(String) });
        for (const version of all) expect(forms.read(type, version, ofType[version]).type).toBe(type);
      }
    },
  );

  it('of the current version lose nothing when read', () => {
    for (const [subject, types] of Object.entries(EVENTS)) {
      const examples = json(`events/${subject}.json`);
      const forms = EVENT_FORMS[subject as keyof typeof EVENTS];
      for (const type of Object.keys(types)) {
        const version = forms.versionOf(type);
        expect({ type, data: examples[type]?.[version] }).toEqual(forms.read(type, version, examples[type]?.[version]));
      }
    }
  });
});

describe('stored workflow state', () => {
  it('keeps state, waits, answers and keys of messages when it is upgraded', () => {
    const old = parsed('journey-carried/1.json') as Record<string, unknown[]> & { state: object };
    const { state, waits, answers, seen, buffered } = JOURNEY_CARRIED.read(old);
    expect(state).toEqual({ ...emptyJourney(), ...old.state, cancelRequested: false });
    expect(waits).toEqual(old['waits']);
    expect(answers).toEqual(old['answered']);
    expect(seen.map(({ key }) => key)).toEqual(old['seen']);
    expect(buffered).toEqual([]);
  });

  it('gives a journey that was carried before a kind of request existed the part of that kind', () => {
    const old = parsed('journey-carried/2.json') as { state: Record<string, unknown> };
    for (const name of Object.keys(REQUEST_PARTS.empty)) {
      const { [name]: _, ...rest } = old.state;
      const { state } = JOURNEY_CARRIED.read({ ...old, state: rest });
      expect(state).toEqual({
        ...emptyJourney(),
        ...rest,
        [name]: REQUEST_PARTS.empty[name as keyof typeof REQUEST_PARTS.empty],
      });
    }
  });

  it('gives rules that were written before a deadline existed the standard one', () => {
    const input = JOURNEY_INPUT.read(json('journey-input/1.json'));
    const written = (parsed('journey-input/1.json') as { rules: { deadlines: object } }).rules.deadlines;
    expect(Object.keys(written)).not.toContain('cancelRequest');
    expect(input.rules.deadlines).toEqual({ ...STANDARD_DEADLINES, ...written });
  });

  it('is refused where a field has another type, without a word of what it held', () => {
    const old = parsed('journey-carried/2.json') as { state: object };
    const broken = { ...old, state: { ...old.state, holds: 'Mele Taro' } };
    expect(() => JOURNEY_CARRIED.read(broken)).toThrow(StoredFormError);
    expect(() => JOURNEY_CARRIED.read(broken)).toThrow(/state\.holds: invalid_type$/);
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { iso } from '../../domain/time.ts';
import { openSink, outOfOrder, type Sink } from '../scenarios/sink.ts';
import { eventually } from '../support/eventually.ts';
import { type Registered, register } from '../support/faultOperation.ts';
import { type AnsweredOperation, answeredOperation, type PartnerName } from '../support/faultPartners.ts';
import { inForm, reportFault, SEED, seeded } from '../support/faultRun.ts';
import { type FaultSystem, openFaultSystem } from '../support/faultSystem.ts';
import { type Link, openLink } from '../support/link.ts';

const SECONDS_PER_DAY = 12;
const TAKES_AT_MOST_MS = 300_000;
/** In the scenario the consulate asks for papers of this person before it answers. */
const ASKED_FOR_EVIDENCE = 'NDU-66760';
const OTHERS = inForm(
  ['L-1', 'L-2'],
  Array.from({ length: 12 }, (_, index) => `L-${index}`),
);

let system: FaultSystem;
let operation: AnsweredOperation;
let sink: Sink;
let toSink: Link;

beforeAll(async () => {
  system = await openFaultSystem();
  await system.workers[0]?.start();
  operation = await answeredOperation(system, { secondsPerDay: SECONDS_PER_DAY });
  sink = await openSink(system.as('coordinator'), operation.operationId, {
    validFrom: '2000-01-01T00:00:00Z',
    reachedAt: async (port) => {
      toSink = await openLink({ port });
      return toSink.port;
    },
  });
});
afterAll(async () => {
  await sink?.close();
  await toSink?.close();
  await operation?.close();
  await system?.close();
});

const isRequest = (request: string): boolean => /^POST \S+\/requests$/.test(request);
const isLookUp = (request: string): boolean => /^GET \S+\/requests\/\S+$/.test(request);

const statusOf = async ({ personId }: Registered): Promise<string> =>
  ((await system.as('case_worker').get(`/people/${personId}`)) as { status: string }).status;

const eventsOf = async ({ journeyId }: Registered, type: string): Promise<number> =>
  (await system.db.query('select 1 from event_log where subject = $1 and type = $2', [journeyId, type])).rowCount ?? 0;

const command = (role: string, person: Registered, name: string, args: object, key: string) =>
  system
    .as(role)
    .post(`/people/${person.personId}/commands/${name.replaceAll('_', '-')}`, { args, reason_code: 'fault_test' }, key);

async function planMovement(): Promise<string> {
  const at = (days: number): string => iso(Date.now() + days * 86_400_000);
  const stop = { from: 'AMB', to: 'SAN', departs_at: at(60), arrives_at: at(61) };
  const made = (await system.as('movement_officer').post(`/operations/${operation.operationId}/movements`, {
    reference: 'LOST-1',
    leg: 'return',
    mode: 'ship',
    carrier_id: operation.partners.find(({ name }) => name === 'carrier')?.partnerId,
    origin: { code: 'AMB', name: 'Ambae', country: 'VUT' },
    destination: { code: 'SAN', name: 'Santo', country: 'VUT' },
    stops: [stop],
    seats: { seat: 40 },
  })) as { id: string };
  return made.id;
}

describe(`F7: the request is done, and its response is lost, seed ${SEED}`, () => {
  test(
    'every request is looked up by its key and made once; a repeated answer has one effect',
    async (context) => {
      const random = seeded(SEED);
      // One partner in each run is never seen again; of the others the line breaks.
      const questioned: PartnerName[] = ['registry', 'consulate', 'silentConsulate', 'clinic', 'border', 'carrier'];
      const mute = questioned[Math.floor(random() * questioned.length)];
      for (const name of questioned) {
        const how = name === mute ? 'silence' : 'reset';
        operation.lines[name].loseAnswerTo((request, nth) => {
          if (isLookUp(request)) return undefined;
          // No answer to a request ever comes; of evidence and recall the first one does not.
          return isRequest(request) ? how : nth === 1 ? 'reset' : undefined;
        });
      }
      let posts = 0;
      toSink.loseAnswerTo(() => {
        posts += 1;
        return posts <= 3 ? 'reset' : undefined;
      });

      const movementId = await planMovement();
      const take = (reference: string, different = {}) => register(system, operation.operationId, reference, different);
      const others = await Promise.all(OTHERS.map((reference) => take(reference)));
      const evident = await take(ASKED_FOR_EVIDENCE);
      const recalled = await take('R-1', { nationality: 'FJI' });
      const everybody = [...others, evident, recalled];
      for (const person of everybody)
        await command('case_worker', person, 'complete_screening', { risk: 'none' }, `screen-${person.reference}`);

      await eventually(
        'the silent consulate is known to have been asked',
        async () => (await eventsOf(recalled, 'verificationRequested')) === 1,
      );
      const seen = () => sink.events.filter(({ type }) => type === 'journey.registered').length;
      await eventually('the sink has seen of everybody', async () => seen() === everybody.length || seen());
      // Those whose answers were lost come again by the schedule, while everybody may still be spoken of: of whoever
      // withdraws, nothing is told again.
      await eventually(
        'what was not answered is delivered again',
        async () =>
          sink.bodies.length >= sink.events.length + 3 || `${sink.bodies.length} of ${sink.events.length} + 3`,
      );
      await command('case_worker', recalled, 'withdraw_consent', {}, 'withdraw');
      await command('duty_supervisor', recalled, 'confirm_ending', { ending: 'withdrawn' }, 'confirm');
      await eventually('evidence is asked for', async () => (await eventsOf(evident, 'evidenceRequested')) === 1);
      await command('consular_officer', evident, 'provide_evidence', { kinds: ['OLD_DOCUMENT'] }, 'evidence');
      for (const person of [...others, evident])
        await eventually(
          `${person.reference} is ready`,
          async () => (await statusOf(person)) === 'travel_ready' || (await statusOf(person)),
          120_000,
        );
      await eventually('the carrier is booked', async () => {
        const movement = (await system.as('movement_officer').get(`/movements/${movementId}`)) as { status: string };
        return movement.status !== 'planned' || movement.status;
      });

      const ledger = await operation.ledger();
      const perRequest = new Map<string, number>();
      for (const { person_ref: person = 'movement', kind, partner } of ledger) {
        if (kind === 'fitness') continue;
        const name = `${person} ${kind} ${partner}`;
        perRequest.set(name, (perRequest.get(name) ?? 0) + 1);
      }
      expect([...perRequest].filter(([, effects]) => effects !== 1)).toEqual([]);
      // A health check is renewed in time: each round is one request.
      const checks = await Promise.all(everybody.map((person) => eventsOf(person, 'fitnessRequested')));
      const underWay = ledger.filter(({ kind }) => kind === 'fitness').length - checks.reduce((sum, n) => sum + n, 0);
      expect(underWay).toBeGreaterThanOrEqual(0);
      expect(underWay).toBeLessThanOrEqual(everybody.length);

      for (const name of questioned) {
        const { requests, lost } = operation.lines[name];
        const asked = ledger.filter(({ partner }) => partner === name).length;
        expect(lost, `${name}: answers lost`).toBeGreaterThanOrEqual(asked);
        // Never repeated blindly: as many requests came over the wire as stand in the partner's own books.
        expect(requests.filter(isRequest), `${name}: requests`).toHaveLength(asked);
        // A registry says nothing of its own accord: what it answered is known by looking it up alone.
        if (name === 'registry') expect(requests.filter(isLookUp).length).toBeGreaterThanOrEqual(asked);
      }
      const recall = ledger.find(({ person_ref, kind }) => person_ref === 'R-1' && kind === 'verification');
      await eventually('the recall is noted', async () => (await eventsOf(recalled, 'journeyEnded')) === 1);
      expect(recall?.status).toBe('recalled');
      expect(await eventsOf(evident, 'nationalityConfirmed')).toBe(1);

      expect(sink.unverified).toBe(0);
      expect(outOfOrder(sink.events)).toEqual([]);
      const lost = questioned.reduce((sum, name) => sum + operation.lines[name].lost, 0) + toSink.lost;
      reportFault(context, {
        fault: 'F7',
        rounds: lost,
        counted: `${lost} answers lost (${mute} silent, of the others the line broke), ${ledger.length} requests in the partners' books, once each; ${sink.bodies.length} deliveries of ${sink.events.length} events`,
      });
    },
    TAKES_AT_MOST_MS,
  );
});

/** The four ways through the system, played one after the other; each is counted from its first to its last act alone. */
import { setTimeout as pause } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import { startTestPartner, type TestPartner } from '../../tests/support/testPartner.ts';
import type { CountedSystem } from './countedSystem.ts';
import type { FunctionRun } from './coverage.ts';
import { CALLBACK, CALLS, PARTNERS, personCells, SEEN, UPLOAD } from './specifics.ts';

export const WAYS = {
  register: 'register a household to its first request leaving',
  command: 'a person command to its event recorded and answered',
  callback: 'a callback of a partner to the event log',
  row: 'a list row to a person (dry run and commit)',
} as const;
export type Way = keyof typeof WAYS;

/** The system is left alone for so long before a way begins, so that what came before does not run into it. */
const SETTLE_MS = 1_500;
const LOOK_MS = 5;
const WITHIN_MS = 60_000;

type PartnerName = keyof typeof PARTNERS;
type Partner = { partner: TestPartner; partnerId: string };
const made = z.object({ id: z.string() });
const madePartner = z.object({ id: z.string(), secret: z.string() });
/** The part of a partner request that names it and its person. */
const requestBody = z.object({ request_id: z.string(), person: z.object({ reference: z.string() }) });
const registered = z.object({ people: z.tuple([z.object({ person_id: z.string(), journey_id: z.string() })]) });

export type Played = Record<Way, FunctionRun[]>;

/** Opens an operation with its two partners. `round` plays the four ways once, with a person of its own. */
export async function openCase(system: CountedSystem) {
  const call = ({ role, path, body }: { role: string; path: string; body: object }) => system.as(role).post(path, body);
  const partners = {
    registry: await openPartner('registry', { outcome: 'match' }),
    consulate: await openPartner('consulate'),
  };
  const ids = [partners.registry.partnerId, partners.consulate.partnerId];
  const operationId = made.parse(await call(CALLS.operation(ids))).id;
  for (const name of ['registry', 'consulate'] as const)
    await call(CALLS.agreement(name, partners[name].partnerId, operationId));
  await call(CALLS.activate(operationId));

  async function openPartner(name: PartnerName, answer?: Record<string, unknown>): Promise<Partner> {
    const partner = await startTestPartner('');
    partner.answer = answer;
    const { id, secret } = madePartner.parse(await call(CALLS.partner(name, partner.url)));
    partner.secret = secret;
    return { partner, partnerId: id };
  }

  /** Counts `work` alone. `work` may give the moment of its end itself, by taking the count. */
  async function counted(work: () => Promise<FunctionRun[] | undefined>): Promise<FunctionRun[]> {
    await pause(SETTLE_MS);
    await system.take();
    return (await work()) ?? system.take();
  }

  /** The next request about this person: `act` happens when it arrives, and it is answered when `answer` is called. */
  function nextRequest<T>({ partner }: Partner, reference: string, act: () => Promise<T>) {
    let answer = (): void => undefined;
    const after = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const arrived = within<{ requestId: string; done: T }>('a request', (resolve, reject) => {
      partner.treat = ({ body }) => {
        const { data: request } = requestBody.safeParse(body);
        if (request?.person.reference !== reference) return 'answer';
        partner.treat = () => 'answer';
        act().then((done) => resolve({ requestId: request.request_id, done }), reject);
        return { after };
      };
    });
    return { arrived, answer };
  }

  async function seen(sql: string, id: string): Promise<void> {
    const until = Date.now() + WITHIN_MS;
    while ((await system.db.query(sql, [id])).rowCount === 0) {
      if (Date.now() > until) throw new Error(`It did not come: ${sql} (${id})`);
      await pause(LOOK_MS);
    }
  }

  async function round(reference: string): Promise<Played> {
    let personId = '';
    let journeyId = '';
    const lookUp = nextRequest(partners.registry, reference, system.take);
    const register = await counted(async () => {
      const [person] = registered.parse(await call(CALLS.register(operationId, reference))).people;
      [personId, journeyId] = [person.person_id, person.journey_id];
      return (await lookUp.arrived).done;
    });
    const command = await counted(async () => {
      await call(CALLS.confirmIdentity(personId));
      return undefined;
    });
    const verification = nextRequest(partners.consulate, reference, () => Promise.resolve());
    // Only now, so that a member of staff and not the registry confirmed the identity.
    lookUp.answer();
    await call(CALLS.screen(personId));
    const { requestId } = await verification.arrived;
    verification.answer();
    const callback = await counted(async () => {
      await sendCallback(partners.consulate, requestId);
      await seen(SEEN.nationalityRecorded, journeyId);
      return undefined;
    });
    const row = await counted(async () => {
      const cells = Object.entries({ household_ref: `L-${reference}`, ...personCells(`L${reference}`) });
      const list = `${cells.map(([column]) => column).join(',')}\n${cells.map(([, cell]) => cell).join(',')}\n`;
      const path = UPLOAD.path(operationId);
      const { id } = made.parse(
        await system.as(UPLOAD.role).upload(path, Buffer.from(list), 'text/csv', `list-${reference}`),
      );
      await seen(SEEN.dryRunDone, id);
      await call(CALLS.commitImport(id));
      await seen(SEEN.personOfRow, id);
      return undefined;
    });
    return { register, command, callback, row };
  }

  async function sendCallback({ partner, partnerId }: Partner, requestId: string): Promise<void> {
    const at = new Date();
    const eventId = `event-${requestId}`;
    const body = JSON.stringify(CALLBACK.body(requestId, eventId, at.toISOString()));
    const response = await fetch(`${system.apiUrl}${CALLBACK.path(partnerId)}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'webhook-id': eventId,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
        'webhook-signature': new Webhook(partner.secret).sign(eventId, at, body),
      },
      body,
    });
    if (!response.ok) throw new Error(`The callback is refused: ${await response.text()}`);
  }

  return {
    round,
    close: () => Promise.all([partners.registry.partner.stop(), partners.consulate.partner.stop()]),
  };
}

function within<T>(
  what: string,
  begin: (resolve: (value: T) => void, reject: (error: Error) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`It did not come: ${what}`)), WITHIN_MS);
    begin((value) => {
      clearTimeout(timer);
      resolve(value);
    }, reject);
  });
}

import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ACCESS } from '../../domain/access.ts';
import { ROLES } from '../../domain/actor.ts';
import { type Commands, commandSet, commandsOf } from '../../domain/commands.ts';
import { JOURNEY_COMMANDS } from '../../domain/journeys/commands/index.ts';
import { emptyJourney } from '../../domain/journeys/state.ts';
import { isMessageKey, t } from '../../domain/messages/t.ts';
import { MOVEMENT_COMMANDS } from '../../domain/movements/commands/index.ts';
import { emptyMovement } from '../../domain/movements/state.ts';
import { OPERATION_COMMANDS } from '../../domain/operations/commands/index.ts';
import { emptyOperation } from '../../domain/operations/state.ts';

const NOW = Date.parse('2026-11-20T08:00:00Z');
const SUBJECTS: Array<{ name: string; set: Commands; permission: keyof typeof ACCESS; states: object[] }> = [
  {
    name: 'journey',
    set: JOURNEY_COMMANDS,
    permission: 'person.command',
    states: [
      emptyJourney(),
      { ...emptyJourney(), ending: 'withdrawn' },
      { ...emptyJourney(), screened: true, planned: true },
      {
        ...emptyJourney(),
        proposedEnding: { ending: 'ineligible', by: 'first', protection: true, at: 0 },
      },
    ],
  },
  {
    name: 'movement',
    set: MOVEMENT_COMMANDS,
    permission: 'movement.command',
    states: [
      emptyMovement(),
      { ...emptyMovement(), closed: true },
      { ...emptyMovement(), departedAt: 1, stops: ['A'] },
    ],
  },
  {
    name: 'operation',
    set: OPERATION_COMMANDS,
    permission: 'operation.command',
    states: [emptyOperation(), { ...emptyOperation(), line: 'running' }, { ...emptyOperation(), line: 'closed' }],
  },
];
const EVERY = SUBJECTS.flatMap(({ name, set, permission, states }) =>
  set.list.map((command) => ({ title: `${name}.${command.name}`, set, command, permission, states })),
);

describe.each(EVERY)('$title', ({ set, command, permission, states }) => {
  it('has arguments that read its example, each described, and a sentence', () => {
    expect(command.args.safeParse(command.example).success).toBe(true);
    expect(Object.keys(command.example).every((name) => name in command.args.shape)).toBe(true);
    expect(isMessageKey(command.sentence)).toBe(true);
    expect(t(command.sentence)).toMatch(/^[A-Z].{8,}[^.]$/);
    expect(command.sentence.endsWith(`.${command.name}`)).toBe(true);
  });

  it('names roles that its row of the access table reaches', () => {
    const { roles } = ACCESS[command.permission ?? permission];
    expect(command.roles.length).toBeGreaterThan(0);
    for (const role of command.roles) expect(roles).toContain(role);
  });

  it('keeps back only arguments that it has', () => {
    for (const name of command.staysBehind) expect(command.args.shape).toHaveProperty(name);
  });

  it('is allowed exactly where nothing refuses it', () => {
    for (const state of states)
      for (const role of ROLES) {
        const given = { at: NOW, actor: { kind: 'staff', id: 'x', role }, reasonCode: 'r' } as const;
        const refusal = set.refusal(command.name, state, command.plausible(state, NOW), given);
        expect(set.allowed(state, [role], NOW).includes(command.name), `${role}: ${refusal}`).toBe(
          refusal === undefined,
        );
        if (!command.roles.includes(role)) expect(refusal).toMatch(/not for/);
      }
  });

  it('asks for a reason where one is due', () => {
    const [role] = command.roles;
    if (role === undefined) throw new Error('Nobody gives it');
    const [state = {}] = states;
    const refusal = set.refusal(command.name, state, command.plausible(state, NOW), {
      at: NOW,
      actor: { kind: 'staff', id: 'x', role },
    });
    expect(refusal === 'A reason must be given').toBe(command.reason);
  });
});

/** A command of a subject that stands only here: one module and a line in the list. */
describe('a new command', () => {
  type Counter = { seq: number; closed: boolean };
  const defineCommand = commandsOf<{
    state: Counter;
    event: { type: 'counted'; data: { by: number } };
    steps: Record<never, never>;
  }>();
  const count = defineCommand({
    name: 'count',
    args: { by: z.number().int().min(1), note: z.string().optional() },
    example: { by: 2 },
    roles: ['coordinator'],
    sentence: 'command.journey.receive',
    makes: 'hold',
    staysBehind: ['note'],
    refusal: ({ seq }, { by }) => (seq + by > 10 ? 'That is too much' : undefined),
    effect: (_state, { by, holdId }) => [{ type: 'counted', data: { by: by + holdId.length } }],
  });
  const counters = commandSet(({ closed }: Counter) => (closed ? 'It is closed' : undefined), [count]);
  const coordinator = { at: NOW, actor: { kind: 'staff', id: 'c', role: 'coordinator' } } as const;

  it('is refused, allowed and carried out by its definition alone', () => {
    expect(counters.names).toEqual(['count']);
    expect(counters.refusal('count', { seq: 9, closed: false }, { by: 2 }, coordinator)).toBe('That is too much');
    expect(counters.refusal('count', { seq: 0, closed: true }, { by: 2 }, coordinator)).toBe('It is closed');
    expect(counters.allowed({ seq: 8, closed: false }, ['coordinator'], NOW)).toEqual(['count']);
    expect(counters.allowed({ seq: 9, closed: false }, ['coordinator'], NOW)).toEqual([]);
    expect(counters.allowed({ seq: 0, closed: false }, ['admin'], NOW)).toEqual([]);
    expect(count.effect({ seq: 0, closed: false }, { by: 2, holdId: 'abc' }, coordinator)).toEqual([
      { type: 'counted', data: { by: 5 } },
    ]);
  });
});

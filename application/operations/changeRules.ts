import { changeRules, type Rules, type RulesChange } from '../../domain/rules.ts';
import type { Instant } from '../../domain/time.ts';
import type { Operations } from './operations.ts';

export type ChangeRulesPorts = Pick<Operations, 'now' | 'rules'> & {
  /** Puts the rules into force if those before them still are. */
  writeRules(operationId: string, rules: Rules, by: string, at: Instant): Promise<boolean>;
  /** real time */
  clock(): Instant;
};

/**
 * Writes the next version of the rules if `read` is the version in force. Running journeys keep the version that they
 * began with.
 */
export const changeOperationRules =
  (ports: ChangeRulesPorts) =>
  async (operationId: string, read: number, change: RulesChange, by: string): Promise<Rules | 'changed'> => {
    const [rules, at] = await Promise.all([ports.rules(operationId), ports.now(operationId, ports.clock())]);
    const next = { ...changeRules(rules, change), version: read + 1 };
    return rules.version === read && (await ports.writeRules(operationId, next, by, at)) ? next : 'changed';
  };

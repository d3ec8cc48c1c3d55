import type { LogSource, Rule, RuleHead } from '../rule.ts';
import { textsOf } from '../rule-head.ts';
import { readDetection } from './detection.ts';
import { isRecord } from './record.ts';
import { RuleRefused } from './refusal.ts';
import { joined, type Test } from './tests.ts';
import type { Placeholders } from './values.ts';

/** A filter, by which other rules leave out events (Sigma Filters Specification 2.1.0, read 2026-11-30). */
export interface Filter {
  /** Ids, names or titles of rules; all of the log source when absent. */
  rules: readonly string[] | undefined;
  logsource: LogSource;
  test: Test;
}

/**
 * A filter's document. Its condition is what an event has to be to remain, as pySigma joins it to the rule's. The
 * specification's own example reads the other way round; a condition that begins with `not` is the same in both. Throws RuleRefused.
 */
export function readFilter(value: unknown, logsource: LogSource, placeholders: Placeholders): Filter {
  if (!isRecord(value)) throw new RuleRefused('the filter is not a map', ['filter']);
  const { rules, ...detection } = value;
  const { condition } = detection;
  if (typeof condition !== 'string' || !/^not\b/i.test(condition.trim())) {
    const because = 'a filter whose condition does not begin with "not" is read in two ways';
    throw new RuleRefused(because, ['filter', 'condition']);
  }
  const all = typeof rules === 'string' && rules.toLowerCase() === 'any';
  const named = all ? undefined : textsOf(rules);
  if (named?.length === 0) throw new RuleRefused('the filter names no rules', ['filter', 'rules']);
  try {
    return { rules: named, logsource, test: readDetection(detection, placeholders) };
  } catch (error) {
    if (error instanceof RuleRefused) throw new RuleRefused(error.message, ['filter', ...error.path.slice(1)]);
    throw error;
  }
}

const isOf = (rule: LogSource, filter: LogSource): boolean =>
  (['product', 'category', 'service'] as const).every((part) => filter[part] === '' || filter[part] === rule[part]);

const isNamed = ({ id, name, title }: RuleHead, { rules }: Filter): boolean =>
  rules === undefined || [id, name, title].some((one) => one !== '' && rules.includes(one));

/** The rules, each with the filters that are for it; and how many rules these are. */
export function filtered(rules: readonly Rule[], filters: readonly Filter[]): { rules: Rule[]; narrowed: number } {
  let narrowed = 0;
  const all = rules.map((rule): Rule => {
    if (rule.kind !== 'sigma') return rule;
    const own = filters.filter((filter) => isOf(rule.logsource, filter.logsource) && isNamed(rule, filter));
    if (own.length === 0) return rule;
    narrowed += 1;
    return { ...rule, test: joined('all', [rule.test, ...own.map(({ test }) => test)]) };
  });
  return { rules: all, narrowed };
}

import { type CorrelationRule, correlationTypes, type RuleHead } from '../rule.ts';
import { textsOf } from '../rule-head.ts';
import { isRecord } from './record.ts';
import { RuleRefused } from './refusal.ts';

const SECONDS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };
const MAX_RULES = 100;
const MAX_SECONDS = 366 * 86_400;

function secondsOf(timespan: unknown): number {
  const [, count = '', unit = ''] = /^\s*(\d{1,9})\s*([smhd])\s*$/.exec(String(timespan)) ?? [];
  const seconds = Number(count) * (SECONDS[unit] ?? 0);
  if (seconds > 0 && seconds <= MAX_SECONDS) return seconds;
  throw new RuleRefused('the timespan is not a number with s, m, h or d, of a year at most', [
    'correlation',
    'timespan',
  ]);
}

/** The least number that is a match: a count that must stay below a bound has no event at which it is known. */
function leastOf(condition: Record<string, unknown>, fallback: number | undefined): number {
  const path = ['correlation', 'condition'];
  const { field: _field, ...bounds } = condition;
  const [[operator, number] = [], ...more] = Object.entries(bounds);
  if (operator === undefined && fallback !== undefined) return fallback;
  if (more.length > 0 || (operator !== 'gte' && operator !== 'gt')) {
    const named = Object.keys(bounds).join(' and ') || 'none';
    throw new RuleRefused(`the condition is ${named}, where gt or gte can be decided as events come`, path);
  }
  const least = Number(number) + (operator === 'gt' ? 1 : 0);
  if (!Number.isInteger(least) || least < 1 || least > 1_000_000)
    throw new RuleRefused('the condition has no whole number', path);
  return least;
}

function aliasesOf(value: unknown): ReadonlyMap<string, ReadonlyMap<string, string>> {
  if (value === undefined) return new Map();
  const path = ['correlation', 'aliases'];
  if (!isRecord(value)) throw new RuleRefused('the aliases are not a map', path);
  return new Map(
    Object.entries(value).map(([alias, fields]) => {
      if (!isRecord(fields)) throw new RuleRefused(`the alias ${alias} is not a map of rules and fields`, path);
      return [alias, new Map(Object.entries(fields).map(([rule, field]) => [rule, String(field)]))];
    }),
  );
}

/** A correlation rule, after the Sigma Correlation Rules Specification 2.1.0. Throws RuleRefused. */
export function readCorrelation(head: RuleHead, value: unknown, generate: unknown): CorrelationRule {
  if (!isRecord(value)) throw new RuleRefused('the correlation is not a map', ['correlation']);
  const type = correlationTypes.find((known) => known === value.type);
  if (!type) {
    const path = ['correlation', 'type'];
    throw new RuleRefused(`correlations of the type "${String(value.type).slice(0, 40)}" are not supported`, path);
  }
  const rules = textsOf(value.rules);
  if (rules.length === 0 || rules.length > MAX_RULES) {
    throw new RuleRefused(`a correlation names 1 to ${MAX_RULES} rules`, ['correlation', 'rules']);
  }
  const isTemporal = type === 'temporal' || type === 'temporal_ordered';
  const condition = isRecord(value.condition) ? value.condition : {};
  if (isTemporal && value.condition !== undefined && !isRecord(value.condition)) {
    throw new RuleRefused('a condition of words is not supported for this type', ['correlation', 'condition']);
  }
  const least = leastOf(condition, isTemporal ? rules.length : undefined);
  if (type === 'temporal_ordered' && least !== rules.length) {
    throw new RuleRefused('an order of some of the rules is not supported', ['correlation', 'condition']);
  }
  if (isTemporal && rules.length < 2) throw new RuleRefused('this type needs two rules', ['correlation', 'rules']);
  const fields = textsOf(condition.field);
  if (type === 'value_count' && fields.length === 0) {
    throw new RuleRefused('value_count needs a field whose values are counted', ['correlation', 'condition']);
  }
  return {
    ...head,
    kind: 'correlation',
    type,
    rules,
    groupBy: textsOf(value['group-by']),
    aliases: aliasesOf(value.aliases),
    seconds: secondsOf(value.timespan ?? value.timeframe),
    least,
    fields,
    generate: generate === true || value.generate === true,
  };
}

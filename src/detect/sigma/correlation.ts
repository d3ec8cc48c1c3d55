import { type Bound, type CorrelationRule, correlationTypes, type RuleHead } from '../rule.ts';
import { textsOf } from '../rule-head.ts';
import { isRecord } from './record.ts';
import { RuleRefused } from './refusal.ts';

const SECONDS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };
const MAX_RULES = 100;
const MAX_SECONDS = 366 * 86_400;
const MAX_BOUND = 1e15;

function secondsOf(timespan: unknown): number {
  const [, count = '', unit = ''] = /^\s*(\d{1,9})\s*([smhd])\s*$/.exec(String(timespan)) ?? [];
  const seconds = Number(count) * (SECONDS[unit] ?? 0);
  if (seconds > 0 && seconds <= MAX_SECONDS) return seconds;
  throw new RuleRefused('the timespan is not a number with s, m, h or d, of a year at most', [
    'correlation',
    'timespan',
  ]);
}

const OPERATORS: ReadonlyMap<string, Bound['operator']> = new Map([
  ['lt', '<'],
  ['lte', '<='],
  ['gt', '>'],
  ['gte', '>='],
  ['eq', '=='],
  ['neq', '!='],
]);

/** What the condition asks of the number; several bounds together are a range. */
function boundsOf(condition: Record<string, unknown>, whole: boolean): Bound[] {
  const path = ['correlation', 'condition'];
  const { field: _field, ...bounds } = condition;
  return Object.entries(bounds).map(([name, given]) => {
    const operator = OPERATORS.get(name);
    if (!operator)
      throw new RuleRefused(
        `the condition has "${name.slice(0, 40)}", which is none of gt, gte, lt, lte, eq, neq`,
        path,
      );
    const number = typeof given === 'number' || typeof given === 'string' ? Number(given) : Number.NaN;
    if (!Number.isFinite(number) || String(given).trim() === '' || Math.abs(number) > MAX_BOUND)
      throw new RuleRefused('the condition has no number', path);
    if (whole && (!Number.isInteger(number) || number < 0))
      throw new RuleRefused('the condition has no whole number', path);
    return { operator, number };
  });
}

/** Is a match told by an event with which a number is reached, whatever comes later? */
export const isReached = ([only, ...more]: readonly Bound[]): boolean =>
  more.length === 0 && (only?.operator === '>' || only?.operator === '>=');

function admits({ operator, number }: Bound, count: number): boolean {
  switch (operator) {
    case '<':
      return count < number;
    case '<=':
      return count <= number;
    case '>':
      return count > number;
    case '>=':
      return count >= number;
    case '==':
      return count === number;
    case '!=':
      return count !== number;
  }
}

/** Is this count as the bounds say, and none below it? */
const admitsAllAlone = (bounds: readonly Bound[], count: number): boolean =>
  bounds.every((bound) => admits(bound, count)) && !bounds.every((bound) => admits(bound, count - 1));

/** A condition that no count from one on fulfils, or that none at all does, is a mistake: what never happens leaves no event to find. */
function checkReachable(bounds: readonly Bound[]): void {
  const path = ['correlation', 'condition'];
  const admitted = (count: number): boolean => bounds.every((bound) => admits(bound, count));
  const tried = [1, ...bounds.flatMap(({ number }) => [number - 1, number, number + 1])].filter((count) => count >= 1);
  if (!tried.some(admitted)) throw new RuleRefused('no count of events can be as the condition says', path);
  if (isReached(bounds) && admitted(0)) throw new RuleRefused('the condition asks for no event', path);
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
    // The specification counts how rare a value is, pySigma the value below which so many are: the same rule, two answers.
    if (value.type === 'value_percentile')
      throw new RuleRefused(
        'what value_percentile compares is read in two ways, by Sigma’s specification and by pySigma',
        path,
      );
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
  const isCount = type !== 'value_sum' && type !== 'value_avg';
  const bounds = boundsOf(condition, isCount);
  if (bounds.length === 0) {
    if (!isTemporal) throw new RuleRefused('the condition says no number', ['correlation', 'condition']);
    bounds.push({ operator: '>=', number: rules.length });
  }
  if (type === 'temporal_ordered' && !(isReached(bounds) && admitsAllAlone(bounds, rules.length))) {
    throw new RuleRefused('an order of some of the rules is not supported', ['correlation', 'condition']);
  }
  if (isCount) checkReachable(bounds);
  if (isTemporal && rules.length < 2) throw new RuleRefused('this type needs two rules', ['correlation', 'rules']);
  const fields = textsOf(condition.field);
  if (type.startsWith('value_') && fields.length === 0) {
    throw new RuleRefused(`${type} needs a field`, ['correlation', 'condition']);
  }
  if (!isCount && fields.length > 1) throw new RuleRefused(`${type} takes one field`, ['correlation', 'condition']);
  return {
    ...head,
    kind: 'correlation',
    type,
    rules,
    groupBy: textsOf(value['group-by']),
    aliases: aliasesOf(value.aliases),
    seconds: secondsOf(value.timespan ?? value.timeframe),
    bounds,
    fields,
    generate: generate === true || value.generate === true,
  };
}

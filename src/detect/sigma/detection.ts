import { readCondition } from './condition.ts';
import { isRecord } from './record.ts';
import { RuleRefused } from './refusal.ts';
import { joined, type Matcher, type Part, type Test } from './tests.ts';
import { matchersOf, type Placeholders } from './values.ts';

/** Tests of one rule, values multiplied by their modifiers; more are refused. */
const MAX_TESTS = 20_000;

/** A keyword is sought anywhere in the event. */
function anywhere(matcher: Matcher): Matcher {
  if (matcher.kind === 'regex') return matcher;
  if (matcher.kind !== 'text') throw new RuleRefused('a keyword is a text');
  const inner = matcher.parts.slice(matcher.parts[0] === '*' ? 1 : 0);
  if (inner.at(-1) === '*') inner.pop();
  if (inner.length === 0) throw new RuleRefused('a keyword is empty');
  const parts: Part[] = ['*', ...inner, '*'];
  return { ...matcher, parts };
}

class Detection {
  readonly #placeholders: Placeholders;
  #tests = 0;

  constructor(placeholders: Placeholders) {
    this.#placeholders = placeholders;
  }

  /** `Field|modifier: value`, or `|all: keywords`. */
  #item(key: string, value: unknown): Test {
    const [field = '', ...modifiers] = key.split('|');
    const values = Array.isArray(value) ? value : [value];
    if (values.length === 0) throw new RuleRefused(`"${key}" has an empty list`);
    const tests = values.map((one) => {
      const matchers = matchersOf(one, modifiers, this.#placeholders);
      this.#tests += matchers.length;
      if (this.#tests > MAX_TESTS) throw new RuleRefused(`the rule makes more than ${MAX_TESTS} tests`);
      return joined(
        'any',
        matchers.map((is): Test => ({ kind: 'field', field, is: field === '' ? anywhere(is) : is })),
      );
    });
    const test = joined(modifiers.includes('all') ? 'all' : 'any', tests);
    return modifiers.includes('neq') ? { kind: 'not', of: test } : test;
  }

  /** A search identifier: a map of fields, a list of maps, or a list of keywords. */
  selection(value: unknown, path: readonly (string | number)[]): Test {
    if (Array.isArray(value)) {
      if (value.length === 0) throw new RuleRefused('an empty list', path);
      return joined(
        'any',
        value.map((one, i) => this.selection(one, [...path, i])),
      );
    }
    const entries: [string, unknown][] = isRecord(value) ? Object.entries(value) : [['', value]];
    if (entries.length === 0) throw new RuleRefused('an empty map', path);
    return joined(
      'all',
      entries.map(([key, one]) => {
        try {
          return this.#item(key, one);
        } catch (error) {
          if (error instanceof RuleRefused)
            throw new RuleRefused(error.message, isRecord(value) ? [...path, key] : path);
          throw error;
        }
      }),
    );
  }
}

/** What a rule's `detection`, or a filter, asks of an event. Throws RuleRefused. */
export function readDetection(detection: unknown, placeholders: Placeholders = new Map()): Test {
  if (!isRecord(detection)) throw new RuleRefused('the rule has no detection', ['detection']);
  const { condition, timeframe, ...identifiers } = detection;
  const reader = new Detection(placeholders);
  const named = new Map<string, Test>();
  for (const [name, value] of Object.entries(identifiers)) {
    named.set(name, reader.selection(value, ['detection', name]));
  }
  const conditions = Array.isArray(condition) ? condition : [condition];
  try {
    const tests = conditions.map((one) => {
      if (typeof one !== 'string') throw new RuleRefused('the rule has no condition');
      return readCondition(one, named);
    });
    if (timeframe !== undefined) throw new RuleRefused('a timeframe without a correlation');
    return joined('any', tests);
  } catch (error) {
    if (error instanceof RuleRefused) throw new RuleRefused(error.message, ['detection', 'condition']);
    throw error;
  }
}

import { RuleRefused } from './refusal.ts';
import { joined, type Test } from './tests.ts';

/** The deepest brackets of a condition. */
const MAX_DEPTH = 50;
const MAX_LENGTH = 10_000;

/**
 * A condition over named tests, such as `selection and not 1 of filter_*`. `not` binds closest, then `and`, then `or`
 * (Sigma Rules Specification 2.1.0, https://sigmahq.io/sigma-specification/, read 2026-11-30). Throws RuleRefused.
 */
export function readCondition(text: string, named: ReadonlyMap<string, Test>): Test {
  if (text.length > MAX_LENGTH) throw new RuleRefused('the condition is too long');
  if (text.includes('|')) {
    const how = text.slice(text.indexOf('|') + 1).trim();
    throw new RuleRefused(
      `the condition "| ${how.slice(0, 60)}" is of the form before correlations; write it as a correlation rule`,
    );
  }
  return new Condition(text, named).whole();
}

class Condition {
  readonly #tokens: string[];
  readonly #named: ReadonlyMap<string, Test>;
  #at = 0;
  #depth = 0;

  constructor(text: string, named: ReadonlyMap<string, Test>) {
    this.#tokens = text.match(/[()]|[^\s()]+/g) ?? [];
    this.#named = named;
  }

  whole(): Test {
    const test = this.#any();
    const rest = this.#tokens[this.#at];
    if (rest !== undefined) throw new RuleRefused(`the condition has "${rest}" where it should end`);
    return test;
  }

  #any(): Test {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw new RuleRefused('the condition is nested too deeply');
    const of = [this.#all()];
    while (this.#takes('or')) of.push(this.#all());
    this.#depth -= 1;
    return joined('any', of);
  }

  #all(): Test {
    const of = [this.#not()];
    while (this.#takes('and')) of.push(this.#not());
    return joined('all', of);
  }

  #not(): Test {
    let negated = false;
    while (this.#takes('not')) negated = !negated;
    const test = this.#one();
    return negated ? { kind: 'not', of: test } : test;
  }

  #one(): Test {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw new RuleRefused('the condition ends too early');
    this.#at += 1;
    if (token === '(') {
      const test = this.#any();
      if (!this.#takes(')')) throw new RuleRefused('the condition has a bracket that is not closed');
      return test;
    }
    if (this.#tokens[this.#at]?.toLowerCase() === 'of') return this.#of(token.toLowerCase());
    const test = this.#named.get(token);
    if (!test) throw new RuleRefused(`the condition names "${token}", which the detection does not have`);
    return test;
  }

  /** `1 of them`, `all of selection_*`: those whose names begin with `_` are left out. */
  #of(quantifier: string): Test {
    const pattern = this.#tokens[this.#at + 1];
    this.#at += 2;
    if (quantifier !== '1' && quantifier !== 'any' && quantifier !== 'all') {
      throw new RuleRefused(`the condition has "${quantifier} of", which is neither 1, any nor all`);
    }
    if (pattern === undefined) throw new RuleRefused('the condition ends too early');
    const names = [...this.#named.keys()].filter(
      (name) => (pattern.startsWith('_') || !name.startsWith('_')) && (pattern === 'them' || isLike(name, pattern)),
    );
    if (names.length === 0) throw new RuleRefused(`the condition has "of ${pattern}", which nothing is called like`);
    const of = names.flatMap((name) => this.#named.get(name) ?? []);
    return joined(quantifier === 'all' ? 'all' : 'any', of);
  }

  #takes(word: string): boolean {
    if (this.#tokens[this.#at]?.toLowerCase() !== word) return false;
    this.#at += 1;
    return true;
  }
}

/** Is this the name that a pattern with `*` means? */
function isLike(name: string, pattern: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return name === pattern;
  const last = rest.pop() ?? '';
  if (!name.startsWith(first) || !name.endsWith(last)) return false;
  let at = first.length;
  for (const piece of rest) {
    const found = name.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return at + last.length <= name.length;
}

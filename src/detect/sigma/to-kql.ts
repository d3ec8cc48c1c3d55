import { plainPattern } from '../../text/plain-pattern.ts';
import { joinedConditions, kqlText } from './kql-words.ts';
import type { Columns, Leg } from './leg.ts';
import { type Place, placeOf } from './places.ts';
import { RuleRefused } from './refusal.ts';
import type { Matcher, Part, Test } from './tests.ts';

/** A test of single events as a condition of KQL over one leg. */
export interface Translation {
  condition: string;
  /** Columns that have to be made first, by name. */
  defines: Map<string, string>;
  /** By field that the rule names and the leg has: its text. */
  shown: Map<string, string>;
  /** Fields that the events do not have, each with why. Nothing is equal to what is not there. */
  without: Map<string, string>;
  /** Those of them by which the rule leaves events out: what they would have left out is among the matches. */
  unfiltered: Set<string>;
}

/** Do the events of a leg have what a place says? Undefined: not known, they were not looked at. */
export type HasEvidence = (place: Place) => boolean;

/** Why a field is not there that the events could have. */
export const notSeen = 'no event has the field';

type Condition = string | boolean;

/** Values of which a field has to be one: `of` is its text, with `~` behind it where case is no difference. */
interface List {
  of: string;
  values: readonly string[];
}

class Translator {
  readonly #leg: Leg;
  readonly #columns: Columns;
  readonly #has: HasEvidence | undefined;
  readonly #places = new Map<string, Place | undefined>();
  readonly result: Omit<Translation, 'condition'> = {
    defines: new Map(),
    shown: new Map(),
    without: new Map(),
    unfiltered: new Set(),
  };

  constructor(leg: Leg, columns: Columns, has: HasEvidence | undefined) {
    this.#leg = leg;
    this.#columns = columns;
    this.#has = has;
  }

  /** The place of a field; undefined where the events have none. */
  #place(field: string): Place | undefined {
    if (this.#places.has(field)) return this.#places.get(field);
    const found = placeOf(field, this.#leg, this.#columns);
    const missing =
      typeof found === 'string' ? found : this.#has && found.evidence && !this.#has(found) ? notSeen : undefined;
    const place = typeof found === 'string' || missing !== undefined ? undefined : found;
    if (missing !== undefined) this.result.without.set(field, missing);
    if (place && field !== '') this.result.shown.set(field, place.text);
    if (place?.define) this.result.defines.set(place.define.name, place.define.as);
    this.#places.set(field, place);
    return place;
  }

  translate(test: Test, negated: boolean): Condition {
    switch (test.kind) {
      case 'not': {
        const inner = this.translate(test.of, !negated);
        return typeof inner === 'boolean' ? !inner : `not(${inner})`;
      }
      case 'field': {
        const condition = this.#field(test.field, test.is);
        const field = test.is.kind === 'field' && this.#place(test.field) ? test.is.other : test.field;
        if (negated && condition === false && this.result.without.has(field)) this.result.unfiltered.add(field);
        return condition;
      }
      default:
        return this.#joined(test.kind, test.of, negated);
    }
  }

  #joined(kind: 'all' | 'any', of: readonly Test[], negated: boolean): Condition {
    const absorbing = kind === 'any';
    const conditions: string[] = [];
    // Whole texts of one field are a list.
    const lists = new Map<string, string[]>();
    let decided = false;
    for (const test of of) {
      const item = kind === 'any' && test.kind === 'field' ? this.#listed(test.field, test.is) : undefined;
      if (item) {
        lists.set(item.of, [...(lists.get(item.of) ?? []), ...item.values]);
        continue;
      }
      const condition = this.translate(test, negated);
      if (condition === absorbing) decided = true;
      else if (typeof condition === 'string') conditions.push(condition);
    }
    for (const [of, values] of lists) conditions.unshift(listCondition({ of, values }));
    if (decided) return absorbing;
    if (conditions.length === 0) return !absorbing;
    const [only] = conditions;
    if (only !== undefined && conditions.length === 1) return only;
    return `(${joinedConditions(kind === 'any' ? 'or' : 'and', conditions)})`;
  }

  /** A whole text or number, for a list. */
  #listed(field: string, is: Matcher): List | undefined {
    if (is.kind !== 'text' || is.cased) return undefined;
    const text = wholeText(is.parts);
    const place = this.#place(field);
    if (text === undefined || !place || place.searchOnly || place.alone || place.never?.test(text)) return undefined;
    if (place.whole !== undefined && /^-?\d{1,9}$/.test(text))
      return { of: place.whole, values: [String(Number(text))] };
    const also = place.also?.get(text.toLowerCase());
    return { of: `${place.text}~`, values: [kqlText(text), ...(also === undefined ? [] : [kqlText(also)])] };
  }

  #field(field: string, is: Matcher): Condition {
    const place = this.#place(field);
    if (is.kind === 'exists') return place ? existence(place, is.present) : !is.present;
    if (is.kind === 'empty') return place ? `isempty(${place.text})` : true;
    if (!place) return false;
    if (place.never && is.kind === 'text') {
      const { never } = place;
      if (is.parts.some((part) => typeof part === 'object' && never.test(part.text))) {
        this.result.without.set(field, never.because);
        return false;
      }
    }
    const list = this.#listed(field, is);
    if (list) return listCondition(list);
    switch (is.kind) {
      case 'text':
        return textCondition(place, is.parts, is.cased, field);
      case 'regex': {
        const pattern = is.flags === '' ? is.pattern : `(?${[...new Set(is.flags)].join('')})${is.pattern}`;
        return inEither(place, (text) => `${text} matches regex ${kqlText(pattern)}`);
      }
      case 'network': {
        const version = is.range.includes(':') ? 'ipv6' : 'ipv4';
        // Null for what is no address, and null is neither true nor false.
        return `coalesce(${version}_is_in_range(${place.text}, ${kqlText(is.range)}), false)`;
      }
      case 'compare':
        return `coalesce(todouble(${place.text}) ${is.operator} ${is.number < 0 ? `(${is.number})` : is.number}, false)`;
      case 'time-part':
        return `coalesce(datetime_part("${is.part}", todatetime(${place.text})) ${is.operator} ${is.number}, false)`;
      case 'field': {
        const other = this.#place(is.other);
        return other ? comparison(place, other, is) : false;
      }
    }
  }
}

function listCondition({ of, values }: List): string {
  const [operator, several] = of.endsWith('~') ? ['=~', 'in~'] : ['==', 'in'];
  const name = of.replace(/~$/, '');
  return values.length === 1
    ? `${name} ${operator} ${values[0]}`
    : `${name} ${several} (${[...new Set(values)].join(', ')})`;
}

/** The text of parts without wildcards. */
function wholeText(parts: readonly Part[]): string | undefined {
  const [only] = parts;
  return parts.length === 1 && typeof only === 'object' ? only.text : undefined;
}

/** Where one text must be: by the stars around it. Undefined for other wildcards. */
function simple(parts: readonly Part[]): { operator: string; text: string } | undefined {
  const before = parts[0] === '*';
  const after = parts.at(-1) === '*';
  const text = wholeText(parts.slice(before ? 1 : 0, after ? -1 : undefined));
  if (text === undefined) return undefined;
  return { operator: before ? (after ? 'contains' : 'endswith') : after ? 'startswith' : '', text };
}

/** A test of a field's text; where the field may be a part of it, that part may fulfil it alone. */
function inEither(place: Place, test: (text: string) => string): string {
  return place.alone === undefined ? test(place.text) : `(${test(place.text)} or ${test(place.alone)})`;
}

function textCondition(place: Place, parts: readonly Part[], cased: boolean, field: string): string {
  if (parts.every((part) => part === '*')) return `isnotempty(${place.text})`;
  const found = simple(parts);
  const anywhere = parts[0] === '*' && parts.at(-1) === '*';
  if (place.searchOnly && !anywhere) {
    throw new RuleRefused(
      `the field ${field || 'of keywords'} is within a text that holds more: only a piece of it can be sought`,
    );
  }
  if (found && found.operator === '')
    return inEither(place, (text) => `${text} ${cased ? '==' : '=~'} ${kqlText(found.text)}`);
  if (found && anywhere) return `${place.text} contains${cased ? '_cs' : ''} ${kqlText(found.text)}`;
  if (found) return inEither(place, (text) => `${text} ${found.operator}${cased ? '_cs' : ''} ${kqlText(found.text)}`);
  const inner = (anywhere ? parts.slice(1, -1) : parts)
    .map((part) => (part === '*' ? '.*' : part === '?' ? '.' : plainPattern(part.text)))
    .join('');
  const pattern = `(?${cased ? '' : 'i'}s)${anywhere ? inner : `^${inner}$`}`;
  return inEither(place, (text) => `${text} matches regex ${kqlText(pattern)}`);
}

function existence(place: Place, present: boolean): string {
  const { evidence } = place;
  const there = `isnotempty(${place.text})`;
  // An element without content is a field that is there.
  const xml = place.define ? /EventData|SyslogMessage/.exec(place.define.as)?.[0] : undefined;
  const condition =
    evidence && 'data' in evidence && xml
      ? `${xml} matches regex ${kqlText(evidence.data.source.replaceAll('\\/', '/').replace(/>$/, '/?>'))}`
      : there;
  return present ? condition : `not(${condition})`;
}

function comparison(left: Place, right: Place, is: Extract<Matcher, { kind: 'field' }>): string {
  const operators = {
    equals: is.cased ? '==' : '=~',
    contains: 'contains',
    startswith: 'startswith',
    endswith: 'endswith',
  };
  const operator = `${operators[is.place]}${is.cased && is.place !== 'equals' ? '_cs' : ''}`;
  return `(isnotempty(${left.text}) and isnotempty(${right.text}) and ${left.text} ${operator} ${right.text})`;
}

/**
 * A test as a condition over one leg. `has` tells which fields the events have; without it those are believed that the rule
 * names. Undefined where no event can match for want of fields; throws RuleRefused for what has no counterpart in KQL.
 */
export function translate(
  test: Test,
  leg: Leg,
  columns: Columns,
  has?: HasEvidence,
): Translation | { never: ReadonlyMap<string, string> } {
  const translator = new Translator(leg, columns, has);
  const condition = translator.translate(test, false);
  if (condition === false) return { never: translator.result.without };
  return { ...translator.result, condition: condition === true ? 'true' : condition };
}

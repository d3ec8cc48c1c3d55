import { RuleRefused } from './refusal.ts';
import type { Matcher, Part, TimePart } from './tests.ts';

/**
 * Values of Sigma rules and their modifiers, after the Sigma Modifiers Appendix 2.1.0 and, where it leaves a choice, after
 * pySigma (https://github.com/SigmaHQ/pySigma, sigma/types.py and sigma/modifiers.py; both read 2026-11-30).
 */

/** A text with its wildcards: a backslash takes the meaning of `*`, `?` and of another backslash, else it is itself. */
export function partsOf(text: string): Part[] {
  const parts: Part[] = [];
  let plain = '';
  const end = (): void => {
    if (plain !== '') parts.push({ text: plain });
    plain = '';
  };
  for (let at = 0; at < text.length; at++) {
    const c = text.charAt(at);
    const next = text.charAt(at + 1);
    if (c === '\\' && (next === '*' || next === '?' || next === '\\')) {
      plain += next;
      at += 1;
    } else if (c === '*' || c === '?') {
      end();
      parts.push(c);
    } else plain += c;
  }
  end();
  return parts;
}

/** A value on its way through the modifiers. `written` is how the rule has it, `bytes` what an encoding made of it. */
type Value =
  | { kind: 'text'; written: string; parts: readonly Part[]; bytes?: Buffer; cased: boolean }
  | Exclude<Matcher, { kind: 'text' }>;

type Modifier = (value: Value, name: string) => Value[];

const refuse = (because: string): never => {
  throw new RuleRefused(because);
};

type Text = Extract<Value, { kind: 'text' }>;

const onText =
  (change: (value: Text, name: string) => Value[]): Modifier =>
  (value, name) =>
    value.kind === 'text' ? change(value, name) : refuse(`the modifier "${name}" has no meaning for this value`);

const plainText = (value: Text, name: string): string =>
  value.parts
    .map((part) => (typeof part === 'string' ? refuse(`"${name}" of a text with wildcards`) : part.text))
    .join('');

const textValue = (text: string, cased: boolean): Text => ({
  kind: 'text',
  written: text,
  parts: text === '' ? [] : [{ text }],
  cased,
});

/** `contains`, `startswith`, `endswith`: stars at the ends; a regular expression is sought anywhere as it is. */
const open =
  (before: boolean, after: boolean): Modifier =>
  (value, name) => {
    if (value.kind === 'regex') return name === 'contains' ? [value] : refuse(`"${name}" of a regular expression`);
    if (value.kind === 'field')
      return [{ ...value, place: before && after ? 'contains' : before ? 'endswith' : 'startswith' }];
    if (value.kind !== 'text') return refuse(`the modifier "${name}" has no meaning for this value`);
    const parts = [...value.parts];
    if (before && parts[0] !== '*') parts.unshift('*');
    if (after && parts.at(-1) !== '*') parts.push('*');
    return [{ ...value, parts }];
  };

const encoded = (bytesOf: (text: string) => Buffer): Modifier =>
  onText((value, name) => [{ ...value, bytes: bytesOf(plainText(value, name)) }]);

const bytesOf = (value: Text, name: string): Buffer => value.bytes ?? Buffer.from(plainText(value, name), 'utf8');

const base64: Modifier = onText((value, name) => [textValue(bytesOf(value, name).toString('base64'), value.cased)]);

/** The letters that stay the same wherever the text begins in what was encoded: three variants. */
const base64offset: Modifier = onText((value, name) => {
  const bytes = bytesOf(value, name);
  return [0, 1, 2].map((shift) => {
    const whole = Buffer.concat([Buffer.alloc(shift, ' '), bytes]).toString('base64');
    const cut = [0, 3, 2][(bytes.length + shift) % 3] ?? 0;
    return textValue(whole.slice([0, 2, 3][shift], whole.length - cut), value.cased);
  });
});

const DASHES = ['-', '/', '\u2013', '\u2014', '\u2015'];
/** A value becomes at most so many. */
const MAX_VARIANTS = 700;

/** Each dash that begins a parameter as any of the characters that Windows takes for one. */
const windash: Modifier = onText((value) => {
  let variants: Part[][] = [[]];
  for (const part of value.parts) {
    if (typeof part === 'string') {
      variants = variants.map((one) => [...one, part]);
      continue;
    }
    let texts = [''];
    let from = 0;
    for (const found of part.text.matchAll(/(?<![\p{L}\p{N}_])[-/](?=[\p{L}\p{N}_])/gu)) {
      const before = part.text.slice(from, found.index);
      texts = texts.flatMap((text) => DASHES.map((dash) => text + before + dash));
      from = found.index + 1;
      if (texts.length * variants.length > MAX_VARIANTS) refuse('the modifier "windash" makes too many variants');
    }
    const rest = part.text.slice(from);
    variants = variants.flatMap((one) => texts.map((text) => [...one, { text: text + rest }]));
  }
  return variants.map((parts) => ({ ...value, parts }));
});

const flag =
  (letter: string): Modifier =>
  (value, name) =>
    value.kind === 'regex'
      ? [{ ...value, flags: value.flags + letter }]
      : refuse(`the modifier "${name}" is for regular expressions`);

const compare =
  (operator: '<' | '<=' | '>' | '>='): Modifier =>
  (value, name) =>
    value.kind === 'time-part' ? [{ ...value, operator }] : compareText(operator)(value, name);

const compareText = (operator: '<' | '<=' | '>' | '>='): Modifier =>
  onText((value, name) => {
    const number = Number(value.written);
    return value.written.trim() === '' || !Number.isFinite(number)
      ? refuse(`the modifier "${name}" takes a number`)
      : [{ kind: 'compare', operator, number }];
  });

const NETWORK = /^(?:\d{1,3}(?:\.\d{1,3}){3}\/\d{1,2}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*\/\d{1,3})$/;

/** A part of a time is a whole number; `gte` and its kin may follow. The least and the greatest are the specification's. */
const timePart = (part: TimePart, least: number, most: number): Modifier =>
  onText(({ written }, name) => {
    const number = /^\d{1,4}$/.test(written.trim()) ? Number(written) : -1;
    return number >= least && number <= most
      ? [{ kind: 'time-part', part, operator: '==', number }]
      : refuse(`the modifier "${name}" takes a whole number from ${least} to ${most}`);
  });

/** Values for placeholders, by name. */
export type Placeholders = ReadonlyMap<string, readonly string[]>;

/** `%name%` as each of its values, which may have wildcards of their own. */
const expand = (placeholders: Placeholders): Modifier =>
  onText((value) => {
    let variants: Part[][] = [[]];
    for (const part of value.parts) {
      const pieces = typeof part === 'string' ? [part] : part.text.split(/(%[^%\s]+%)/);
      for (const piece of pieces) {
        if (piece === '') continue;
        const name = typeof part === 'string' ? undefined : /^%(.+)%$/.exec(piece)?.[1];
        const given = name === undefined ? undefined : placeholders.get(name);
        if (name !== undefined && !given)
          refuse(`the placeholder ${piece} has no value here (--placeholders gives it one)`);
        const alternatives: readonly (readonly Part[])[] = given
          ? given.map(partsOf)
          : [typeof part === 'string' ? [part] : [{ text: piece }]];
        variants = variants.flatMap((before) => alternatives.map((one) => [...before, ...one]));
        if (variants.length > MAX_PLACEHOLDER_VALUES) refuse('the placeholders make too many values');
      }
    }
    return variants.map((parts) => ({ ...value, parts: merged(parts) }));
  });

const MAX_PLACEHOLDER_VALUES = 10_000;

/** Neighbouring texts are one. */
function merged(parts: readonly Part[]): Part[] {
  const out: Part[] = [];
  for (const part of parts) {
    const before = out.at(-1);
    if (typeof part === 'object' && typeof before === 'object') out[out.length - 1] = { text: before.text + part.text };
    else out.push(part);
  }
  return out;
}

const MODIFIERS: Record<string, Modifier> = {
  contains: open(true, true),
  startswith: open(false, true),
  endswith: open(true, false),
  cased: (value, name) =>
    value.kind === 'text' || value.kind === 'field'
      ? [{ ...value, cased: true }]
      : refuse(`the modifier "${name}" is for texts`),
  base64,
  base64offset,
  wide: encoded((text) => Buffer.from(text, 'utf16le')),
  utf16le: encoded((text) => Buffer.from(text, 'utf16le')),
  utf16be: encoded((text) => Buffer.from(text, 'utf16le').swap16()),
  utf16: encoded((text) => Buffer.from(`\ufeff${text}`, 'utf16le')),
  windash,
  re: onText(({ written }) => [{ kind: 'regex', pattern: written, flags: '' }]),
  i: flag('i'),
  ignorecase: flag('i'),
  m: flag('m'),
  multiline: flag('m'),
  s: flag('s'),
  dotall: flag('s'),
  cidr: onText(({ written }) =>
    NETWORK.test(written)
      ? [{ kind: 'network', range: written }]
      : refuse('the modifier "cidr" takes a network, such as 10.0.0.0/8'),
  ),
  lt: compare('<'),
  lte: compare('<='),
  gt: compare('>'),
  gte: compare('>='),
  exists: onText(({ written }) =>
    written === 'true' || written === 'false'
      ? [{ kind: 'exists', present: written === 'true' }]
      : refuse('the modifier "exists" takes true or false'),
  ),
  fieldref: onText((value, name) => [
    { kind: 'field', other: plainText(value, name), place: 'equals', cased: value.cased },
  ]),
  minute: timePart('minute', 0, 59),
  hour: timePart('hour', 0, 23),
  day: timePart('day', 1, 31),
  week: timePart('week_of_year', 1, 53),
  month: timePart('month', 1, 12),
  year: timePart('year', 1, 9999),
};

/** Modifiers of the whole item, not of its values. */
const LINKS: ReadonlySet<string> = new Set(['all', 'neq']);

function start(written: unknown): Value {
  switch (typeof written) {
    case 'string':
      return { kind: 'text', written, parts: partsOf(written), cased: false };
    case 'number':
      // Digits that are lost cannot be compared.
      return Number.isInteger(written) && !Number.isSafeInteger(written)
        ? refuse('a number of so many digits has to be written as a text')
        : textValue(String(written), false);
    case 'boolean':
      return textValue(String(written), false);
    default:
      return written === null ? { kind: 'empty' } : refuse('a value is neither a text, a number nor null');
  }
}

/** The matchers that one value of an item becomes: any of them is enough. Throws RuleRefused. */
export function matchersOf(written: unknown, modifiers: readonly string[], placeholders: Placeholders): Matcher[] {
  let values = [start(written)];
  for (const name of modifiers) {
    if (LINKS.has(name)) continue;
    const modifier =
      name === 'expand' ? expand(placeholders) : Object.hasOwn(MODIFIERS, name) ? MODIFIERS[name] : undefined;
    if (!modifier) return refuse(`the modifier "${name}" is not known`);
    values = values.flatMap((value) => modifier(value, name));
  }
  return values.map((value): Matcher => {
    if (value.kind !== 'text') return value;
    if (value.bytes) return refuse('an encoding without base64: events hold texts as they are read');
    return value.parts.length === 0 ? { kind: 'empty' } : { kind: 'text', parts: value.parts, cased: value.cased };
  });
}

import { inOneCase } from '../../kql/text-match.ts';
import type { Matcher, Part, Test } from './tests.ts';

/** The different values of a field's column; undefined where they are not known, or too many to look at. */
export type KnownValues = (field: string) => KnownColumn | undefined;

export interface KnownColumn {
  /** Texts, in one case. */
  texts?: readonly string[];
  /** Whole numbers. */
  numbers?: ReadonlySet<number>;
}

/**
 * Whether any of the events could match a test, by the values that their columns hold: false only where it is certain that none does.
 * A query takes a hundredth of a second to be understood, and most rules are about programs that no event names.
 */
export function mayMatch(test: Test, values: KnownValues): boolean {
  switch (test.kind) {
    case 'all':
      return test.of.every((one) => mayMatch(one, values));
    case 'any':
      return test.of.some((one) => mayMatch(one, values));
    case 'not':
      return true;
    case 'field':
      return fieldMayMatch(test.is, values(test.field));
  }
}

function fieldMayMatch(is: Matcher, column: KnownColumn | undefined): boolean {
  if (is.kind !== 'text' || !column) return true;
  const sought = soughtText(is.parts);
  if (sought === undefined) return true;
  const text = inOneCase(sought.text);
  if (column.numbers) return !sought.isWhole || !/^-?\d{1,9}$/.test(text) || column.numbers.has(Number(text));
  return column.texts?.some((value) => sought.isIn(value, text)) ?? true;
}

interface Sought {
  text: string;
  isWhole: boolean;
  isIn(value: string, text: string): boolean;
}

/** One text and where it has to be; undefined for wildcards within it, which are patterns with a case of their own. */
function soughtText(parts: readonly Part[]): Sought | undefined {
  const texts = parts.filter((part) => typeof part === 'object');
  const [only] = texts;
  if (!only || texts.length > 1 || parts.includes('?')) return undefined;
  const [before, after] = [parts[0] === '*', parts.at(-1) === '*'];
  const isIn: Sought['isIn'] = before
    ? after
      ? (value, text) => value.includes(text)
      : (value, text) => value.endsWith(text)
    : after
      ? (value, text) => value.startsWith(text)
      : (value, text) => value === text;
  return { text: only.text, isWhole: !before && !after, isIn };
}

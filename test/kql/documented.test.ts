import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Json, logAnalyticsRows } from '../../src/kql/cells.ts';
import { evaluate, KqlError } from '../../src/kql/evaluate.ts';
import type { Column } from '../../src/kql/types.ts';

// The examples of Microsoft's KQL reference that have an answer (scripts/kql-examples.ts makes the list). Each is equal,
// or refused by name. The reading of the answers shares nothing with the evaluator.

interface Example {
  page: string;
  query: string;
  columns: string[];
  rows: string[][];
}

const [, ...lines] = readFileSync(join(import.meta.dirname, 'documented-examples.jsonl'), 'utf8')
  .trim()
  .split('\n');
const examples = lines.map((line): Example => JSON.parse(line));

/** Examples whose printed answer is not what their query gives, each with the reason. The key is page#n, from 1. */
const PAGE_ERRS: Record<string, string> = {
  'array-iff-function#2': 'the texts of the array are printed without their quotes',
  'array-iff-function#3': 'the first column is of another example',
  'asin-function#1': 'the answer is that of another number',
  'base64-decode-toguid-function#1': 'a part of the guid is in the other order than the page of the inverse has it',
  'bin-function#2': 'a timespan of days is printed with a colon after them',
  'join-innerunique#3': 'which of the left rows is kept is left open; the page prints one possibility',
  'join-innerunique#4': 'which of the left rows is kept is left open; the page prints one possibility',
  'mv-apply-operator#4': 'a quote is of the wrong kind',
  'parse-url-function#1': 'the bag of parameters is printed as a text',
  'parse-url-query-function#1': 'the bag of parameters is printed as a text',
  'range-operator#1': 'the first three of ten rows are not printed',
  'replace-regex-function#1': 'the numbers are printed as reals; the query makes longs',
  'replace-string-function#2': 'the numbers are printed as reals; the query makes longs',
  'series-acos-function#1': 'the input is printed as that of another page',
  'series-atan-function#1': 'the input is printed as that of another page',
  'series-cos-function#1': 'the input is printed as that of another page',
  'series-sin-function#1': 'the input is printed as that of another page',
  'series-tan-function#1': 'the input is printed as that of another page',
  'series-asin-function#1': 'the numbers are printed as texts',
  'series-iir-function#1': 'the last six of ten rows are not printed',
  'series-magnitude-function#1': 'a column is printed that the query does not make',
  'toguid-function#1': 'the text of the input is spelt in another way than in the query',
  'trim-start-function#1': 'the address is printed in angle brackets',
  'unicode-codepoints-to-string-function#5': 'the row of the answer lacks its first bar',
  'url-encode-component-function#1': 'the last character of the input is left out of the answer',
  'url-encode-function#1': 'the input is printed with one character more',
};

const near = (a: number, b: number, printed: string): boolean => {
  const digits = /\.(\d+)/.exec(printed)?.[1]?.length ?? 0;
  return a === b || Math.abs(a - b) <= Math.max(Math.abs(b) * 1e-6, 0.6 * 10 ** -Math.max(digits, 1));
};

/** A time as milliseconds and ticks below, from any of the forms that the pages use; undefined for another text. */
function instant(text: string): string | undefined {
  const iso = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,7}))?)?)?Z?$/.exec(text);
  if (iso) {
    const [, y, mo, d, h = '00', mi = '00', s = '00', f = ''] = iso;
    return `${y}-${mo}-${d}T${h}:${mi}:${s}.${f.padEnd(7, '0')}`;
  }
  const us = /^(\d{1,2})\/(\d{1,2})\/(\d{4}),? (\d{1,2}):(\d\d):(\d\d)(?:\.(\d{1,7}))? (AM|PM)$/.exec(text);
  if (!us) return undefined;
  const [, mo = '', d = '', y, h = '', mi, s, f = '', half] = us;
  const hour = (Number(h) % 12) + (half === 'PM' ? 12 : 0);
  const two = (n: string | number): string => String(n).padStart(2, '0');
  return `${y}-${two(mo)}-${two(d)}T${two(hour)}:${mi}:${s}.${f.padEnd(7, '0')}`;
}

const span = (text: string): string =>
  text
    .replace(/^(-?)0?(\d:)/, '$10$2')
    .replace(/\.(\d+)$/, (_, f: string) => `.${f.padEnd(7, '0')}`)
    .replace(/^(.*:\d\d)$/, '$1.0000000');

function equalJson(actual: unknown, printed: unknown): boolean {
  if (typeof actual === 'number' && typeof printed === 'number') return near(actual, printed, String(printed));
  if (Array.isArray(actual) && Array.isArray(printed)) {
    return actual.length === printed.length && actual.every((a, i) => equalJson(a, printed[i]));
  }
  if (typeof actual === 'object' && typeof printed === 'object' && actual !== null && printed !== null) {
    const [a, b] = [new Map(Object.entries(actual)), new Map(Object.entries(printed))];
    return a.size === b.size && [...a].every(([k, v]) => b.has(k) && equalJson(v, b.get(k)));
  }
  if (typeof actual === 'string' && typeof printed === 'string') {
    return actual === printed || (instant(actual) !== undefined && instant(actual) === instant(printed));
  }
  return actual === printed;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const plain = (text: string): string =>
  text
    .replace(/^[`\s]+|[`\s]+$/g, '')
    .replace(/\s+/g, ' ')
    .trim();

function equalCell(actual: Json, type: string, printed: string): boolean {
  const text = plain(printed).replace(/^\(null\)$/, '');
  if (actual === null || actual === '') return text === '' || text.toLowerCase() === 'null' || text === '""';
  if (typeof actual === 'number') return near(actual, Number(text.replace(/,/g, '')), text);
  if (typeof actual === 'boolean') return /^(true|1)$/i.test(text) === actual && /^(true|false|0|1)$/i.test(text);
  const shown = String(actual);
  if (type === 'decimal') return shown === text.replace(/,/g, '');
  if (type === 'datetime') return instant(shown) === instant(text);
  if (type === 'timespan') return span(shown) === span(text);
  if (type === 'dynamic') {
    const [a, b] = [json(shown), json(text)];
    if (a !== undefined && b !== undefined && equalJson(a, b)) return true;
  }
  if (/^(NaN|-?Infinity|-?∞)$/.test(shown)) return shown.replace('Infinity', '∞') === text.replace('Infinity', '∞');
  return plain(shown) === text || plain(shown) === text.replace(/^"(.*)"$/, '$1');
}

/** Where the answer differs from the printed one; undefined where it does not. Rows are compared in any order. */
function difference(example: Example, columns: readonly Column[], rows: readonly Json[][]): string | undefined {
  const places = example.columns.map((name) => columns.findIndex((c) => c.name === plain(name)));
  const same = example.columns.length === columns.length;
  const at = places.every((p) => p >= 0) ? places : same ? columns.map((_, i) => i) : undefined;
  if (!at) return `columns ${columns.map((c) => c.name).join()} for ${example.columns.join()}`;
  const dots = (row: string[]): boolean => row.every((cell) => /^(\.\.\.|…)?$/.test(cell)) && row.some((c) => c !== '');
  const expected = example.rows.filter((row) => !dots(row));
  // One row of blanks is how a page prints an answer of no rows.
  if (rows.length === 0 && expected.length === 1 && expected[0]?.every((cell) => cell === '')) return undefined;
  const short = example.rows.some(dots);
  if (!short && expected.length !== rows.length) return `${rows.length} rows for ${expected.length}`;
  const left = new Set(rows.map((_, i) => i));
  for (const printed of expected) {
    const match = [...left].find((i) =>
      at.every((c, k) => equalCell(rows[i]?.[c] ?? null, columns[c]?.type ?? '', printed[k] ?? '')),
    );
    if (match === undefined) return `no row like ${JSON.stringify(printed)} in ${JSON.stringify(rows.slice(0, 4))}`;
    left.delete(match);
  }
  return undefined;
}

type Verdict = { kind: 'equal' | 'refused' | 'different' | 'errs'; why: string };

function verdict(example: Example): Verdict {
  try {
    // Some pages print a call alone.
    const query = /^\w+\([^|]*\)$/.test(example.query) ? `print ${example.query}` : example.query;
    const table = evaluate(query, [], { now: new Date(0) });
    const why = difference(example, table.columns, logAnalyticsRows(table));
    return why === undefined ? { kind: 'equal', why: '' } : { kind: 'different', why };
  } catch (error) {
    if (!(error instanceof KqlError)) throw error;
    return { kind: 'refused', why: error.message };
  }
}

describe("the examples of Microsoft's KQL reference", () => {
  it('are answered as the page does, or refused by name', () => {
    const numbers = new Map<string, number>();
    const counts = { equal: 0, refused: 0, different: 0, errs: 0 };
    const wrong: string[] = [];
    const refused: string[] = [];
    const overdue: string[] = [];
    for (const example of examples) {
      const n = (numbers.get(example.page) ?? 0) + 1;
      numbers.set(example.page, n);
      const key = `${example.page}#${n}`;
      const found = verdict(example);
      if (found.kind === 'different' && PAGE_ERRS[key] !== undefined) counts.errs += 1;
      else {
        if (found.kind === 'equal' && PAGE_ERRS[key] !== undefined) overdue.push(key);
        counts[found.kind] += 1;
        if (found.kind === 'different') wrong.push(`${key}: ${found.why}`);
        if (found.kind === 'refused') refused.push(`${key}: ${found.why}`);
      }
    }
    if (process.env.CORDON_KQL_REPORT) process.stdout.write(`${JSON.stringify({ counts, wrong, refused }, null, 1)}\n`);
    expect(wrong).toEqual([]);
    expect(overdue).toEqual([]);
  });
});

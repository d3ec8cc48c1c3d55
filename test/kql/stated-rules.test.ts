import { describe, expect, it } from 'vitest';
import { type Json, logAnalyticsRows } from '../../src/kql/cells.ts';
import { evaluate } from '../../src/kql/evaluate.ts';

// What the pages of Microsoft's KQL reference say in words, without an example that has an answer (those are in
// documented.test.ts). Each rule names its page of https://learn.microsoft.com/kusto/query, read 2026-11-30.

const now = new Date('2026-11-23T12:00:00Z');
const rows = (query: string): Json[][] => logAnalyticsRows(evaluate(query, [], { now }));

describe('rules that the pages state', () => {
  it.each<[page: string, expression: string, value: Json]>([
    ['log-function', 'log(-1)', null],
    ['log10-function', 'log10(-1)', null],
    ['log2-function', 'log2(-1)', null],
    ['binary-shift-left-function', 'binary_shift_left(1, -1)', null],
    ['binary-shift-left-function', 'binary_shift_left(1, 65)', 2],
    ['binary-shift-right-function', 'binary_shift_right(8, -1)', null],
    ['repeat-function', 'repeat(1, -3)', null],
    ['repeat-function', 'repeat(1, 0)', '[]'],
    ['hash-function', 'tostring(hash(datetime("2015-01-01")))', '1380966698541616202'],
    ['startofweek-function', 'datetime(2025, 6, 14)', '2025-06-14T00:00:00Z'],
    ['scalar-data-types/datetime', 'datetime()', '2026-11-23T12:00:00Z'],
    ['scalar-data-types/datetime', 'todatetime("2020-01-01T00:00:00+99:99")', null],
    ['scalar-data-types/null-values', 'iff(isnull(long(null) in (1, long(null))), "null", "no")', 'null'],
    ['scalar-data-types/null-values', 'iff(isnull(long(null) !in (1, long(null))), "null", "no")', 'null'],
    ['scalar-data-types/null-values', 'long(null) !in (1, 2)', true],
    ['strlen-function', 'indexof("a\u{1f600}b\u{1f600}c", "c")', 4],
    ['strlen-function', 'indexof("a\u{1f600}b\u{1f600}b", "b", 3)', 4],
    ['strlen-function', 'indexof("\u{1f600}\u{1f600}b", "\u{1f600}", 0, 1, 2)', 1],
    ['strlen-function', 'indexof(strcat_array(repeat("\u{1f600}a", 100000), ""), "a", 0, -1, 100000)', 199999],
    ['strlen-function', 'indexof_regex("a\u{1f600}b\u{1f600}b", "b", 3)', 4],
    ['datatypes-string-operators', '"\u{1f600}malware" has "malware"', true],
    ['datatypes-string-operators', '"malware\u{1f600}" has "malware"', true],
    ['datatypes-string-operators', '"\u{20000}malware" has "malware"', false],
    ['datatypes-string-operators', '"ΟΔΟΣ" =~ "οδοσ" and "ΟΔΟΣ x" has "οδοΣ" and "ΟΔΟΣ" in~ ("οδος")', true],
  ])('%s: %s', (_, expression, value) => {
    expect(rows(`print x = ${expression}`)).toEqual([[value]]);
    // A constant may be worked out elsewhere than a row's value.
    expect(rows(`range n from 1 to 2 step 1 | project x = ${expression}`)).toEqual([[value], [value]]);
  });

  it('puts NaN beside the nulls, in either direction', () => {
    const data = 'datatable(r:real)[2, real(nan), real(null), -1]';
    const [last, first] = [
      [2, -1, 'NaN', null],
      [null, 'NaN', -1, 2],
    ];
    expect(rows(`${data} | sort by r`).flat()).toEqual(last);
    expect(rows(`${data} | sort by r asc`).flat()).toEqual(first);
    expect(rows(`${data} | sort by r asc nulls last`).flat()).toEqual([-1, 2, 'NaN', null]);
    expect(rows(`${data} | sort by r desc nulls first`).flat()).toEqual([null, 'NaN', 2, -1]);
    expect(rows(`${data} | top 3 by r asc nulls last`).flat()).toEqual([-1, 2, 'NaN']);
  });

  it('makes a long of an int that is negated, as of a sum of ints, and takes no int that is none', () => {
    const typed = 'datatable(i:int)[5] | project a=-i, b=i+i, c=-int(5) | getschema | project ColumnType';
    expect(rows(typed).flat()).toEqual(['long', 'long', 'int']);
    expect(() => rows('print int(2147483648)')).toThrow(/no int/);
  });

  it('leaves the calendar for null and not for another time', () => {
    expect(
      rows('print unixtime_seconds_todatetime(1e15), datetime_add("day", 21350398233, datetime(2020-01-01))'),
    ).toEqual([[null, null]]);
    expect(rows('print startofweek(datetime(2020-01-01), 305005689)')).toEqual([[null]]);
  });

  it('rounds what has no fraction to itself', () => {
    expect(rows('print round(1e20, 2), round(-1e300, 5)')).toEqual([[1e20, -1e300]]);
  });
});

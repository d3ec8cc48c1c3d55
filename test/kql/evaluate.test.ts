import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Json, logAnalyticsRows } from '../../src/kql/cells.ts';
import { analyse, evaluate, KqlError } from '../../src/kql/evaluate.ts';
import { type ColumnType, type Table, tableFromRows } from '../../src/kql/table.ts';

const now = new Date('2026-11-23T12:00:00Z');

const events = tableFromRows(
  'Events',
  [
    { At: '2026-11-23T01:02:03.1234567Z', Id: 4625, Who: 'admin', N: 5, D: { a: { b: 'x' }, list: [1, 2] } },
    { At: '2026-11-23T01:04:00Z', Id: 4625, Who: 'Admin', D: { list: [] } },
    { At: '2026-11-23T05:00:00Z', Id: 4624, Who: '', N: 7 },
  ],
  { At: 'datetime', Id: 'int', Who: 'string', N: 'long', D: 'dynamic' },
);

function rows(query: string, tables: Table[] = [events]): Json[][] {
  return logAnalyticsRows(evaluate(query, tables, { now }));
}

/** The value of a scalar expression, worked out over a row and not by a constant folder. */
const scalar = (expression: string): Json | undefined => rows(`print dummy=1 | project x = ${expression}`)[0]?.[0];

const names = (query: string): string[] => evaluate(query, [events], { now }).columns.map((c) => c.name);

function failure(query: string): KqlError {
  try {
    evaluate(query, [events], { now });
  } catch (error) {
    if (error instanceof KqlError) return error;
    throw error;
  }
  throw new Error(`no error: ${query}`);
}

const scalars = (cases: [string, Json][]) => {
  it.each(cases)('%s is %j', (expression, expected) => {
    expect(scalar(expression)).toEqual(expected);
  });
};

const left = 'datatable(k:string, a:long)["x",1, "x",2, "y",3, "",4]';
const right = 'datatable(k:string, b:long)["x",10, "x",20, "z",30]';
const nullKeys = 'datatable(k:long, a:long)[long(null),1, 1,2]';

describe('what naive evaluators get wrong', () => {
  it('a bare join is innerunique: one row a key of the left side', () => {
    expect(rows(`${left} | join (${right}) on k | project a, b`)).toEqual([
      [1, 10],
      [1, 20],
    ]);
    expect(rows(`${left} | join kind=inner (${right}) on k | count`)).toEqual([[4]]);
  });

  it('sort is descending by default, and null is the least', () => {
    expect(rows('Events | sort by N | project N')).toEqual([[7], [5], [null]]);
    expect(rows('Events | sort by N asc | project N')).toEqual([[null], [5], [7]]);
    expect(rows('Events | sort by N asc nulls last | project N')).toEqual([[5], [7], [null]]);
    expect(rows('Events | order by N desc nulls first | project N')).toEqual([[null], [7], [5]]);
    expect(rows('Events | top 1 by N | project N')).toEqual([[7]]);
  });

  describe('has is a whole term and _ delimits', () => {
    scalars([
      ['"an error" has "err"', false],
      ['"an ERROR." has "error"', true],
      ['"an ERROR." has_cs "error"', false],
      ['"a_b" has "a"', true],
      ['"éa" has "a"', false],
      ['"errors" has_any ("error", "x")', false],
      ['"an error" has_all ("an", "ERROR")', true],
      ['"x" has_any (dynamic([]))', false],
      ['"x" has_all (dynamic([]))', true],
      ['"xerror" hasprefix "err"', false],
      ['"an errors" hasprefix "err"', true],
      ['"an xerr" hassuffix "err"', true],
    ]);
  });

  describe('!= and its kin are true on null, and the ordering ones null', () => {
    scalars([
      ['int(null) == 5', false],
      ['int(null) != 5', true],
      ['int(null) == int(null)', null],
      ['int(null) in (5)', false],
      ['int(null) !in (5)', true],
      ['int(null) < 5', null],
      ['not(bool(null))', null],
      ['bool(null) and false', false],
      ['bool(null) or true', true],
      ['bool(null) and true', null],
      ['dynamic(null) !has "x"', true],
    ]);
    it('a where keeps only what is true', () => {
      expect(rows('Events | where N != 5 | count')).toEqual([[2]]);
      expect(rows('Events | where N > 0 | count')).toEqual([[2]]);
      expect(rows('Events | where not(N > 5) | count')).toEqual([[1]]);
    });
  });

  describe('strings are never null', () => {
    scalars([
      ['isnull("")', false],
      ['isempty("")', true],
      ['isempty(long(null))', true],
      ['isnotnull("")', true],
      ['tostring(int(null))', ''],
      ['strcat("a", int(null), "b")', 'ab'],
      ['strcat_delim("-", "a", int(null), "b")', 'a--b'],
      ['coalesce("", "x")', 'x'],
    ]);
    it('nor after an outer join', () => {
      expect(
        rows(`${left} | where k == "y" | join kind=leftouter (${right}) on k | project k1, b, isnull(k1)`),
      ).toEqual([['', null, false]]);
    });
  });

  describe('integers divide toward zero, and by zero give null', () => {
    scalars([
      ['7 / 2', 3],
      ['-7 / 2', -3],
      ['1 / 0', null],
      ['7 / 2.0', 3.5],
      ['1.0 / 0', 'Infinity'],
      ['-7 % 3', 2],
      ['9223372036854775807 + 1 == long(-9223372036854775808)', true],
      ['tostring(9007199254740993)', '9007199254740993'],
    ]);
  });

  it('union matches by name, and is outer', () => {
    const union = 'datatable(x:long, y:string)[1,"a"] | union (datatable(y:string, z:real)["b", 2.5])';
    expect(names(union)).toEqual(['x', 'y', 'z']);
    expect(rows(union)).toEqual([
      [1, 'a', null],
      [null, 'b', 2.5],
    ]);
    expect(rows('union kind=inner (datatable(x:long, y:string)[1,"a"]), (datatable(y:string)["b"])')).toEqual([
      ['a'],
      ['b'],
    ]);
    expect(names('datatable(c:string)["a"] | union (datatable(c:real)[1.5])')).toEqual(['c_string', 'c_real']);
    expect(rows('union withsource=S Events, (Events | take 1) | summarize count() by S')).toEqual([
      ['Events', 3],
      ['union_arg1', 1],
    ]);
  });

  it('join keys match null to null', () => {
    expect(rows(`${nullKeys} | join kind=inner (${nullKeys}) on k | project a, a1`)).toEqual([
      [1, 1],
      [2, 2],
    ]);
    expect(rows(`${nullKeys} | join kind=leftanti (${nullKeys}) on k | count`)).toEqual([[0]]);
  });

  it('lookup is leftouter and drops the keys of the right side', () => {
    const lookup = `${left} | lookup (${right}) on k`;
    expect(names(lookup)).toEqual(['k', 'a', 'b']);
    expect(rows(`${lookup} | where k == "y"`)).toEqual([['y', 3, null]]);
    expect(rows(`${lookup} | count`)).toEqual([[6]]);
    expect(failure(`${left} | lookup kind=leftanti (${right}) on k`).message).toContain('leftouter');
  });

  it('percentile is nearest rank', () => {
    expect(rows('range x from 1 to 10 step 1 | summarize percentile(x, 50), percentiles(x, 5, 95)')).toEqual([
      [5, 1, 10],
    ]);
    expect(rows('datatable(x:long)[1,2] | summarize percentile(x, 50)')).toEqual([[1]]);
  });

  describe('failed conversions are null', () => {
    scalars([
      ['toint("x")', null],
      ['tolong("1.5")', null],
      ['toint("2147483648")', null],
      ['todatetime("garbage")', null],
      ['totimespan("00:01:00 junk")', null],
      ['toreal("")', null],
      ['tobool("yes")', null],
      ['tobool("2")', true],
      ['toguid("x")', null],
      ['tolong("0x10")', 16],
      ['toreal("1e3")', 1000],
    ]);
  });

  describe('a dynamic in a text context is its own text', () => {
    scalars([
      ['tostring(dynamic(null))', ''],
      ['isnull(tostring(dynamic(null)))', false],
      ['strlen(tostring(dynamic("x")))', 1],
      ['tostring(dynamic({"a":[1,"b",null]}))', '{"a":[1,"b",null]}'],
      ['dynamic(["x"])[0] == "x"', true],
      ['dynamic(["x"])[0] contains "\\""', false],
      ['dynamic(["x"])[0] == 1', false],
      ['dynamic([1])[0] == 1', true],
      ['dynamic([1])[0] in (1, 2)', true],
      ['dynamic(["b"])[0] in~ ("A", "B")', true],
      ['tostring(true)', 'True'],
      ['tostring(dynamic(true))', 'true'],
      ['tostring(1.0)', '1.0'],
      ['tostring(datetime(2020-01-02 03:04:05.6))', '2020-01-02T03:04:05.6000000Z'],
    ]);
  });

  it('names a group key after its column for tostring, and Column1 for tolower', () => {
    expect(names('Events | summarize count() by tolower(Who)')).toEqual(['Column1', 'count_']);
    expect(names('Events | summarize count() by tostring(Who)')).toEqual(['Who', 'count_']);
    expect(names('Events | summarize count(), avg(N), round(sum(N), 2)')).toEqual(['count_', 'avg_N', 'sum_N']);
  });
});

describe('joins of every kind', () => {
  const kinds: [string, number, string[]][] = [
    ['innerunique', 2, ['k', 'a', 'k1', 'b']],
    ['inner', 4, ['k', 'a', 'k1', 'b']],
    ['leftouter', 6, ['k', 'a', 'k1', 'b']],
    ['rightouter', 5, ['k', 'a', 'k1', 'b']],
    ['fullouter', 7, ['k', 'a', 'k1', 'b']],
    ['leftsemi', 2, ['k', 'a']],
    ['leftanti', 2, ['k', 'a']],
    ['anti', 2, ['k', 'a']],
    ['rightsemi', 2, ['k', 'b']],
    ['rightanti', 1, ['k', 'b']],
  ];
  it.each(kinds)('%s makes %i rows of %j', (kind, count, columns) => {
    const query = `${left} | join kind=${kind} (${right}) on $left.k == $right.k`;
    expect(names(query)).toEqual(columns);
    expect(rows(query)).toHaveLength(count);
  });

  it('refuse dynamic keys and keys of different types', () => {
    expect(failure('Events | join (Events) on D').kind).toBe('semantic');
    expect(failure('Events | join (Events) on $left.Who == $right.N').kind).toBe('semantic');
  });
});

describe('summarize', () => {
  it('over no rows gives the documented empty values', () => {
    expect(
      rows(
        'Events | where false | summarize count(), sum(N), dcount(N), avg(N), min(N), max(Who), make_list(N), stdev(N)',
      ),
    ).toEqual([[0, 0, 0, 'NaN', null, '', '[]', 0]]);
    expect(rows('Events | where false | summarize count() by Id')).toEqual([]);
  });

  it('ignores nulls in aggregates but groups by null', () => {
    expect(rows('Events | summarize count(), avg(N), dcount(N), make_set(N), sum(N)')).toEqual([
      [3, 6, 2, '[5,7]', 12],
    ]);
    expect(rows('Events | summarize count() by N | sort by N asc')).toEqual([
      [null, 1],
      [5, 1],
      [7, 1],
    ]);
  });

  it('arg_max takes the whole row, with or without a star', () => {
    expect(names('Events | summarize arg_max(At, *) by Id')).toEqual(['Id', 'At', 'Who', 'N', 'D']);
    expect(rows('Events | summarize arg_max(At, Who, N) by Id')).toEqual([
      [4625, '2026-11-23T01:04:00Z', 'Admin', null],
      [4624, '2026-11-23T05:00:00Z', '', 7],
    ]);
    expect(rows('Events | summarize arg_min(N, Who)')).toEqual([[5, 'admin']]);
    expect(rows('Events | summarize First = min(At), take_any(Who) by bin(At, 1h) | count')).toEqual([[2]]);
  });

  it('leaves a key out of a star under whatever name it has, also as a conversion to its own type', () => {
    expect(names('Events | summarize take_any(*) by Account = Who')).toEqual(['Account', 'At', 'Id', 'N', 'D']);
    expect(rows('Events | summarize arg_max(At, *) by Number = (Id) | project Number, Who, N')).toEqual([
      [4625, 'Admin', null],
      [4624, '', 7],
    ]);
    expect(rows('Events | summarize arg_max(At, *) by tostring(Who), toint(Id) | project Who, Id, N')).toEqual([
      ['admin', 4625, 5],
      ['Admin', 4625, null],
      ['', 4624, 7],
    ]);
    expect(names('Events | summarize arg_max(At, *) by tolong(Id)')).toEqual(['Id', 'At', 'Id1', 'Who', 'N', 'D']);
    expect(names('Events | summarize arg_max(At, *) by N = Id')).toEqual(['N', 'At', 'Who', 'N1', 'D']);
  });

  it('takes conditions, limits and expressions over aggregates', () => {
    expect(rows('Events | summarize countif(Id == 4625), sumif(N, Id == 4625), dcountif(Who, N > 0)')).toEqual([
      [2, 5, 2],
    ]);
    expect(rows('Events | summarize Rate = round(100.0 * countif(Id == 4625) / count(), 1)')).toEqual([[66.7]]);
    expect(rows('Events | summarize make_list(Id, 2), make_set(tolower(Who), 1), make_bag(bag_pack(Who, N))')).toEqual([
      ['[4625,4625]', '["admin"]', '{"admin":5,"Admin":null,"":7}'],
    ]);
  });

  it('refuses a group key that is a dynamic', () => {
    expect(failure('Events | summarize count() by D').kind).toBe('semantic');
  });

  it('bins times from 0001-01-01, and numbers downward', () => {
    expect(scalar('bin(datetime(2026-11-25 13:00), 7d)')).toBe('2026-11-23T00:00:00Z');
    expect(rows('datatable(w:timespan)[7d] | project bin(datetime(2026-11-25 13:00), w)')).toEqual([
      ['2026-11-23T00:00:00Z'],
    ]);
    expect(scalar('bin(datetime(1601-01-03 13:00), 7d)')).toBe('1601-01-01T00:00:00Z');
    expect(scalar('bin(-7, 5)')).toBe(-10);
    expect(scalar('bin(datetime(2026-11-25 13:07:09.1234567), 5m)')).toBe('2026-11-25T13:05:00Z');
    expect(scalar('bin(5, 0)')).toBeNull();
  });
});

describe('columns', () => {
  it('extend replaces in place and project orders', () => {
    expect(names('Events | extend Who = toupper(Who), New = 1')).toEqual(['At', 'Id', 'Who', 'N', 'D', 'New']);
    expect(rows('Events | extend N = N + 1, M = N | project N, M | take 1')).toEqual([[6, 5]]);
    expect(names('Events | project-away D, At')).toEqual(['Id', 'Who', 'N']);
    expect(names('Events | project-keep N, Id')).toEqual(['Id', 'N']);
    expect(names('Events | project-rename Number = N')).toEqual(['At', 'Id', 'Who', 'Number', 'D']);
    expect(names('Events | project-reorder N, *')).toEqual(['N', 'At', 'Id', 'Who', 'D']);
    expect(rows('Events | getschema | project ColumnName, ColumnType | take 2')).toEqual([
      ['At', 'datetime'],
      ['Id', 'int'],
    ]);
    expect(rows('Events | distinct Id | count as Ids')).toEqual([[2]]);
    expect(rows('Events | extend x = column_ifexists("Nope", "none") | distinct x')).toEqual([['none']]);
  });

  it('a row number needs an order', () => {
    expect(
      rows('Events | sort by At desc | extend n = row_number(), p = prev(Id), q = next(N, 1, -1) | project n, p, q'),
    ).toEqual([
      [1, null, null],
      [2, 4624, 5],
      [3, 4625, -1],
    ]);
    expect(failure('Events | extend n = row_number()').kind).toBe('semantic');
  });

  it('sessions begin at a gap, at the longest span, and at a restart', () => {
    const start = 'datetime(2026-11-23)';
    const steps = 'datatable(m:long, r:bool)[0,false, 5,false, 30,false, 34,true, 36,false, 44,false]';
    expect(
      rows(
        `${steps} | extend t = ${start} + m * 1m | serialize
         | extend s = row_window_session(t, 9m, 8m, r) | project (s - ${start}) / 1m`,
      ),
    ).toEqual([[0], [0], [30], [34], [34], [44]]);
  });
});

describe('mv-expand and mv-apply', () => {
  const T = 'datatable(id:long, a:dynamic, b:dynamic)';
  it('replaces in place, keeps the source under another name', () => {
    expect(names(`${T}[1, dynamic([1]), dynamic(null)] | mv-expand a`)).toEqual(['id', 'a', 'b']);
    expect(names(`${T}[1, dynamic([1]), dynamic(null)] | mv-expand x = a`)).toEqual(['id', 'a', 'b', 'x']);
    expect(rows(`${T}[1, dynamic([1,2]), dynamic("z")] | mv-expand b = a`)).toEqual([
      [1, '[1,2]', '1'],
      [1, '[1,2]', '2'],
    ]);
  });

  it('a null is one element, an empty array none', () => {
    expect(rows(`${T}[1, dynamic(null), dynamic(null)] | mv-expand a | count`)).toEqual([[1]]);
    expect(rows(`${T}[1, dynamic([]), dynamic(null)] | mv-expand a | count`)).toEqual([[0]]);
  });

  it('several columns zip, and bags go key by key', () => {
    expect(rows(`${T}[1, dynamic([10,20,30]), dynamic(["p"])] | mv-expand a, b | project a, b`)).toEqual([
      ['10', 'p'],
      ['20', null],
      ['30', null],
    ]);
    expect(rows(`${T}[1, dynamic({"k":1,"l":2}), dynamic([])] | mv-expand a | project a`)).toEqual([
      ['{"k":1}'],
      ['{"l":2}'],
    ]);
    expect(rows(`${T}[1, dynamic({"k":1}), dynamic([])] | mv-expand kind=array a | project a`)).toEqual([['["k",1]']]);
  });

  it('to typeof takes the elements of that type and converts none', () => {
    const list = 'print a = dynamic([1, 2.5, -2.5, "2", true, null]) | mv-expand a to typeof';
    expect(rows(`${list}(long)`).flat()).toEqual([1, null, null, null, null, null]);
    expect(rows(`${list}(string)`).flat()).toEqual(['1', '2.5', '-2.5', '2', 'true', '']);
    expect(rows(`${list}(bool)`).flat()).toEqual([null, null, null, null, true, null]);
    expect(rows('print a=pack_array(1h, 1) | mv-expand a to typeof(timespan)').flat()).toEqual(['01:00:00', null]);
    expect(rows('print a = dynamic([5,6]) | mv-expand with_itemindex=i a limit 1 | project i, a')).toEqual([[0, '5']]);
  });

  it('mv-apply runs its subquery for each row', () => {
    expect(
      rows(
        'Events | mv-apply e = D.list to typeof(long) on (where e > 1 | summarize Above = count()) | project Id, Above',
      ),
    ).toEqual([
      [4625, 1],
      [4625, 0],
      [4624, 0],
    ]);
    expect(
      rows('Events | mv-apply e = D.list to typeof(long) on (top 1 by e | project Best = e) | project Who, Best'),
    ).toEqual([
      ['admin', 2],
      ['', null],
    ]);
  });
});

describe('parse', () => {
  const line = (text: string, pattern: string, kind = ''): Json[][] =>
    rows(`print s = ${JSON.stringify(text)} | parse ${kind} s with ${pattern} | project-away s`);

  it('keeps a row that does not match, blank; parse-where drops it', () => {
    expect(line('nomatch', '"a=" a ", b=" b:long')).toEqual([['', null]]);
    expect(rows('print s = "nomatch" | parse-where s with "a=" a')).toEqual([]);
  });

  it('simple is all or nothing, relaxed each column for itself', () => {
    const text = 'a=1,b=2,c=zz,d=4';
    const pattern = '"a=" a:long ",b=" b ",c=" c:long ",d=" d';
    expect(line(text, pattern)).toEqual([[null, '', null, '']]);
    expect(line(text, pattern, 'kind=relaxed')).toEqual([[1, '2', null, '4']]);
  });

  it('takes the shortest captures, to the end of the text', () => {
    expect(line('aXcYc', '"a" v "c" *')).toEqual([['X']]);
    expect(line('aXcYc', '"a" v "c"')).toEqual([['XcY']]);
    expect(line('abcbd', '"a" v "b"')).toEqual([['']]);
    expect(line('y=1,x=2,x=9', '* "x=" v ","  *')).toEqual([['2']]);
    expect(line('n=27x', '"n=" n:long *')).toEqual([[27]]);
    expect(line('a.b', '"a.b" v')).toEqual([['']]);
    expect(line('axbZ', '"a.b" v')).toEqual([['']]);
  });

  it('kind=regex is greedy and not anchored', () => {
    expect(line('aXcYc', '"a" v "c"', 'kind=regex')).toEqual([['XcY']]);
    expect(line('ab12cd34', '"a(b)" v "cd" w', 'kind=regex')).toEqual([['12', '34']]);
    expect(line('n=27x', '"N=" n:long', 'kind=regex flags=i')).toEqual([[27]]);
  });

  it('reads an sshd line', () => {
    const text = 'Failed password for invalid user oracle from 203.0.113.7 port 51000 ssh2';
    expect(line(text, '* "invalid user " user " from " ip " port " port:int " ssh2"')).toEqual([
      ['oracle', '203.0.113.7', 51000],
    ]);
  });
});

describe('functions', () => {
  scalars([
    ['substring("abcdef", 2, 3)', 'cde'],
    ['substring("abc", -2)', 'bc'],
    ['strlen("aé😀")', 3],
    ['split("a_b_c", "_", 1)', '["b"]'],
    ['countof("aaaa", "aa")', 3],
    ['countof("aaaa", "aa", "regex")', 2],
    ['indexof("abcabc", "c", 3)', 5],
    ['indexof("abcdefg", "cde", 1, 4)', 2],
    ['indexof("abcdefg", "cde", 1, 2)', -1],
    ['indexof("abcdefgabcdefg", "cde", 1, 10, 2)', 9],
    ['indexof("abcdefgabcdefg", "cde", 1, -1, 3)', -1],
    ['tohex(toint(-256), 8)', 'ffffff00'],
    ['tohex(-256)', 'ffffffffffffff00'],
    ['format_bytes(564)', '564 Bytes'],
    ['format_bytes(10332, 1)', '10.1 KB'],
    ['format_bytes(20010332)', '19 MB'],
    ['format_bytes(20010332, 2)', '19.08 MB'],
    ['format_bytes(20010332, 0, "KB")', '19541 KB'],
    ['strlen(tostring(new_guid()))', 36],
    [
      'bag_remove_keys(dynamic({"a": 1, "b": {"c": 2, "d": 3}, "e": 4, "$.x": 5}), dynamic(["$.b.c", "e", "$.b.none"]))',
      '{"a":1,"b":{"d":3},"$.x":5}',
    ],
    ['trim(@"[^\\w]+", "--a b--")', 'a b'],
    ['extract("x=([0-9]+)", 1, "x=45")', '45'],
    ['extract("x=([0-9]+)", 1, "x=45", typeof(long))', 45],
    ['extract("y", 0, "x")', ''],
    ['extract_all("([a-z])[0-9]", "a1b2")', '["a","b"]'],
    ['replace_regex("a1b2", @"(\\d)", @"<\\1>")', 'a<1>b<2>'],
    ['replace_string("a$&b", "$&", "$1")', 'a$1b'],
    ['"x" matches regex "(?i)X"', true],
    ['"ABC" =~ "abc"', true],
    ['"ABC" !~ "abc"', false],
    ['"abc" startswith_cs "A"', false],
    ['"abc" endswith "BC"', true],
    ['hash_sha256("")', ''],
    ['base64_decode_tostring(base64_encode_tostring("é"))', 'é'],
    ['format_datetime(datetime(2026-01-02 13:04:05.678), "yy-M-d h:mm:ss.fff tt")', '26-1-2 1:04:05.678 PM'],
    ['datetime_add("month", 1, datetime(2026-01-31))', '2026-02-28T00:00:00Z'],
    ['datetime_diff("hour", datetime(2026-01-02), datetime(2026-01-01 23:59))', 1],
    ['datetime_diff("year", datetime(2026-01-01), datetime(2025-12-31))', 1],
    ['startofweek(datetime(2026-11-25 10:00))', '2026-11-22T00:00:00Z'],
    ['endofmonth(datetime(2026-02-10))', '2026-02-28T23:59:59.9999999Z'],
    ['dayofweek(datetime(2026-11-25))', '3.00:00:00'],
    ['ago(1h)', '2026-11-23T11:00:00Z'],
    ['datetime(2026-11-23) - datetime(2026-11-20)', '3.00:00:00'],
    ['2d / 1h', 48],
    ['datetime(2026-11-23 01:30) between (datetime(2026-11-23) .. 2h)', true],
    ['5 !between (1 .. 4)', true],
    ['iff(long(null) > 1, "a", "b")', 'b'],
    ['case(1 > 2, "a", 2 > 1, "b", "c")', 'b'],
    ['round(2.5)', 3],
    ['round(-0.5)', -1],
    ['round(3.25, 1)', 3.3],
    ['round(1.005, 2)', 1],
    ['min_of(3, 1, 2)', 1],
    ['ipv4_is_private("172.31.255.1")', true],
    ['ipv4_is_private("172.32.0.1")', false],
    ['ipv4_is_in_range("203.0.113.9", "203.0.113.0/24")', true],
    ['ipv4_compare("10.0.0.1", "10.0.0.2")', -1],
    ['parse_ipv4("1.2.3.4")', 16909060],
    ['ipv4_is_private("x")', null],
    ['parse_json("{\\"a\\":{\\"b\\":[1,2]}}").a.b[-1]', '2'],
    ['tostring(parse_json("no json"))', 'no json'],
    ['parse_json("{\\"a\\":1}").b', null],
    ['tostring(parse_json("[9007199254740993]")[0])', '9007199254740993'],
    ['array_length(dynamic([1,2,3]))', 3],
    ['array_index_of(dynamic(["a","b"]), "b")', 1],
    ['array_slice(dynamic([1,2,3,4]), 1, 2)', '[2,3]'],
    ['set_difference(dynamic([1,2,3]), dynamic([2]))', '[1,3]'],
    ['set_has_element(dynamic([1,2]), 2)', true],
    ['bag_keys(bag_pack("a", 1, "b", now()))', '["a","b"]'],
    ['bag_pack("t", datetime(2026-01-01))', '{"t":"2026-01-01T00:00:00.0000000Z"}'],
    ['range(1, 7, 3)', '[1,4,7]'],
    ['real(nan) == real(nan)', false],
    ['0x10', 16],
  ]);
});

describe('let, functions and sources', () => {
  it('binds scalars, tables, views and functions with defaults', () => {
    expect(rows('let n = 2; let t = Events | take n; t | count')).toEqual([[2]]);
    expect(rows('let f = (id:int, n:long = 1) { Events | where Id == id | take n }; f(4625) | count')).toEqual([[1]]);
    expect(rows('let g = (s:string) { strcat(s, "!") }; Events | project x = g(Who) | take 1')).toEqual([['admin!']]);
    expect(rows('let v = view () { Events }; v | count')).toEqual([[3]]);
    expect(rows('let h = (t:(Id:int)) { t | where Id == 4624 }; h(Events) | count')).toEqual([[1]]);
    expect(rows('let h = (t:(Id:int)) { t | where Id == 4624 }; Events | invoke h() | count')).toEqual([[1]]);
    expect(
      rows(
        'let h = (t:(*), n:long, m:long = 2) { t | take n + m }; range x from 1 to 9 step 1 | invoke h(m = 1, n = 3) | count',
      ),
    ).toEqual([[4]]);
    expect(rows('let m = materialize(Events | count); m | union m')).toEqual([[3], [3]]);
    expect(rows('let most = toscalar(Events | summarize max(N)); Events | where N == most | project Id')).toEqual([
      [4624],
    ]);
    expect(rows('Events | where Who in ((Events | where N == 5 | project Who)) | count')).toEqual([[1]]);
  });

  it('makes ranges, tables and series', () => {
    expect(rows('range x from 1 to 10 step 4')).toEqual([[1], [5], [9]]);
    expect(rows('range t from datetime(2026-01-01) to datetime(2026-01-02) step 12h | count')).toEqual([[3]]);
    expect(rows('datatable(a:string, b:long)["x", 1, "y", -2] | where b < 0')).toEqual([['y', -2]]);
    expect(
      rows(
        'Events | make-series n = count() default=0 on At from datetime(2026-11-23) to datetime(2026-11-23 03:00) step 1h by Id | project Id, n',
      ),
    ).toEqual([
      [4625, '[0,2,0]'],
      [4624, '[0,0,0]'],
    ]);
  });

  it('now() is one instant, to the tick', () => {
    expect(rows('print now() == now(), now() - 1tick')).toEqual([[true, '2026-11-23T11:59:59.9999999Z']]);
    expect(
      rows(
        'Events | where At > datetime(2026-11-23T01:02:03.1234566Z) and At < datetime(2026-11-23T01:02:03.1234568Z) | project At',
      ),
    ).toEqual([['2026-11-23T01:02:03.1234567Z']]);
  });
});

describe('names', () => {
  const resources = tableFromRows('resources', [
    { type: 'microsoft.compute/virtualmachines', kind: 'x', Name: 'web01' },
  ]);

  it('are any case for Resource Graph and exact for Log Analytics', () => {
    const query = 'Resources | where Type =~ "Microsoft.Compute/virtualMachines" | project name';
    expect(evaluate(query, [resources], { now, anyCase: true }).length).toBe(1);
    expect(() => evaluate(query, [resources], { now })).toThrow(KqlError);
    expect(failure('events | count').diagnostics[0]?.code).toBe('KS204');
  });

  it('that are words of the language do not cut a table short', () => {
    const { columns } = evaluate('resources', [resources], { now });
    expect(columns.map((c) => c.name)).toEqual(['type', 'kind', 'Name']);
  });
});

describe('what is refused', () => {
  it('names the construct and where it stands', () => {
    const cases: [string, string, number, number][] = [
      ['Events\n| reduce by Who', 'reduce', 2, 3],
      ['Events | extend x = geo_point_to_s2cell(1.0, 2.0)', 'geo_point_to_s2cell', 1, 21],
      ['Events | evaluate python(typeof(*), "result = df")', 'python', 1, 19],
      ['Events | summarize hll(N)', 'hll', 1, 20],
      ['print todecimal(1)', 'The type decimal', 1, 7],
      ['print decimal(1.5)', 'The type decimal', 1, 7],
      ['Events | extend t = ingestion_time()', 'ingestion_time', 1, 21],
      ['Events | where Who matches regex "a(?=b)"', '(?=', 1, 16],
      ['print erf(1)', 'erf', 1, 7],
      ['let f = (x:long) {\n  Events | where N == erf(x) };\nf(1)', 'erf', 2, 23],
      ['externaldata(x:string)["https://example.org/"]', 'external', 1, 24],
    ];
    for (const [query, word, line, column] of cases) {
      const error = failure(query);
      expect([error.kind, error.line, error.column], query).toEqual(['unsupported', line, column]);
      expect(error.message).toContain(word);
    }
  });

  it('tells faults of grammar from faults of meaning', () => {
    expect(failure('Events | summarize count( by Id').kind).toBe('syntax');
    const unknown = failure('Events\n| where EventId == 1');
    expect([unknown.kind, unknown.line, unknown.column, unknown.token]).toEqual(['semantic', 2, 9, 'EventId']);
    expect(failure('Events | where D == dynamic([1])').kind).toBe('semantic');
    expect(failure('Events | where At == "yesterday"').kind).toBe('semantic');
  });

  it('bounds rows, calls and depth', () => {
    expect(() => evaluate('range x from 1 to 100 step 1', [], { now, maxRows: 99 })).toThrow(KqlError);
    expect(failure('range x from 1 to 100000000 step 1').kind).toBe('limit');
    const million = 'range x from 1 to 5000 step 1 | extend k = 1';
    expect(failure(`${million} | join kind=inner (${million}) on k | count`).kind).toBe('limit');
    expect(failure(`print ${'('.repeat(20_000)}1${')'.repeat(20_000)}`).kind).toBe('limit');
    expect(failure(`print ${new Array(1_000).fill('1 == 2').join(' or ')}`).kind).toBe('limit');
    expect(failure(`print "${'x'.repeat(1_000_001)}"`).kind).toBe('limit');
  });
});

describe('analyse', () => {
  it('gives columns and diagnostics without rows', () => {
    const schemas: Record<string, Record<string, ColumnType>> = { T: { type: 'string', N: 'long' } };
    expect(analyse('T | summarize Total = sum(N) by type', schemas)).toEqual({
      diagnostics: [],
      columns: [
        { name: 'type', type: 'string' },
        { name: 'Total', type: 'long' },
      ],
    });
    expect(analyse('T | where M == 1', schemas).diagnostics).toMatchObject([
      { severity: 'error', code: 'KS142', line: 1, column: 11, token: 'M' },
    ]);
  });
});

describe('published queries', () => {
  const shared = resolve(process.env.CORDON_SHARED ?? resolve(import.meta.dirname, '../../../shared'), 'kql');
  const files = existsSync(shared) ? readdirSync(resolve(shared, 'published')).filter((f) => f.endsWith('.kql')) : [];
  if (files.length === 0) {
    console.warn(`no published queries in ${shared}: not tested`);
    it.skip('run over generated rows', () => {});
    return;
  }
  const { tables: schemas }: { tables: Record<string, Record<string, ColumnType>> } = JSON.parse(
    readFileSync(resolve(shared, 'schemas.json'), 'utf8'),
  );

  /** Failures of one account, then its success; sshd lines; alerts that name the address of query 26. */
  function generated(name: string, i: number): Record<string, unknown> {
    const at = new Date(now.getTime() - (400 - i) * 20_000).toISOString();
    const failed = i % 80 !== 79;
    return (
      {
        SecurityEvent: {
          TimeGenerated: at,
          EventID: failed ? 4625 : 4624,
          AccountType: 'User',
          Account: `host\\user${Math.floor(i / 80)}`,
          IpAddress: '203.0.113.77',
          Computer: 'web01',
          LogonTypeName: '3 - Network',
          SubStatus: '0xc000006a',
        },
        Syslog: {
          TimeGenerated: at,
          EventTime: at,
          SyslogMessage: `Failed password for invalid user root from 203.0.113.7 port ${50000 + (i % 2)} ssh2`,
        },
        SecurityAlert: {
          TimeGenerated: '2019-02-05T10:00:00Z',
          AlertName: 'Brute force',
          Entities: '[{"Address":"<ipaddress>"}]',
          ExtendedProperties: '{"Compromised Host":"web01","User Name":"ROOT"}',
        },
      }[name] ?? {}
    );
  }
  const tables = Object.entries(schemas).map(([name, columns]) =>
    tableFromRows(
      name,
      Array.from({ length: 400 }, (_, i) => generated(name, i)),
      columns,
    ),
  );
  const expected: Record<string, number> = {
    '01_ExcessiveLogonFailures.kql': 5,
    '03_MultipleFailedFollowedBySuccess.kql': 5,
    '07_FailedUserLogons.kql': 1,
    '12_UserLogonsByLogonType.kql': 1,
    '13_ssh_potentialBruteForce.kql': 1,
    '26_AlertsForIP.kql': 400,
  };

  it.each(files)('%s runs over generated rows', (file) => {
    const table = evaluate(readFileSync(resolve(shared, 'published', file), 'utf8'), tables, { now });
    expect(table.columns.length).toBeGreaterThan(0);
    if (expected[file] !== undefined) expect(table.length).toBe(expected[file]);
    for (const column of table.data) expect(column).toHaveLength(table.length);
  });
});

import { describe, expect, it } from 'vitest';
import { type Json, logAnalyticsRows } from '../../src/kql/cells.ts';
import { evaluate } from '../../src/kql/evaluate.ts';

const rows = (query: string): Json[][] => logAnalyticsRows(evaluate(query, [], { now: new Date(0) }));
const value = (expression: string): Json => rows(`print ${expression}`)[0]?.[0] ?? null;

describe('functions, by the answers that Microsoft prints', () => {
  it.each<[string, Json]>([
    ['tostring(hash("World"))', '1846988464401551951'],
    ['tostring(hash("Hello"))', '753694413698530628'],
    ['hash("World", 100)', 51],
    ['tostring(treepath(parse_json(\'{"a":"b", "c":123}\')))', '["[\'a\']","[\'c\']"]'],
    ['tostring(treepath(parse_json(\'{"p":[1,2], "q":"v"}\')))', '["[\'p\']","[\'p\'][0]","[\'q\']"]'],
    ['format_datetime(datetime(2009-06-15T13:45:30), "y")', '9'],
    ['format_datetime(datetime(2019-06-15), "y-M-d")', '19-6-15'],
    ['tostring(array_rotate_left(dynamic([1,2,3]), -4))', '[3,1,2]'],
    ['tostring(array_shift_right(dynamic(["a","b"]), 1))', '["","a"]'],
    ['tostring(array_split(dynamic([1,2,3]), -1))', '[[1,2],[3]]'],
    ['dynamic_to_json(dynamic({"b":1,"9":2,"10":{"z":1,"1":2},"a":[3]}))', '{"10":{"1":2,"z":1},"9":2,"a":[3],"b":1}'],
    ['parse_version("1.2") == parse_version("1.2.0.0")', true],
    ['parse_version("1.10") > parse_version("1.9.9999")', true],
    ['isnull(ipv6_is_match("no", "::1"))', true],
    ['parse_ipv6("::1")', '0000:0000:0000:0000:0000:0000:0000:0001'],
    ['parse_ipv6("1::2::3")', ''],
    ['ipv6_is_in_range("fe80::1", "fe80::/10")', true],
    ['ipv6_is_in_range("10.0.0.7", "10.0.0.0/8")', true],
  ])('%s', (expression, answer) => expect(value(expression)).toEqual(answer));

  it('takes names that JavaScript’s objects have for names like others', () => {
    expect(value('totimespan("1constructor")')).toBeNull();
    expect(value('tostring(parse_xml("<a>&constructor;</a>"))')).toBe('');
    expect(value('tostring(bag_keys(dynamic({"__proto__":1,"toString":2})))')).toBe('["__proto__","toString"]');
    expect(() => value('"function" matches regex "[[:constructor:]]"')).toThrow(/character class/);
  });

  it('keeps every digit of a decimal', () => {
    expect(value('parse_version("1.2.3.4")')).toBe('1000000020000000300000004');
  });

  it.each([
    ['print hash(1)', /hash\(\) of a long/],
    ['print array_split(dynamic([1,2,3]), dynamic([2,1]))', /do not rise/],
    ['print parse_user_agent("x", "browser")', /list of browsers/],
    ['print x=1 | evaluate basket()', /not documented/],
  ])('refuses what is not known: %s', (query, reason) => expect(() => rows(query)).toThrow(reason));
});

describe('operators, by the rules that Microsoft prints', () => {
  it('takes the rank of a run of equals, dense or with gaps', () => {
    const query = (f: string): string => `datatable(a:long)[1,1,2,3,3,4] | sort by a asc | project r=${f}(a)`;
    expect(rows(query('row_rank_dense')).flat()).toEqual([1, 1, 2, 3, 3, 4]);
    expect(rows(query('row_rank_min')).flat()).toEqual([1, 1, 3, 4, 4, 6]);
  });

  it('nests tops within their parents', () => {
    const data = 'datatable(a:string,b:string,n:long)["x","p",9,"x","q",1,"y","p",5,"y","r",7,"z","p",1]';
    expect(rows(`${data} | top-nested 2 of a by s=sum(n), top-nested 1 of b by t=max(n) asc`)).toEqual([
      ['x', 10, 'q', 1],
      ['y', 12, 'p', 5],
    ]);
  });

  it('refuses a lookup whose address is in two networks', () => {
    const query = `let L=datatable(n:string,c:string)["10.0.0.0/8","a","10.1.0.0/16","b"];
      datatable(ip:string)["10.1.2.3"] | evaluate ipv4_lookup(L, ip, n)`;
    expect(() => rows(query)).toThrow(/several networks/);
  });

  it.each([
    ["'a=1 a=2'", /twice/],
    ["'a=1'", /already/],
  ])('refuses parse-kv where it cannot know: %s', (text, reason) => {
    const column = String(reason).includes('already') ? 'str' : 'a';
    const query = `print str=${text} | parse-kv str as (${column}:string) with (pair_delimiter=' ', kv_delimiter='=')`;
    expect(() => rows(query)).toThrow(reason);
  });

  it('refuses a search beside views, and a union whose names meet', () => {
    expect(() => rows('let V = view () { print x=1 }; search x == 1')).toThrow(/view 'V'/);
    expect(() =>
      rows('let A = view () { print x=1 }; let B = view () { print x=int(2) }; union A, B, (print x_long=3)'),
    ).toThrow(/twice/);
  });
});

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
    // https://learn.microsoft.com/kusto/query/punycode-from-string-function, read 2026-11-30, and its kin.
    ['punycode_from_string("académie-française")', 'acadmie-franaise-npb1a'],
    ['punycode_to_string("cqv902d")', '艺术'],
    ['punycode_domain_to_string(punycode_domain_from_string("bücher.艺术.com"))', 'bücher.艺术.com'],
    ['gzip_decompress_from_base64_string("eA==")', ''],
    ['replace_strings("This is an example", dynamic(["This", "is"]), dynamic([12345, "was"]))', 'This was an example'],
    ['replace_strings("This is", dynamic(["is", "This"]), dynamic(["was", "This"]))', 'Thwas was'],
    // https://learn.microsoft.com/kusto/query/geo-distance-2points-function, read 2026-11-30.
    ['round(geo_distance_2points(-122.407628, 47.578557, -118.275287, 34.019056), 6)', 1546754.351974],
    ['isnull(geo_distance_2points(300, 1, 1, 1))', true],
    ['has_any_ipv4_prefix("10.0.0.1", dynamic(["10.", null, {"b":[2]}]))', true],
    ['make_string(dynamic([1, {"b":[2]}]))', ''],
    ['tostring(bag_remove_keys(dynamic({"a":1}), dynamic(["a", {"b":2}])))', '{}'],
    ['geo_point_in_circle(-122.143564, 47.535677, -122.100896, 47.527351, 3500)', true],
    // https://learn.microsoft.com/kusto/query/datetime-local-to-utc-function: a local time that the clock leaps over.
    ['tostring(datetime_local_to_utc(datetime(2022-03-27 02:00), "Europe/Brussels"))', '2022-03-27T00:00:00.0000000Z'],
    ['tostring(datetime_utc_to_local(datetime(2022-07-11 22:18:48), "US/Pacific"))', '2022-07-11T15:18:48.0000000Z'],
    ['tostring(bag_set_key(dynamic({"key1":123}), "$.key2.prop1", "abc"))', '{"key1":123,"key2":{"prop1":"abc"}}'],
    ['tostring(array_sort_desc(dynamic([3,null,1]), false))', '[null,3,1]'],
    // https://learn.microsoft.com/kusto/query/parse-json-function, of 2025-03-27: a dynamic is used as it is, by any of its names.
    ['todynamic(bag_pack("a", 1)).a == 1 and toobject(dynamic({"a":[2]})).a[0] == 2', true],
    // https://learn.microsoft.com/kusto/query/make-timespan-function, of 2024-08-11.
    ['tostring(make_timespan(0, 0, 0.001))', '00:00:00.0010000'],
    ['isnull(make_timespan(24, 0)) and isnull(make_timespan(1, 60)) and isnull(make_timespan(1, 2, 60))', true],
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
    ['print parse_user_agent("x", "cpu")', /looks for "browser", "os" or "device"/],
    ['print x=1 | evaluate python(typeof(*), "result = df")', /^python: no program/],
    ['print x=1 | summarize hll(x)', /^hll: .*dcount\(\) is exact/],
    ['print x=1 | summarize s = tdigest(x) | project percentile_tdigest(s, 50)', /percentile\(\) is exact/],
    ['print x="a" | reduce by x', /^reduce-by: .*replace_regex/],
    [
      'print a="x", b="y" | make-graph a --> b with_node_id=id | graph-match (n)-[e]->(m) project n.id',
      /write each step as a join/,
    ],
    ['print SHA1="ab" | invoke FileProfile(SHA1, 1000)', /^FileProfile: .*join a table of yours by SHA1/],
    [
      '_Im_Authentication(starttime=ago(1d)) | count',
      /^_Im_Authentication: .*ask ASimAuthenticationEventLogs for what came/,
    ],
    ['imDns | count', /^imDns: a parser unites .*--evidence imDns=FILE\.csv/],
    [
      'vimDnsGcp(disabled=true) | count',
      /^vimDnsGcp: a parser of one source .*--evidence vimDnsGcp=FILE\.csv, .* or ask its source/,
    ],
    ['workspace("other").SecurityEvent | count', /^workspace: rows from elsewhere .*--evidence TABLE=FILE/],
    [
      'imAlertEvent() | count',
      /^imAlertEvent: .*--evidence imAlertEvent=FILE\.csv, and write \S+ without arguments\.$/,
    ],
    ['ASimFooLogs | count', /The name 'ASimFooLogs'/],
    ['SavedThere("x") | count', /saved in a workspace, write it in front, .*--evidence SavedThere=FILE\.csv/],
    ['arg("").resources | take 1', /^Resource Graph is not asked .*--evidence resources=FILE\.json/],
    ['arg("sub").resources | take 1', /^arg: .*ask arg\(""\)\.Resources/],
    ['print x="a\nb"', /not closed on its line.* between ```/],
    ["print x='C:\\'", /not closed on its line/],
    ['print d=dynamic({"a":1}) | evaluate bag_unpack(d, prefix="x")', /no parameter 'prefix'/],
    ['print datetime_utc_to_local(now(), "Nowhere")', /no time zone/],
    // The analyser throws an exception of its own here.
    ['print datetime_part(1d, "(a|b)*")', /analyser fails/],
    ['print 1 | extend (a, b) = series_fit_2lines(dynamic([1,2,3]))', /series_fit_2lines: which of the two lines/],
    ['print assert(1 > 2, "too small")', /has failed with message: 'too small'/],
    ['range x from 1 to 2 step 1 | project-away x | extend y=1 | scan with (step s optional: true;)', /optional step/],
  ])('refuses what is not known: %s', (query, reason) => expect(() => rows(query)).toThrow(reason));
});

describe('operators, by the rules that Microsoft prints', () => {
  it('takes the last row of a step that repeats where scan is asked for it, and moves a sequence on', () => {
    const data = 'datatable(t:long, e:string)[1,"a",2,"b",3,"b",4,"c",5,"a",6,"b",7,"b"] | sort by t asc';
    const query = `${data} | scan with_match_id=id declare (n:long=0) with (
      step s1: e == "a"; step s2 output=last: e == "b" => n = s2.n + 1; step s3: e == "c" and t - s1.t < 9 => n = s2.n;)`;
    expect(rows(query)).toEqual([
      [1, 'a', 0, 0],
      [3, 'b', 2, 0],
      [4, 'c', 2, 0],
      [5, 'a', 0, 1],
      [7, 'b', 2, 1],
    ]);
    expect(rows(`${data} | scan with (step s1: e == "c";) | extend x = t + 1`)).toEqual([[4, 'c', 5]]);
  });

  it('makes another random value for each row, and ranks whole percents of rows exactly', () => {
    expect(rows('range x from 1 to 9 step 1 | extend g=new_guid() | summarize dcount(g)')).toEqual([[9]]);
    expect(rows('range x from 1 to 20 step 1 | summarize percentile(x, 55)')).toEqual([[11]]);
  });

  it('reads the pairs of a dynamic as those of its text', () => {
    const query =
      'print s=split("x;a=1 b=2", ";")[1] | parse-kv s as (b:long) with (pair_delimiter=" ", kv_delimiter="=")';
    expect(rows(`${query} | project b`)).toEqual([[2]]);
  });

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

  it('takes the first of the values of a key, and refuses parse-kv into a column that is there', () => {
    const query = (column: string): string =>
      `print str='a=1 a=2' | parse-kv str as (${column}:string) with (pair_delimiter=' ', kv_delimiter='=')`;
    expect(rows(query('a'))).toEqual([['a=1 a=2', '1']]);
    expect(() => rows(query('str'))).toThrow(/already, .*project-rename str_ = str/);
  });

  it('keeps 128 in the deprecated lists, sets and bags, unless more are asked for', () => {
    // make-set-, make-list- and make-bag-aggregation-function, of 2024-08-11, 2025-02-03 and 2025-01-15; mv-expand-operator.
    const query = `range x from 1 to 200 step 1 | extend o=bag_pack(tostring(x), x)
      | summarize a=makeset(x), b=makelist(x), c=make_dictionary(o), d=make_set(x), e=make_list(x), f=make_bag(o), g=makeset(x, 150)
      | project array_length(a), array_length(b), array_length(bag_keys(c)), array_length(d), array_length(e),
        array_length(bag_keys(f)), array_length(g)`;
    expect(rows(query)).toEqual([[128, 128, 128, 200, 200, 200, 150]]);
    expect(rows('print a=range(1, 200) | mvexpand a | count')).toEqual([[128]]);
  });

  it('unpacks a bag by all the parameters of the page', () => {
    const query = (parameters: string): Json[][] =>
      rows(`datatable(a:long, d:dynamic)[5, dynamic({"a":1,"b":2})] | evaluate bag_unpack(d, ${parameters})`);
    expect(query('OutputColumnPrefix="p_", columnsConflict="keep_source"')).toEqual([[5, 1, 2]]);
    expect(query('columnsConflict="keep_source"')).toEqual([[5, 2]]);
    expect(query('columnsConflict="replace_source", ignoredProperties=dynamic(["b"])')).toEqual([[1]]);
    expect(query('"p_", "error", dynamic(["a"])')).toEqual([[5, 2]]);
    expect(query('OutputColumnPrefix="", "keep_source"')).toEqual([[5, 2]]);
  });

  it('refuses a search beside views, and a union whose names meet', () => {
    expect(() => rows('let V = view () { print x=1 }; search x == 1')).toThrow(/view 'V'/);
    expect(() =>
      rows('let A = view () { print x=1 }; let B = view () { print x=int(2) }; union A, B, (print x_long=3)'),
    ).toThrow(/twice/);
  });
});

import { describe, expect, it } from 'vitest';
import { type Json, logAnalyticsRows } from '../../src/kql/cells.ts';
import { evaluate, KqlError } from '../../src/kql/evaluate.ts';
import { tableFromRows } from '../../src/kql/table.ts';

const now = new Date('2026-11-23T12:00:00Z');

const events = tableFromRows(
  'Events',
  [
    { At: '2026-11-23T01:02:03Z', Id: 4625, Who: 'admin', N: 5, D: { a: { b: 'x' }, list: [1, 2] } },
    { At: '2026-11-23T01:04:00Z', Id: 4625, Who: 'Admin', D: { list: [] } },
    { At: '2026-11-23T05:00:00Z', Id: 4624, Who: '', N: 7 },
  ],
  { At: 'datetime', Id: 'int', Who: 'string', N: 'long', D: 'dynamic' },
);
const other = tableFromRows('Other', [{ Who: 'bob admin', X: 4 }], { Who: 'string', X: 'long' });

const run = (query: string) => evaluate(query, [events, other], { now });
const rows = (query: string): Json[][] => logAnalyticsRows(run(query));
const names = (query: string): string[] => run(query).columns.map((c) => `${c.name}:${c.type}`);

function failure(query: string): KqlError {
  try {
    run(query);
  } catch (error) {
    if (error instanceof KqlError) return error;
    throw error;
  }
  throw new Error(`no error: ${query}`);
}

describe('search', () => {
  it('asks every column of every table and names the table', () => {
    expect(rows('search "ADMIN" | project $table, Who')).toEqual([
      ['Events', 'admin'],
      ['Events', 'Admin'],
      ['Other', 'bob admin'],
    ]);
    expect(names('search in (Other) "bob"')).toEqual(['$table:string', 'Who:string', 'X:long']);
    expect(rows('search kind=case_sensitive "Admin" | count')).toEqual([[1]]);
  });

  it('reads stars as prefix, suffix and contains', () => {
    const found = (term: string): Json | undefined => rows(`search "${term}" | count`)[0]?.[0];
    expect(found('adm')).toBe(0);
    expect(found('adm*')).toBe(3);
    expect(found('*min')).toBe(3);
    expect(found('*dmi*')).toBe(3);
    expect(found('b*admin')).toBe(1);
    expect(rows('search * | count')).toEqual([[4]]);
  });

  it('mixes terms with conditions; a column that a table lacks is missing there', () => {
    expect(rows('search "admin" and (X == 4 or N == 5) | project $table')).toEqual([['Events'], ['Other']]);
    expect(rows('search Who:"bob" | project $table')).toEqual([['Other']]);
    expect(rows('Events | where Id == 4625 | search "x" | project Id')).toEqual([[4625]]);
    expect(rows('Events | where * has "4624" | project Id')).toEqual([[4624]]);
    expect(failure('Events | where * == 4').kind).toBe('unsupported');
  });
});

describe('evaluate', () => {
  it('bag_unpack makes a typed column of each slot, in the order of their names', () => {
    const bags =
      'datatable(d:dynamic)[dynamic({"Name":"John","Age":20}), dynamic({"Name":"Dave","Height":1.7}), dynamic(null)]';
    expect(names(`${bags} | evaluate bag_unpack(d)`)).toEqual(['Age:long', 'Height:real', 'Name:string']);
    expect(rows(`${bags} | evaluate bag_unpack(d)`)).toEqual([
      [20, null, 'John'],
      [null, 1.7, 'Dave'],
      [null, null, ''],
    ]);
    expect(
      names('print d = dynamic([1]) | mv-expand d | extend d = bag_pack("k", d) | evaluate bag_unpack(d, "p_")'),
    ).toEqual(['p_k:long']);
    expect(names('datatable(d:dynamic)[dynamic({"a":1}),dynamic({"a":"x"})] | evaluate bag_unpack(d)')).toEqual([
      'a:dynamic',
    ]);
  });

  it('the operators after it see what was found', () => {
    expect(
      rows(
        'Events | evaluate bag_unpack(D) | evaluate bag_unpack(a, "q_") | extend n = 1 | where n == 1 | project q_b, list',
      ),
    ).toEqual([
      ['x', '[1,2]'],
      ['', '[]'],
      ['', null],
    ]);
    expect(names('Events | evaluate bag_unpack(D) | extend n = 1').at(-2)).toBe('list:dynamic');
  });

  it('follows a declared schema, and the ways to resolve a conflict', () => {
    const bag = 'datatable(Name:string, d:dynamic)["Old", dynamic({"Name":"John","Age":20})] | evaluate bag_unpack';
    expect(rows(`${bag}(d, columnsConflict="replace_source") | project Name`)).toEqual([['John']]);
    expect(rows(`${bag}(d, columnsConflict="keep_source") | project Name`)).toEqual([['Old']]);
    expect(failure(`${bag}(d)`).message).toContain("'Name' twice");
    expect(rows('Events | evaluate bag_unpack(D) : (Id:int, nope:string) | take 1')).toEqual([[4625, '']]);
    expect(names('Events | evaluate bag_unpack(D) : (*, list:dynamic)')).toEqual([
      'At:datetime',
      'Id:int',
      'Who:string',
      'N:long',
      'list:dynamic',
    ]);
  });

  it('a slot may be called anything printable, and an error stays where it was written', () => {
    expect(rows(`datatable(d:dynamic)[dynamic({"a'):b\\\\":1})] | evaluate bag_unpack(d)`)).toEqual([[1]]);
    expect(failure('datatable(d:dynamic)[dynamic({"a\\u001b[2J":1})] | evaluate bag_unpack(d)').kind).toBe('semantic');
    const error = failure('Events | evaluate bag_unpack(D)\n| where nope == 3');
    expect([error.kind, error.line, error.column, error.token]).toEqual(['semantic', 2, 9, 'nope']);
  });

  it('pivot turns values into columns', () => {
    const query = 'Events | project Id, Who = tolower(Who) | evaluate pivot(Id)';
    expect(names(query)).toEqual(['Who:string', '4625:long', '4624:long']);
    expect(rows(query)).toEqual([
      ['admin', 2, 0],
      ['', 0, 1],
    ]);
    expect(rows("Events | evaluate pivot(Id, sum(N), Who) | where Who == '' | project x = ['4624']")).toEqual([[7]]);
    expect(rows('Events | project Id, N | take 1 | evaluate narrow()')).toEqual([
      [0, 'Id', '4625'],
      [0, 'N', '5'],
    ]);
  });

  it('refuses other plugins by name', () => {
    const error = failure('Events | evaluate python(typeof(*), "result = df")');
    expect([error.kind, error.token, error.column]).toEqual(['unsupported', 'python', 19]);
  });
});

describe('parts of the rows', () => {
  it('partition runs its subquery for each key', () => {
    expect(rows('Events | partition hint.strategy=native by Id (top 1 by N | project Id, N)')).toEqual([
      [4625, 5],
      [4624, 7],
    ]);
    const many = 'range x from 1 to 65 step 1 | partition';
    expect(failure(`${many} by x (count)`).kind).toBe('limit');
    expect(rows(`${many} hint.strategy=native by x (count) | count`)).toEqual([[65]]);
  });

  it('as names the rows for the rest of the pipe', () => {
    expect(rows('Events | as E | where Id == 4624 | extend Of = toscalar(E | count) | project Of')).toEqual([[3]]);
  });

  it('top-hitters and sample-distinct', () => {
    expect(rows('Events | top-hitters 1 of Id by N')).toEqual([[4624, 7]]);
    expect(rows('Events | top-hitters 1 of Id')).toEqual([[4625, 2]]);
    expect(rows('Events | sample-distinct 1 of Id')).toEqual([[4625]]);
    expect(rows('Events | sample 2 | count')).toEqual([[2]]);
  });

  it('make-series without its ends spans what each series has', () => {
    expect(rows('Events | make-series n = count() on At step 1h by Id | project Id, n')).toEqual([
      [4625, '[2]'],
      [4624, '[1]'],
    ]);
    expect(rows('Events | make-series n = count() on At step 2h | project n')).toEqual([['[2,0,1]']]);
    expect(rows('Events | make-series n = count() on N in range(1, 7, 2) | project n, N')).toEqual([
      ['[0,0,1,1]', '[0,2,4,6]'],
    ]);
  });

  it('union keeps columns apart that the analyser has to name alike', () => {
    const union = `union (datatable(v_real:real)[1.0]), (datatable(v:real)[3.0]), (datatable(v:long)[5]), (datatable(v_real:real)[7.0])`;
    expect(names(union)).toEqual(['v_real:real', 'v_real1:real', 'v_long:long']);
    expect(rows(union)).toEqual([
      [1, null, null],
      [null, 3, null],
      [null, null, 5],
      [7, null, null],
    ]);
    expect(rows('union kind=inner (datatable(a:long, b:long)[1, 2]), (datatable(b:long)[3])')).toEqual([[2], [3]]);
  });

  it('a function may have lets of its own over its row', () => {
    expect(
      rows('let f = (a:long) { let b = a + 1; let c = b * b; c }; range v from 1 to 3 step 1 | project f(v)').flat(),
    ).toEqual([4, 9, 16]);
  });

  it('isfuzzy leaves out inputs that need a table which is not there', () => {
    expect(rows("union isfuzzy=true (table('Nope') | where 1 == 1), (Events | count)")).toEqual([[3]]);
    expect(failure("let n = 'Nope'; table(n)").kind).toBe('semantic');
  });

  it('parse may write over columns of its input, which stay where they are', () => {
    const lines = 'datatable(k:string, line:string, n:long)["old", "k=a n=1;", 7, "kept?", "nothing", 8]';
    const query = `${lines} | parse line with "k=" k " n=" n:long ";" | extend t = strcat(k, n)`;
    expect(names(query)).toEqual(['k:string', 'line:string', 'n:long', 't:string']);
    expect(rows(query)).toEqual([
      ['a', 'k=a n=1;', 1, 'a1'],
      ['', 'nothing', null, ''],
    ]);
    expect(rows(`${query} | parse k with k | where k == "a" | count`)).toEqual([[1]]);
    expect(
      rows(`let f = (s:string) { ${lines} | parse-where line with "k=" k " n=" * | project k, s }; f("x")`),
    ).toEqual([['a', 'x']]);
    const error = failure(`${query}\n| extend r = erf(n)`);
    expect([error.kind, error.line, error.column, error.token]).toEqual(['unsupported', 2, 14, 'erf']);
  });
});

describe('times as text', () => {
  const noon = '2022-12-02T13:45:56Z';
  const day = '2022-12-02T00:00:00Z';
  const cases: [string, Json][] = [
    ['2022-12-02', day],
    ['2022/12/02', day],
    ['12-02-2022', day],
    ['12/02/2022', day],
    ['12.02.2022', day],
    ['2 Dec 2022', day],
    ['Dec 2, 2022', day],
    ['20221202', day],
    ['2/3/2022', '2022-02-03T00:00:00Z'],
    ['2022-12-02 13:45:56', noon],
    ['12-02-2022 13:45:56', noon],
    ['Fri, 02 Dec 2022 13:45:56 GMT', noon],
    ['2022-12-02T15:45:56+02:00', noon],
    ['13-01-2022', null],
    ['x12-02-2022', null],
    ['', null],
  ];
  it.each(cases)('todatetime("%s") is %s', (text, expected) => {
    expect(rows(`print one = 1 | project todatetime("${text}")`)[0]?.[0]).toBe(expected);
  });
});

describe('text with a structure', () => {
  const cases: [string, Json][] = [
    ['parse_url("https://u:p@host:8080/a/b?k=v%201&l#f").Host', 'host'],
    [
      'tostring(parse_url("https://u:p@host:8080/a/b?k=v%201&l#f"))',
      '{"Scheme":"https","Host":"host","Port":"8080","Path":"/a/b","Username":"u","Password":"p","Query Parameters":{"k":"v 1","l":""},"Fragment":"f"}',
    ],
    ['parse_urlquery("a=1&b=x%3Dy")["Query Parameters"].b', 'x=y'],
    [
      'tostring(parse_path(@"C:\\temp\\file.txt"))',
      '{"Scheme":"","RootPath":"C:","DirectoryPath":"C:\\\\temp","DirectoryName":"temp","Filename":"file.txt","Extension":"txt","AlternateDataStreamName":""}',
    ],
    ['parse_path("file://C:/temp/file.txt:some.exe").AlternateDataStreamName', 'some.exe'],
    ['parse_path("/usr/lib/temp/file.txt").DirectoryPath', '/usr/lib/temp'],
    ['tostring(parse_csv("a,\\"b,c\\",\\"d \\"\\"e\\"\\" \\",\\"\\"\\nf"))', '["a","b,c","d \\"e\\" ",""]'],
    ['tostring(parse_xml("<e> <a>text</a> <a k=\'v\'>x</a> </e>"))', '{"e":{"a":["text",{"@k":"v","#text":"x"}]}}'],
    ['tostring(parse_xml("<e> text <a>text</a> </e>"))', '{"e":{"#text":"text","a":"text"}}'],
    ['tostring(parse_xml("<e/>"))', '{"e":null}'],
    [
      "tostring(parse_xml(\"<?xml version='1.0'?><!-- c --><e a='&lt;&#65;'><![CDATA[<x>]]></e>\"))",
      '{"e":{"@a":"<A","#text":"<x>"}}',
    ],
    ['parse_xml("<e><a></e>")', null],
    ['parse_xml("<!DOCTYPE e [<!ENTITY x \'y\'>]><e>&x;</e>")', null],
    [
      'tostring(parse_command_line("\\"C:\\\\p f\\\\x.exe\\" a\\\\\\\\\\\\\\"b \\"c d\\"", "windows"))',
      '["C:\\\\p f\\\\x.exe","a\\\\\\"b","c d"]',
    ],
    ['has_ipv4("from 192.168.1.1, x", "192.168.1.1")', true],
    ['has_ipv4("v192.168.1.1", "192.168.1.1")', false],
    ['has_ipv4_prefix("05:04 127.0.0.1 GET", "127.0.")', true],
    ['has_ipv4_prefix("05:04 127.0.0.256 GET", "127.0.")', false],
    ['has_any_ipv4("at 10.0.0.1", dynamic(["10.0.0.2","10.0.0.1"]))', true],
    ['tostring(extract_all("([a-z])([0-9])", dynamic([2]), "a1b2"))', '["1","2"]'],
    ['tostring(extract_all("([a-z])([0-9])", "a1b2"))', '[["a","1"],["b","2"]]'],
    ['tostring(array_sort_asc(dynamic([1,"b",3,null,2,"a"])))', '[1,2,3,"a","b",null]'],
    ['tostring(array_sort_desc(dynamic([1,"b",3,null,2,"a"])))', '[3,2,1,"b","a",null]'],
    ['url_encode("https://a.b/hello world")', 'https%3a%2f%2fa.b%2fhello+world'],
    ['url_encode_component("hello world")', 'hello%20world'],
    ['week_of_year(datetime(2026-01-01))', 1],
    ['week_of_year(datetime(2027-01-01))', 53],
    ['translate("abc", "x", "cab")', 'xxx'],
    ['jaccard_index(dynamic([1,2,3]), dynamic([2,3,4]))', '0.5'],
    ['unixtime_nanoseconds_todatetime(1546300800000000123)', '2019-01-01T00:00:00.0000001Z'],
  ];
  it.each(cases)('%s is %j', (expression, expected) => {
    expect(rows(`print one = 1 | project x = ${expression}`)[0]?.[0]).toEqual(expected);
  });
});

describe('union isfuzzy=true', () => {
  it('drops the legs whose table does not exist, before types are settled', () => {
    const legs = '(Events | project Who), (Nothing | project Who), (Other | project Who)';
    expect(names(`union isfuzzy=true ${legs}`)).toEqual(['Who:string']);
    expect(rows(`union isfuzzy=true ${legs} | where isnotempty(Who) | count`)).toEqual([[3]]);
    expect(rows('union isfuzzy=true (None1 | project Who), Other, (None2 | where Who has "x") | count')).toEqual([[1]]);
    expect(rows('Other | union isfuzzy=true (Nothing | project Who) | where isnotempty(Who) | project Who')).toEqual([
      ['bob admin'],
    ]);
  });

  it('is refused where none of its tables is there, and names each that it goes on without', () => {
    expect(failure('union isfuzzy=true None1, (None2 | where Who == "x") | count').message).toBe(
      'No table of this union is there: None1, None2.',
    );
    expect(failure("union isfuzzy=true (table('Nope')) | count").message).toBe(
      "No table of this union is there: table('Nope').",
    );
    const left: string[] = [];
    const query = "union isfuzzy=true (None1 | take 1), table('Nope'), Events | count";
    evaluate(query, [events, other], { now, leftOut: (table) => left.push(table) });
    expect(left).toEqual(['None1', "table('Nope')"]);
  });

  it('is a list after in, whose values are not those of the row around it', () => {
    const legs = '(Events | project Who), (Events | project Who)';
    expect(rows(`Events | where Who in (union ${legs}) | count`)).toEqual([[3]]);
    expect(
      rows('Events | where Who in (union isfuzzy=true (None1 | project Who), (Events | project Who)) | count'),
    ).toEqual([[3]]);
    expect(rows(`print one = 1 | project toscalar(union ${legs} | summarize count())`)).toEqual([[6]]);
  });

  it('keeps the places of what is wrong elsewhere in the query', () => {
    const found = failure('union isfuzzy=true Other, Nothing | where Nobody == 1').diagnostics[0];
    expect(found).toMatchObject({ line: 1, column: 43 });
  });
});

describe('mv-expand of a converted column', () => {
  const alerts = tableFromRows('Alerts', [{ Name: 'a', Entities: '[{"Type":"host"},{"Type":"ip"}]' }], {
    Name: 'string',
    Entities: 'string',
  });
  const ask = (query: string): Json[][] => logAnalyticsRows(evaluate(query, [alerts], { now }));

  it('takes the place of the column, as Microsoft documents it', () => {
    for (const conversion of ['todynamic', 'parse_json']) {
      expect(ask(`Alerts | mv-expand ${conversion}(Entities) | project Type = tostring(Entities.Type)`)).toEqual([
        ['host'],
        ['ip'],
      ]);
    }
    expect(ask('Alerts | mv-expand E = todynamic(Entities) | project tostring(E.Type), strlen(Entities)')).toEqual([
      ['host', 31],
      ['ip', 31],
    ]);
    expect(ask('Alerts | mv-apply todynamic(Entities) on (where Entities.Type == "ip") | project Name')).toEqual([
      ['a'],
    ]);
  });
});

describe('ipv4_is_in_any_range', () => {
  it('takes texts and dynamic arrays, as in the documentation’s examples', () => {
    // learn.microsoft.com/kusto/query/ipv4-is-in-any-range-function, read 2026-11-29.
    expect(
      rows(
        'print ipv4_is_in_any_range("192.168.1.6", "192.168.1.1/24", "10.0.0.1/8", "127.1.0.1/16"), ipv4_is_in_any_range("127.0.0.1", dynamic(["127.0.0.1", "192.168.1.1"])), ipv4_is_in_any_range("10.0.0.1", dynamic(["192.168.1.1/24"]))',
      ),
    ).toEqual([[true, true, false]]);
    expect(rows('print ipv4_is_in_any_range("10.0.0.1", dynamic(["x"]))')).toEqual([[null]]);
  });
});

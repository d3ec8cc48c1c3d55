import { describe, expect, it } from 'vitest';
import { exactJson } from '../../src/arm/exact-json.ts';
import { logAnalyticsRows } from '../../src/kql/cells.ts';
import { evaluate } from '../../src/kql/evaluate.ts';
import { ClusterQueryFailed, commandRows, readAnswer } from '../../src/kusto/answer.ts';

/*
 * The forms are those of "Query V2 HTTP response" (learn.microsoft.com/kusto/api/rest/response-v2, 2024-08-11), of "Partial
 * query failures" (2024-08-11) and "Query limits" (2026-03-30), and of the answers that Microsoft's client is tested with
 * (Azure/azure-kusto-node, packages/azure-kusto-data/test/data/response, commit 9f037fb of 2026-03-31).
 */
const result = (rows: string, columns = '{"ColumnName":"n","ColumnType":"long"}'): string =>
  `{"FrameType":"DataTable","TableId":1,"TableName":"PrimaryResult","TableKind":"PrimaryResult","Columns":[${columns}],"Rows":[${rows}]}`;
const end = (more = '"HasErrors":false,"Cancelled":false'): string => `{"FrameType":"DataSetCompletion",${more}}`;
const failedWith = (message: string): string =>
  `{"error":{"code":"LimitsExceeded","message":"Request is invalid and cannot be executed.","@type":"Kusto.Data.Exceptions.KustoServicePartialQueryFailureLimitsExceededException","@message":"${message}","@permanent":false}}`;
const read = (...frames: string[]) =>
  readAnswer(exactJson(`[{"FrameType":"DataSetHeader","IsProgressive":false,"Version":"v2.0"},${frames.join(',')}]`));

describe('an answer of a cluster', () => {
  it('keeps every digit of a long, and dynamic cells as their JSON', () => {
    const answer = read(
      result(
        '[9007199254740993,{"a":[1]},null,"x"]',
        '{"ColumnName":"n","ColumnType":"long"},{"ColumnName":"d","ColumnType":"dynamic"},{"ColumnName":"t","ColumnType":"datetime"},{"ColumnName":"s","ColumnType":"string"}',
      ),
      end(),
    );
    expect(answer.rows).toEqual([['9007199254740993', '{"a":[1]}', null, 'x']]);
    expect(answer.columns.map(({ name, type }) => `${name}:${type}`)).toEqual([
      'n:long',
      'd:dynamic',
      't:datetime',
      's:string',
    ]);
    expect(answer).toMatchObject({ partial: '', others: 0 });
  });

  // As the service and its clients' tests write them, and as cordon's own evaluation shows the same value.
  it.each([
    ['timespan', 'timespan(1.01:02:03.004)', ['"1.01:02:03.004"', '"1.01:02:03.0040000"']],
    ['timespan', '-1h', ['"-01:00:00"', '"-01:00:00.0000000"']],
    ['datetime', 'datetime(2016-06-06T15:35:00Z)', ['"2016-06-06T15:35:00Z"', '"2016-06-06T15:35:00.0000000Z"']],
    [
      'datetime',
      'datetime(2018-05-01T09:32:38.916566Z)',
      ['"2018-05-01T09:32:38.916566Z"', '"2018-05-01T09:32:38.9165660Z"'],
    ],
    [
      'dynamic',
      'dynamic({"a":9007199254740993,"b":[1.5,null]})',
      ['{"a":9007199254740993,"b":[1.5,null]}', '"{\\"a\\":9007199254740993,\\"b\\":[1.5,null]}"'],
    ],
    ['dynamic', 'dynamic([])', ['[]', '"[]"']],
    ['dynamic', 'dynamic({})', ['{}', '"{}"']],
    ['dynamic', 'dynamic(null)', ['null']],
    ['dynamic', 'dynamic(1)', ['1', '"1"']],
    ['dynamic', 'dynamic("x")', ['"x"']],
    ['bool', 'true', ['true', '1']],
    ['bool', 'bool(null)', ['null']],
    ['long', 'long(9007199254740992)', ['9007199254740992']],
    ['real', '1e22', ['1E+22', '10000000000000000000000']],
    ['real', 'real(nan)', ['"NaN"']],
    ['real', 'real(-inf)', ['"-Infinity"']],
    ['string', '""', ['""']],
  ] as const)('has a %s as evaluation here shows it: %s', (type, expression, wires) => {
    const here = evaluate(`print v = ${expression}`, [], { now: new Date(0) });
    expect(here.columns).toMatchObject([{ type }]);
    const [[own] = []] = logAnalyticsRows(here);
    for (const wire of wires) {
      const [[cell] = []] = read(result(`[${wire}]`, `{"ColumnName":"v","ColumnType":"${type}"}`), end()).rows;
      expect(type === 'long' ? Number(cell) : cell).toEqual(own);
    }
  });

  it('is partial where it was cut at a limit of its size, wherever that is said', () => {
    const cut = failedWith(
      'Query result set has exceeded the internal record count limit 500000 (E_QUERY_RESULT_SET_TOO_LARGE).',
    );
    for (const answer of [
      read(result('[1],[2]'), end(`"HasErrors":true,"Cancelled":false,"OneApiErrors":[${cut}]`)),
      read(result(`[1],[2],{"OneApiErrors":[${cut}]}`), end()),
    ]) {
      expect(answer.rows).toEqual([[1], [2]]);
      expect(answer.partial).toContain('internal record count limit 500000');
    }
  });

  it.each([
    [
      'that ran out of memory',
      `"HasErrors":true,"Cancelled":false,"OneApiErrors":[${failedWith('Runaway query (E_RUNAWAY_QUERY).')}]`,
      'E_RUNAWAY_QUERY',
    ],
    ['with an error that has no words', '"HasErrors":true,"Cancelled":false', 'gave no reason'],
    ['that was cancelled', '"HasErrors":false,"Cancelled":true', 'cancelled'],
  ])('has no rows of a query %s', (_, completion, because) => {
    expect(() => read(result('[1]'), end(completion))).toThrow(because);
    expect(() => read(result('[1]'), end(completion))).toThrow(ClusterQueryFailed);
  });

  it('does not take a limit of size beside another error for a part of the rows', () => {
    const errors = [failedWith('E_QUERY_RESULT_SET_TOO_LARGE'), failedWith('E_RUNAWAY_QUERY')].join(',');
    expect(() => read(result('[1]'), end(`"HasErrors":true,"OneApiErrors":[${errors}]`))).toThrow('E_RUNAWAY_QUERY');
  });

  it.each([
    ['without its last frame', [result('[1]')]],
    ['without a result', [end()]],
    ['in fragments', ['{"FrameType":"TableHeader","TableId":1}', end()]],
  ])('is none %s', (_, frames) => {
    expect(() => read(...frames)).toThrow(ClusterQueryFailed);
    expect(() => readAnswer({ Tables: [] })).toThrow(ClusterQueryFailed);
  });

  it('counts the results of a query that has several', () => {
    expect(read(result('[1]'), result('[2]'), end())).toMatchObject({ rows: [[1]], others: 1 });
  });

  it('is rows by name where it answers a command', () => {
    const rows = {
      Tables: [
        {
          TableName: 'Table_0',
          Columns: [{ ColumnName: 'constructor', DataType: 'String', ColumnType: 'string' }],
          Rows: [['a']],
        },
      ],
    };
    expect(commandRows(rows)).toEqual([{ constructor: 'a' }]);
    expect(commandRows(null)).toEqual([]);
  });
});

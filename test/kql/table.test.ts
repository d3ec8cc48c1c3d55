import { describe, expect, it } from 'vitest';
import { logAnalyticsRows, resourceGraphObjects } from '../../src/kql/cells.ts';
import { tableFromRows } from '../../src/kql/table.ts';

describe('tables from rows', () => {
  it('take declared types first, and infer the others', () => {
    const table = tableFromRows(
      'T',
      [
        { b: 'x', n: 1, when: '2026-11-23T02:14:09.1234567Z', mixed: 1, real: 1, tags: { a: [1] } },
        { n: 2.5, mixed: 'x', real: 1.5, flag: true },
      ],
      { n: 'int', absent: 'string' },
    );
    expect(table.columns).toEqual([
      { name: 'n', type: 'int' },
      { name: 'absent', type: 'string' },
      { name: 'b', type: 'string' },
      { name: 'when', type: 'datetime' },
      { name: 'mixed', type: 'dynamic' },
      { name: 'real', type: 'real' },
      { name: 'tags', type: 'dynamic' },
      { name: 'flag', type: 'bool' },
    ]);
    expect(logAnalyticsRows(table)).toEqual([
      [1, '', 'x', '2026-11-23T02:14:09.1234567Z', '1', 1, '{"a":[1]}', null],
      [null, '', '', null, 'x', 1.5, null, true],
    ]);
  });

  it('give null for what the declared type cannot hold, and never a null string', () => {
    const table = tableFromRows('T', [{ i: 2 ** 31, d: 'no date', s: null, g: 'x', t: 'x', l: 'x', b: 'maybe' }], {
      i: 'int',
      d: 'datetime',
      s: 'string',
      g: 'guid',
      t: 'timespan',
      l: 'long',
      b: 'bool',
    });
    expect(logAnalyticsRows(table)).toEqual([[null, null, '', null, null, null, null]]);
  });

  it('print cells as each service does', () => {
    const rows = [{ t: '1.02:00:00', d: { __proto__x: 1, list: ['a'] }, r: Number.NaN, at: new Date(0) }];
    const table = tableFromRows('T', rows, { t: 'timespan', d: 'dynamic', r: 'real', at: 'datetime' });
    expect(logAnalyticsRows(table)[0]).toEqual([
      '1.02:00:00',
      '{"__proto__x":1,"list":["a"]}',
      'NaN',
      '1970-01-01T00:00:00Z',
    ]);
    expect(resourceGraphObjects(table)[0]).toEqual({
      t: '1.02:00:00',
      d: { __proto__x: 1, list: ['a'] },
      r: 'NaN',
      at: '1970-01-01T00:00:00Z',
    });
  });

  it('carry a key called __proto__ as data', () => {
    const tags: unknown = JSON.parse('{"__proto__":{"polluted":true}}');
    const table = tableFromRows('T', [{ tags }], { tags: 'dynamic' });
    expect(logAnalyticsRows(table)[0]).toEqual(['{"__proto__":{"polluted":true}}']);
    expect(JSON.stringify(resourceGraphObjects(table))).toBe('[{"tags":{"__proto__":{"polluted":true}}}]');
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });
});

import { describe, expect, it } from 'vitest';
import { type EvaluateOptions, evaluate } from '../../src/kql/evaluate.ts';
import { keptAnalyses } from '../../src/kql/language.ts';
import { tableFromRows } from '../../src/kql/table.ts';

const options: EvaluateOptions = { now: new Date('2026-11-23T02:20:11Z') };
const hours = [1, 2, 3, 4].map((hour) => ({ At: `2026-11-23T0${hour}:00:00Z`, N: hour }));
const table = tableFromRows('T', hours, { At: 'datetime', N: 'long' });
const rows = (query: string) => evaluate(query, [table], options).data;
const bounds = (from: string, until: string) => `let from = datetime(${from});\nlet until = datetime(${until});\n`;
const between = 'T | where At >= from and At < until | summarize make_list(N)';

describe('a query that is asked again with other times', () => {
  it('gets the rows of its own times', () => {
    const first = bounds('2026-11-23T01:30:00.000Z', '2026-11-23T03:30:00.000Z');
    const second = bounds('2026-11-23T02:30:00.000Z', '2026-11-23T09:00:00.250Z');
    expect(rows(first + between)).toEqual([[[2, 3]]]);
    expect(rows(second + between)).toEqual([[[3, 4]]]);
    expect(rows(`${second}print until - from`)).toEqual([[234_002_500_000]]);
  });

  it('is analysed once', () => {
    const analysed = () => [...keptAnalyses().values()].reduce((sum, { analyses }) => sum + analyses.size, 0);
    const query = `${between} // once`;
    rows(bounds('2026-11-23T01:30:00.000Z', '2026-11-23T03:30:00.000Z') + query);
    const before = analysed();
    rows(bounds('2026-11-23T01:30:00.001Z', '2026-11-23T03:30:00.001Z') + query);
    expect(analysed()).toBe(before);
  });

  it('keeps a time that is within a text, or in a function', () => {
    const line = 'let from = datetime(2026-11-23T01:30:00.000Z);';
    expect(rows(`print \`\`\`a\n${line}\nb\`\`\``)).toEqual([[`a\n${line}\nb`]]);
    expect(rows(`let f = () {\n${line}\nfrom + 1h };\nprint tostring(f())`)).toEqual([
      ['2026-11-23T02:30:00.0000000Z'],
    ]);
  });

  it('keeps times that look like those that stand for others', () => {
    const query = `${bounds('2026-11-23T01:30:00.000Z', '2026-11-23T03:30:00.000Z')}print from > datetime(0001-01-01T00:00:00.000Z)`;
    expect(rows(query)).toEqual([[true]]);
  });

  it('is refused with its own words and places', () => {
    const query = `${bounds('2026-11-23T01:30:00.000Z', '2026-11-23T03:30:00.000Z')}T | where nothing > from`;
    expect(() => rows(query)).toThrow(expect.objectContaining({ line: 3, token: 'nothing' }));
    const wrong = `${bounds('2026-11-23T01:30:00.000Z', '2026-11-23T03:30:00.000Z')}T | take from`;
    const said = (() => {
      try {
        return String(rows(wrong));
      } catch (error) {
        return JSON.stringify(error);
      }
    })();
    expect(said).not.toContain('0001-01-01');
    expect(() => rows(bounds('2026-13-45T01:30:00.000Z', '2026-11-23T03:30:00.000Z') + between)).toThrow();
  });
});

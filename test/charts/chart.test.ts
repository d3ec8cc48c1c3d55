import { describe, expect, it } from 'vitest';
import { chartOf, isDrawn } from '../../src/charts/chart.ts';
import { chartSvg } from '../../src/charts/chart-svg.ts';
import { chartText } from '../../src/charts/chart-text.ts';
import { shortNumber, ticks } from '../../src/charts/ticks.ts';

const at = (minute: number) => `2026-11-23T02:${String(minute).padStart(2, '0')}:00.0000000Z`;
const columns = [
  { name: 'TimeGenerated', type: 'datetime' },
  { name: 'Computer', type: 'string' },
  { name: 'Failures', type: 'long' },
];
const timechart = { kind: 'timechart' };

describe('the chart of a result', () => {
  it('takes the time for x, the numbers for y, and a text to tell the series apart', () => {
    const chart = chartOf(
      columns,
      [
        [at(2), 'web01', 5],
        [at(1), 'web01', 3],
        [at(1), 'web02', null],
      ],
      timechart,
    );
    expect(chart).toMatchObject({ form: 'lines', axis: 'time', xTitle: 'TimeGenerated', yMin: 0, yMax: 5 });
    expect(chart.series).toEqual([
      {
        name: 'web01',
        points: [
          { x: Date.parse(at(1)), y: 3 },
          { x: Date.parse(at(2)), y: 5 },
        ],
      },
      { name: 'web02', points: [{ x: Date.parse(at(1)), y: null }] },
    ]);
  });

  it('takes the columns that render names', () => {
    const wish = {
      kind: 'timechart',
      xColumn: 'TimeGenerated',
      yColumns: ['Failures'],
      series: [],
      yMin: -5,
      yMax: 50,
    };
    const chart = chartOf(columns, [[at(1), 'web01', 3]], wish);
    expect(chart.series.map(({ name }) => name)).toEqual(['Failures']);
    expect([chart.yMin, chart.yMax]).toEqual([-5, 50]);
    expect(() => chartOf(columns, [], { kind: 'timechart', yColumns: ['Nothing'] })).toThrow(/column Nothing/);
    expect(() => chartOf(columns.slice(0, 2), [], timechart)).toThrow(/column of numbers/);
  });

  it('reads the arrays of make-series, with what is missing in them', () => {
    const series = [
      { name: 'Failures', type: 'dynamic' },
      { name: 'TimeGenerated', type: 'dynamic' },
    ];
    const times = JSON.stringify([at(1), at(2), at(3)]);
    const chart = chartOf(series, [['[1,null,4]', times]], { kind: 'timechart', xColumn: 'TimeGenerated' });
    expect(chart.axis).toBe('time');
    expect(chart.series[0]?.points.map(({ y }) => y)).toEqual([1, null, 4]);
  });

  it('has a bar for each label, in the order of the rows', () => {
    const chart = chartOf(
      columns.slice(1),
      [
        ['web02', 7],
        ['web01', 9],
      ],
      { kind: 'barchart' },
    );
    expect(chart).toMatchObject({ form: 'bars', axis: 'label', labels: ['web02', 'web01'] });
  });

  it('says what it leaves out', () => {
    const many = Array.from({ length: 70 }, (_, i) => [at(1), `vm${i}`, i]);
    expect(chartOf(columns, many, timechart).notShown).toEqual(['10 series not drawn: beyond the first 60']);
    expect(chartOf(columns, [['no time', 'web01', 1]], timechart).notShown[0]).toContain('without a place on the axis');
    expect(isDrawn('treemap')).toBe(false);
  });
});

describe('a chart in a terminal', () => {
  it('draws no value as a blank, the lowest as a dot, and the least of all higher than that', () => {
    const rows = [at(0), at(1), at(2), at(3)].map((time, i) => [time, 'web01', [100, null, 0, 0.01][i]]);
    const lines = chartText(chartOf(columns, rows, timechart), 72);
    const bottom = lines.find((line) => /^ +0 │/.test(line)) ?? '';
    const body = bottom.slice(bottom.indexOf('│') + 1);
    expect(body.replaceAll(/(.)\1+/g, '$1')).toBe('█ ·▁');
    expect(lines[0]).toBe('web01: at most 100, 3 points, 1 without a value');
    expect(chartText(chartOf(columns, [[at(0), 'web01', 5]], timechart), 72)[0]).toBe('web01: at most 5, 1 point');
    expect(lines.join('\n')).toContain('2026-11-23T02:00:00.000Z to 2026-11-23T02:03:00.000Z');
  });

  it('gives each series a panel of one scale, within the width', () => {
    const rows = ['a', 'b', 'c'].flatMap((name, i) => [
      [at(1), name, i + 1],
      [at(9), name, 10],
    ]);
    for (const width of [40, 80, 200]) {
      const lines = chartText(chartOf(columns, rows, timechart), width);
      expect(lines.filter((line) => /^[abc]: at most 10/.test(line))).toHaveLength(3);
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
      expect(lines.length).toBeLessThan(24);
    }
  });

  it('draws bars with their values, and the shares of a pie', () => {
    const rows = [
      ['admin', 30],
      ['root', 10],
      ['none', null],
      ['zero', 0],
    ];
    const lines = chartText(chartOf(columns.slice(1), rows, { kind: 'piechart', title: 'Accounts' }), 60);
    expect(lines[0]).toBe('Accounts');
    expect(lines[1]).toMatch(/^admin {2}█+ 30 75\.0 %$/);
    expect(lines[3]).toBe('none   no value');
    expect(lines[4]).toBe('zero    0 0.0 %');
  });

  it('shows nothing that would drive a terminal', () => {
    const lines = chartText(chartOf(columns.slice(1), [['\u001b[2Jx\u202e', 1]], { kind: 'barchart' }), 60);
    expect(lines.join('')).not.toMatch(/[\u001b\u202e]/);
  });
});

describe('a chart as SVG', () => {
  const svg = (name: string) =>
    chartSvg(
      chartOf(
        columns,
        [
          [at(1), name, 1],
          [at(2), name, null],
          [at(3), name, 2],
        ],
        { ...timechart, title: name },
      ),
    );

  it('escapes what names bring', () => {
    const text = svg('<script>alert("1")</script>\u0000&');
    expect(text).not.toContain('<script');
    expect(text).toContain('&lt;script&gt;');
    expect(text).not.toMatch(/\u0000/);
  });

  it('keeps a gap where a value is missing', () => {
    expect(svg('web01').match(/<circle/g)).toHaveLength(2);
    expect(svg('web01')).not.toContain('<polyline');
  });
});

describe('marks of an axis', () => {
  it('are round', () => {
    expect(ticks('number', 0, 97, 5)).toEqual([0, 20, 40, 60, 80]);
    expect(
      ticks('time', Date.parse('2026-11-23T02:07:00Z'), Date.parse('2026-11-23T05:00:00Z'), 4).map((t) =>
        new Date(t).toISOString().slice(11, 16),
      ),
    ).toEqual(['03:00', '04:00', '05:00']);
    expect(ticks('number', 0, Number.POSITIVE_INFINITY, 5)).toEqual([0]);
    expect([1e15, -1.2e301].map(shortNumber)).toEqual(['1e15', '-1.2e301']);
    expect([1200, 12_345, 2_500_000, 0.25, -3].map(shortNumber)).toEqual(['1200', '12.3k', '2.5M', '0.25', '-3']);
  });
});

import { describe, expect, it } from 'vitest';
import { visualizationOf } from '../../src/kql/visualization.ts';

describe('what render asks for', () => {
  it.each([
    ['T | render timechart', { kind: 'timechart' }],
    ['T | summarize count() by a | render BarChart'.replace('BarChart', 'barchart'), { kind: 'barchart' }],
    [
      'T | render timechart with (title=\'A b\', xcolumn=t, ycolumns=n, m, series=c, ymin=-1, ymax=5.5, ytitle="y")',
      {
        kind: 'timechart',
        title: 'A b',
        xColumn: 't',
        yColumns: ['n', 'm'],
        series: ['c'],
        yMin: -1,
        yMax: 5.5,
        yTitle: 'y',
      },
    ],
    [
      'let x = 1; T | where a == x | render columnchart with (kind=stacked)',
      { kind: 'columnchart', layout: 'stacked' },
    ],
  ])('%s', (query, wanted) => {
    expect(visualizationOf(query)).toEqual(wanted);
  });

  it('nothing, without it', () => {
    expect(visualizationOf('T | where a == "render timechart"')).toBeUndefined();
    expect(visualizationOf('T | count')).toBeUndefined();
  });
});

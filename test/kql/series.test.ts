import { describe, expect, it } from 'vitest';
import { type Json, logAnalyticsRows } from '../../src/kql/cells.ts';
import { evaluate } from '../../src/kql/evaluate.ts';

const run = (query: string): Json[] => logAnalyticsRows(evaluate(query, [], { now: new Date(0) }))[0] ?? [];
const names = (query: string): string[] => evaluate(query, [], { now: new Date(0) }).columns.map((c) => c.name);
const numbers = (cell: Json | undefined): number[] => JSON.parse(String(cell));

describe('series', () => {
  it('fits a line as the page of series_fit_line() does', () => {
    const [rsquare, slope, variance, rvariance, interception, fit] = run(
      `print y=dynamic([2, 5, 6, 8, 11, 15, 17, 18, 25, 26, 30, 30])
       | extend (RSquare, Slope, Variance, RVariance, Interception, LineFit)=series_fit_line(y) | project-away y`,
    );
    expect([rsquare, slope, variance, rvariance, interception].map((n) => Math.trunc(Number(n) * 1000) / 1000)).toEqual(
      [0.982, 2.73, 98.628, 1.686, -1.666],
    );
    const printed = [1.064, 3.7945, 6.526, 9.256, 11.987, 14.718, 17.449, 20.18, 22.91, 25.641, 28.371, 31.102];
    for (const [i, n] of numbers(fit).entries()) expect(n).toBeCloseTo(printed[i] ?? 0, 2);
  });

  it('scores outliers as the service did for a published question', () => {
    const [scores] = run('print series_outliers(dynamic([-3, 2.4, 15, 3.9, 5, 6, 4.5, 5.2, 3, 4, 5, 16, 7, 5, 5, 4]))');
    const answer = [-1.9040785483608571, -0.10021466044004519, 1.3361954725339347];
    expect(numbers(scores).slice(0, 3)).toEqual(answer.map((n) => expect.closeTo(n, 12)));
    expect(numbers(scores)[11]).toBeCloseTo(1.6702443406674186, 12);
    expect(numbers(scores).filter((n) => n !== 0)).toHaveLength(4);
  });

  it('decomposes by a period that is given, and flags what is left', () => {
    const [flag, score, baseline] = run(
      `print y=dynamic([1,5,9,1,5,9,1,50,9,1,5,9,2,5,9])
       | extend (flag, score, baseline)=series_decompose_anomalies(y, 1.5, 3, 'none') | project flag, score, baseline`,
    );
    expect(numbers(baseline)).toEqual([1, 5, 9, 1, 5, 9, 1, 5, 9, 1, 5, 9, 1, 5, 9]);
    expect(numbers(flag)).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0].map((n, i) => (i === 12 ? 1 : n)));
    expect(numbers(score)[7]).toBeGreaterThan(numbers(score)[12] ?? 0);
  });

  it('takes series that are too long to be the arguments of a call', () => {
    const long = 'range(1, 200000)';
    expect(run(`print s=series_stats_dynamic(${long}) | project s.min, s.max_idx`)).toEqual(['1', '199999']);
    expect(
      run(`print y=${long} | extend (f, s, b)=series_decompose_anomalies(y, 1.5, 0, 'linefit')
           | project array_length(b), array_sum(f)`),
    ).toEqual([200_000, 0]);
  });

  it('names the columns of a function that makes several as the analyser does', () => {
    expect(names('print x=dynamic([1,2]) | extend (a,b)=series_stats(x), c=3')).toEqual([
      'x',
      'a',
      'b',
      'series_stats_x_max',
      'series_stats_x_max_idx',
      'series_stats_x_avg',
      'series_stats_x_stdev',
      'series_stats_x_variance',
      'c',
    ]);
  });

  it.each([
    [
      'print y=dynamic([1,9,1,9,1,9,1,9,1,9,1,9]) | extend (f,s,b)=series_decompose_anomalies(y)',
      /looks for the period/,
    ],
    ['print y=dynamic([0,0,0,0,0,0,0,0,0,0,0,0,9]) | extend (f,s,b)=series_decompose_anomalies(y,1.5,0)', /are equal/],
    ['print y=dynamic([1,null,3]) | extend (f,s,b)=series_decompose_anomalies(y)', /gaps/],
    ['print y=dynamic([3,3]) | extend (r,s)=series_fit_line(y)', /constant series/],
    ['print x=tostring(series_stats(dynamic([1])))', /several columns|string|expected/i],
  ])('refuses what it cannot know: %s', (query, reason) => {
    expect(() => run(query)).toThrow(reason);
  });

  it('finds no period where there can be none, and so decomposes', () => {
    const [flag] = run('print y=dynamic([1,2,1,30]) | extend (f,s,b)=series_decompose_anomalies(y) | project f');
    expect(numbers(flag)).toHaveLength(4);
  });
});

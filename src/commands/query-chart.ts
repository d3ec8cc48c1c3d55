import { type Chart, chartOf, isDrawn } from '../charts/chart.ts';
import type { QueryDocument } from '../documents/query.ts';
import { Failure } from '../failure.ts';

/** The chart that the query's `render` asks for. Throws Failure where it asks for none, or for one that is not drawn. */
export function chartFor({ columns, rows, visualization }: QueryDocument): Chart {
  if (visualization === undefined)
    throw new Failure('a chart needs a query that ends in render, such as | render timechart');
  if (!isDrawn(visualization.kind)) throw new Failure(`render ${visualization.kind} is not drawn; its rows are`);
  try {
    return chartOf(columns, rows, visualization);
  } catch (error) {
    throw new Failure(`render ${visualization.kind}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

import { activity } from './activity.ts';
import { diagnostic } from './diagnostic.ts';
import { entraCsv } from './entra-csv.ts';
import type { ExportShape, Fields, ShapeName } from './export-shape.ts';
import { graph } from './graph.ts';

export const shapes: Record<ShapeName, ExportShape> = { 'entra-csv': entraCsv, graph, diagnostic, activity };

/** Shapes of JSON that are known by their first record. */
const byRecord: readonly ShapeName[] = ['diagnostic', 'activity', 'graph'];

/** The shape of a file by its first record, and the table of that record. */
export function shapeOf(record: Fields, path: string, csv: boolean): { shape: ShapeName; table: string } | undefined {
  for (const shape of csv ? (['entra-csv'] as const) : byRecord) {
    const table = shapes[shape].tableOf(record, path);
    if (table !== undefined) return { shape, table };
  }
  return undefined;
}

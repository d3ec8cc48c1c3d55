import { activity } from './activity.ts';
import { diagnostic } from './diagnostic.ts';
import { entraCsv } from './entra-csv.ts';
import type { ExportShape, Fields, ShapeName } from './export-shape.ts';
import { flowLog } from './flow-log.ts';
import { graph } from './graph.ts';
import { activityCsv, entraAuditCsv } from './portal-csv.ts';

export const shapes: Record<ShapeName, ExportShape> = {
  'entra-csv': entraCsv,
  'entra-audit-csv': entraAuditCsv,
  'activity-csv': activityCsv,
  graph,
  diagnostic,
  activity,
  'flow-log': flowLog,
};

/** Shapes of JSON that are known by their first record. */
const byRecord: readonly ShapeName[] = ['flow-log', 'diagnostic', 'activity', 'graph'];
const byHeader: readonly ShapeName[] = ['entra-csv', 'entra-audit-csv', 'activity-csv'];

/** The shape of a file by its first record, and the table of that record. */
export function shapeOf(record: Fields, path: string, csv: boolean): { shape: ShapeName; table: string } | undefined {
  for (const shape of csv ? byHeader : byRecord) {
    const table = shapes[shape].tableOf(record, path);
    if (table !== undefined) return { shape, table };
  }
  return undefined;
}

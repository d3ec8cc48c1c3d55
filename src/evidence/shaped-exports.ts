import { columnsOf } from '../kql/table-schemas.ts';
import type { ColumnType } from '../kql/types.ts';
import { counted } from '../text/counts.ts';
import { EvidenceError } from './evidence-error.ts';
import { exportRecords } from './export-records.ts';
import { cellOf, commonType, typeOfValue } from './guessed-type.ts';
import { misfitNote } from './misfit-note.ts';
import { unitOf } from './record-rows.ts';
import { rowsIn, type ShapeName } from './shapes/export-shape.ts';
import { shapes } from './shapes/shapes.ts';
import type { Progress, Source } from './source.ts';

const mostColumns = 2000;

/** An export whose records are made into rows of a table; `table` is that of its first record. */
export interface ShapedExport {
  path: string;
  format: 'csv' | 'json' | 'jsonl';
  table: string;
  shape: ShapeName;
  /** Damage is remarked on, and the rest is read. */
  lenient: boolean;
}

/** The rows of an export that has another shape than its table. */
export function shapedSource({ path, format, table, shape, lenient }: ShapedExport): Source {
  const how = shapes[shape];
  let strangers = 0;
  const remarks = new Set<string>();
  /** Rows of the table; records of other tables are counted. */
  const rows = async function* (read: Progress): AsyncGenerator<{ line: number; row: Map<string, unknown> }> {
    strangers = 0;
    for await (const record of exportRecords(path, format, read, (remark) => remarks.add(remark))) {
      const { line, fields } = record;
      if (fields === undefined)
        throw new EvidenceError(path, record.because, { line, ...(format === 'json' ? { unit: 'element' } : {}) });
      const own = how.tableOf(fields, path);
      if (own !== table) strangers += 1;
      else for (const row of rowsIn(how, fields, table)) yield { line, row };
    }
  };
  const known: Record<string, ColumnType> = columnsOf(table);
  return {
    file: path,
    describe: async (read) => {
      const guessed = new Map<string, ColumnType | undefined>();
      try {
        for await (const { row } of rows(read)) {
          for (const [name, value] of row) {
            if (Object.hasOwn(known, name) || name.length > 1024 || guessed.size > mostColumns) continue;
            guessed.set(name, commonType(guessed.get(name), typeOfValue(value)));
          }
        }
      } catch (error) {
        // The reading of its rows fails at the same place, and reports it.
        if (!lenient || !(error instanceof EvidenceError)) throw error;
      }
      const columns = new Map<string, ColumnType>(Object.entries(known));
      for (const [name, type] of guessed) columns.set(name, type ?? 'string');
      return new Map([[table, columns]]);
    },
    read: async (builders, read) => {
      const builder = builders.get(table);
      if (!builder) return [];
      const misfits = new Map<string, { count: number; line: number; type: ColumnType }>();
      for await (const { line, row } of rows(read)) {
        const full = builder.add(path, ({ name, type }) => {
          const value = row.get(name);
          const cell = cellOf(value, type);
          if (cell === null && value !== null && value !== undefined && value !== '') {
            const misfit = misfits.get(name) ?? { count: 0, line, type };
            misfit.count += 1;
            misfits.set(name, misfit);
          }
          return cell;
        });
        if (full) await full;
      }
      return [
        ...remarks,
        ...[...misfits].map(([name, { count, line, type }]) =>
          misfitNote(path, { count, column: name, type, place: `${unitOf(format)} ${line}` }),
        ),
        ...(strangers > 0 ? [`${path}: ${counted(strangers, 'record')} of other kinds than ${table} left out`] : []),
      ];
    },
  };
}

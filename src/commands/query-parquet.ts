import { parquetWriteBuffer, schemaFromColumnData } from 'hyparquet-writer';
import type { QueryDocument } from '../documents/query.ts';

type Override = NonNullable<Parameters<typeof schemaFromColumnData>[0]['schemaOverrides']>[string];

/** The times that nanoseconds since 1970 in 64 bits can hold. */
const FIRST = '1677-09-22';
const LAST = '2262-04-11';

const nanoseconds = (cell: string): bigint => {
  const digits = (/\.(\d{1,9})/.exec(cell)?.[1] ?? '').padEnd(9, '0');
  return BigInt(Date.parse(`${cell.slice(0, 19)}Z`)) * 1_000_000n + BigInt(digits);
};

const isText = (value: unknown): value is string => typeof value === 'string';

/** A column of the answer as Parquet keeps it: texts as UTF-8, numbers in their width, times with all their digits. */
function columnOf(name: string, type: string, cells: readonly unknown[], notes: string[]) {
  const some = (make: (cell: unknown) => unknown) => cells.map((c) => (c === null || c === undefined ? null : make(c)));
  const text = () => ({ name, data: some(String), type: 'STRING' as const, override: undefined });
  switch (type) {
    case 'bool':
      return { name, data: some(Boolean), type: 'BOOLEAN' as const, override: undefined };
    case 'int':
      return { name, data: some(Number), type: 'INT32' as const, override: undefined };
    case 'long':
      return { name, data: some((c) => BigInt(String(c))), type: 'INT64' as const, override: undefined };
    case 'real':
      return { name, data: some(Number), type: 'DOUBLE' as const, override: undefined };
    case 'datetime': {
      const times = cells.filter(isText);
      if (times.some((t) => t.slice(0, 10) < FIRST || t.slice(0, 10) >= LAST)) {
        notes.push(`${name} is written as text: it has times before ${FIRST} or after ${LAST}`);
        return text();
      }
      const override: Override = {
        name,
        type: 'INT64',
        repetition_type: 'OPTIONAL',
        logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'NANOS' },
      };
      return { name, data: some((c) => nanoseconds(String(c))), type: 'INT64' as const, override };
    }
    default:
      return text();
  }
}

/** An answer as a Parquet file. Decimals, timespans, guids and dynamics are texts as the answer prints them. */
export function parquetOf({ columns, rows }: QueryDocument, notes: string[]): Uint8Array {
  const all = columns.map(({ name, type }, i) =>
    columnOf(
      name,
      type,
      rows.map((row) => row[i]),
      notes,
    ),
  );
  const columnData = all.map(({ override, type, ...column }) => (override ? column : { ...column, type }));
  const schemaOverrides = Object.fromEntries(all.flatMap(({ name, override }) => (override ? [[name, override]] : [])));
  const schema = schemaFromColumnData({ columnData, schemaOverrides });
  return new Uint8Array(
    parquetWriteBuffer({
      columnData: columnData.map(({ name, data }) => ({ name, data })),
      schema,
      createdBy: 'cordon',
    }),
  );
}

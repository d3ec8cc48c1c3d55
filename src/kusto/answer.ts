import { printedCell } from '../arm/exact-json.ts';
import { at, isObject, listAt, textAt } from '../arm/json.ts';
import { causeIn } from '../azure/client/azure-error.ts';
import { parseTimespan, printTimespan } from '../kql/times.ts';
import { printable } from '../text/printable.ts';

type Cell = string | number | boolean | null;

/** What a cluster answered to a query. */
export interface ClusterAnswer {
  columns: { name: string; type: string }[];
  rows: Cell[][];
  /** Further results, of `fork` and of several statements, which are not in `rows`. */
  others: number;
  /** Why the rows are not all; "" where they are. */
  partial: string;
}

/** A query failed after the cluster had begun to answer: what it had given by then is no answer. */
export class ClusterQueryFailed extends Error {
  override readonly name = 'ClusterQueryFailed';
}

/** "Query result set has exceeded the internal … limit" (learn.microsoft.com/kusto/concepts/query-limits, 2026-03-30). */
const truncated = /E_QUERY_RESULT_SET_TOO_LARGE|80DA0003/i;

/** What one of OneApiErrors says: `@message` says more than `message`, which is the same for all. */
export function saidBy(error: unknown): string {
  const inner = isObject(at(error, 'innererror')) ? saidBy(at(error, 'innererror')) : '';
  return printable(inner || textAt(error, '@message') || causeIn(error), 1000);
}

const errorsIn = (frame: unknown): unknown[] => listAt(frame, 'OneApiErrors').map((one) => at(one, 'error') ?? one);

/**
 * A cell in the form in which cordon prints values of its type, so that an answer is the same here and there. A cluster leaves out
 * zeros of a fraction or not, and has dynamics as JSON or as its text (packages/azure-kusto-data/test/data/response/v2.ts and
 * src/models.ts of Azure/azure-kusto-node, commit 9f037fb).
 */
function cellOf(cell: unknown, type: string): Cell {
  if (cell === null || cell === undefined) return null;
  switch (type) {
    case 'timespan': {
      const ticks = parseTimespan(String(cell));
      return ticks === null ? printedCell(cell) : printTimespan(ticks);
    }
    case 'datetime':
      return typeof cell === 'string'
        ? cell.replace(/\.(\d*?)0*Z$/, (_, f: string) => (f ? `.${f}Z` : 'Z'))
        : printedCell(cell);
    case 'dynamic':
      return typeof cell === 'string' ? cell : JSON.stringify(cell);
    case 'bool':
      return typeof cell === 'number' ? cell !== 0 : printedCell(cell);
    case 'real': {
      // A real of many digits is none of the whole numbers that are kept as they were written.
      const number = typeof cell === 'object' ? Number(JSON.stringify(cell)) : cell;
      return printedCell(number);
    }
    default:
      return printedCell(cell);
  }
}

/**
 * Reads an answer of the second version: frames in a list ("Query V2 HTTP response", learn.microsoft.com/kusto/api/rest/response-v2,
 * 2024-08-11). Errors come in the last frame, and also in the place of a row. An answer that was cut at a limit of its size
 * is partial; where anything else failed, the rows may be wrong ("Partial query failures", 2024-08-11), and it throws
 * ClusterQueryFailed, as it does where the last frame is missing.
 */
export function readAnswer(body: unknown): ClusterAnswer {
  const frames = Array.isArray(body) ? body.filter(isObject) : [];
  const completion = frames.find((frame) => frame.FrameType === 'DataSetCompletion');
  if (!completion) throw new ClusterQueryFailed('the answer has no end: it was cut on its way, or is not a cluster’s');
  if (frames.some((frame) => frame.FrameType === 'TableHeader'))
    throw new ClusterQueryFailed('the answer comes in fragments, which were not asked for');
  const results = frames.filter((frame) => frame.FrameType === 'DataTable' && frame.TableKind === 'PrimaryResult');
  const listed = results.map((table) => listAt(table, 'Rows'));
  const inRows = listed
    .flat()
    .filter((row) => !Array.isArray(row))
    .flatMap(errorsIn);
  const errors = [...errorsIn(completion), ...inRows];
  const said = errors.map((error) => saidBy(error)).filter((text) => text !== '');
  const failed = completion.HasErrors === true || errors.length > 0;
  if (completion.Cancelled === true) throw new ClusterQueryFailed('the query was cancelled');
  const told = [...new Set(said)].join('; ') || 'the cluster gave no reason';
  if (failed && !(errors.length > 0 && errors.every((error) => truncated.test(JSON.stringify(error)))))
    throw new ClusterQueryFailed(told);
  if (results.length === 0) throw new ClusterQueryFailed('the answer has no result');
  const columns = listAt(results[0], 'Columns').map((column) => ({
    name: textAt(column, 'ColumnName'),
    type: textAt(column, 'ColumnType') || 'dynamic',
  }));
  return {
    columns,
    rows: (listed[0] ?? [])
      .filter(Array.isArray)
      .map((row: unknown[]) => row.map((cell, i) => cellOf(cell, columns[i]?.type ?? ''))),
    others: results.length - 1,
    partial: failed ? told : '',
  };
}

/** The rows of a management command, by the names of their columns ("Query/management HTTP response", 2024-08-11). */
export function commandRows(body: unknown): Record<string, Cell>[] {
  const [table] = listAt(body, 'Tables');
  const names = listAt(table, 'Columns').map((column) => textAt(column, 'ColumnName'));
  return listAt(table, 'Rows').map((row) => {
    const cells: unknown[] = Array.isArray(row) ? row : [];
    return Object.fromEntries(names.map((name, i) => [name, printedCell(cells[i])]));
  });
}

import { resourceGraphObjects } from '../../kql/cells.ts';
import { evaluate } from '../../kql/evaluate.ts';
import { KqlError } from '../../kql/kqlerror.ts';
import type { Table } from '../../kql/table.ts';
import { type Json, record, records, text } from '../json.ts';

const defaultTop = 10;
const mostFacets = 20;

/** A facet's query: the rows of the main query, filtered, counted by an expression, and sorted (specification 2024-04-01, FacetRequest). */
function queryOf(source: string, { expression, options }: Json): string {
  const { filter, sortBy, sortOrder } = record(options);
  const filtered = text(filter) === undefined ? '' : `\n| where ${text(filter)}`;
  const order = text(sortOrder)?.toLowerCase() === 'asc' ? 'asc' : 'desc';
  return `${source}${filtered}\n| summarize ['count'] = count() by ${text(expression)}\n| order by ${text(sortBy) ?? "['count']"} ${order}`;
}

function facetOf(source: string, request: Json, tables: Iterable<Table>, now: Date): Json {
  const expression = text(request.expression) ?? '';
  const { $top: top } = record(request.options);
  try {
    const table = evaluate(queryOf(source, request), tables, { now, anyCase: true });
    const length = Math.min(table.length, typeof top === 'number' && top >= 1 && top <= 1000 ? top : defaultTop);
    const data = resourceGraphObjects({ ...table, data: table.data.map((column) => column.slice(0, length)), length });
    return { expression, resultType: 'FacetResult', totalRecords: table.length, count: length, data };
  } catch (error) {
    if (!(error instanceof KqlError)) throw error;
    return { expression, resultType: 'FacetError', errors: [{ code: 'InvalidFacet', message: error.message }] };
  }
}

/** The facets that a request asks for, over what its query finds. */
export function facetsOf(source: string, requests: unknown, tables: Iterable<Table>, now: Date): Json[] {
  return records(requests)
    .slice(0, mostFacets)
    .map((request) => facetOf(source, request, tables, now));
}

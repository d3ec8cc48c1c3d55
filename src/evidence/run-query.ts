import { type Json, logAnalyticsCell } from '../kql/cells.ts';
import { evaluateFrame } from '../kql/evaluate.ts';
import { type Frame, reader } from '../kql/frame.ts';
import { KqlError } from '../kql/kqlerror.ts';
import { neededColumns, possibleValues } from '../kql/needed.ts';
import type { Column } from '../kql/types.ts';
import { type Visualization, visualizationOf } from '../kql/visualization.ts';
import type { EvidenceDigest } from './evidence-digest.ts';
import type { EvidenceFile } from './evidence-files.ts';
import { loadTables, type QueryProgress } from './load-tables.ts';

export interface QueryRequest {
  query: string;
  files: readonly EvidenceFile[];
  /** The value of now(), in milliseconds since 1970. */
  now: number;
  /** Rows of the result that are wanted; `total` still shows how many there are. */
  limit: number;
}

export interface QueryResult {
  columns: Column[];
  /** Cells as Log Analytics prints them; a long beyond 2^53 is text, so that it keeps its digits. */
  rows: Json[][];
  total: number;
  /** The tables that were read, with the rows that the query can depend on. */
  tables: { name: string; rows: number }[];
  /** The files that were read, each once, with their digests. */
  files: EvidenceDigest[];
  /** What the query's `render` asks for. */
  visualization: Visualization | undefined;
  /** Remarks on the evidence, one line each. */
  notes: string[];
}

/** The unknown tables of a query, with the known ones: a table that was not exported is not a table without rows. */
function withTables<T>(work: () => T, tables: readonly string[]): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof KqlError)) throw error;
    const have = `The evidence has ${tables.length === 0 ? 'no table' : tables.join(', ')}.`;
    const diagnostics = error.diagnostics.map((d) =>
      d.code === 'KS204' ? { ...d, message: `${d.message} ${have}` } : d,
    );
    throw new KqlError(error.kind, diagnostics[0]?.message ?? error.message, diagnostics);
  }
}

/** The columns of a result and its first rows, as Log Analytics prints them. */
function shownRows({ names, vectors, length }: Frame, limit: number): Pick<QueryResult, 'columns' | 'rows'> {
  const columns = names.map((name, i): Column => ({ name, type: vectors[i]?.type ?? 'dynamic' }));
  const readers = vectors.map(reader);
  const rows = Array.from({ length: Math.min(length, limit) }, (_, row) =>
    columns.map(({ type }, i) => {
      const value = readers[i]?.(row) ?? null;
      return typeof value === 'bigint' && type === 'long' ? value.toString() : logAnalyticsCell(value, type);
    }),
  );
  return { columns, rows };
}

/** Loads what the query needs of the files, and evaluates it. Throws KqlError and EvidenceError. */
export async function runQuery(
  request: QueryRequest,
  onProgress: (progress: QueryProgress) => void,
): Promise<QueryResult> {
  const { files, query } = request;
  const {
    tables,
    read,
    files: digests,
    notes,
  } = await loadTables(
    files,
    (schemas) => {
      const plan = () => ({
        needed: neededColumns(query, schemas),
        eventIds: possibleValues(query, schemas, 'EventID'),
      });
      return withTables(
        plan,
        schemas.map(({ name }) => name),
      );
    },
    onProgress,
  );
  if (/\bingestion_time\s*\(/.test(query)) {
    notes.push('ingestion_time() is TimeGenerated here: an export does not keep when a row was ingested');
  }
  const result = evaluateFrame(query, tables, { now: new Date(request.now) });
  return {
    ...shownRows(result, request.limit),
    total: result.length,
    visualization: visualizationOf(query),
    tables: read,
    files: digests,
    notes,
  };
}

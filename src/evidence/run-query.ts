import { type Json, logAnalyticsCell } from '../kql/cells.ts';
import { evaluateFirst } from '../kql/evaluate.ts';
import { type Frame, reader } from '../kql/frame.ts';
import { PLACES } from '../kql/functions/places.ts';
import { KqlError } from '../kql/kqlerror.ts';
import { askedMembers } from '../kql/members.ts';
import { neededColumns, possibleValues } from '../kql/needed.ts';
import { remarksOn } from '../kql/remarks.ts';
import { NO_IMPLEMENTATION } from '../kql/scope.ts';
import type { Column } from '../kql/types.ts';
import { type Visualization, visualizationOf } from '../kql/visualization.ts';
import { listed } from '../text/counts.ts';
import type { EvidenceDigest } from './evidence-digest.ts';
import type { EvidenceFile } from './evidence-files.ts';
import { EvidenceTables, type TableSchema } from './evidence-tables.ts';
import { defaultMemory, Memory } from './memory.ts';
import { withNearest } from './nearest-name.ts';
import { type QueryProgress, Reading } from './reading.ts';
import type { Tuning } from './sources-of.ts';

export interface QueryRequest extends Tuning {
  query: string;
  files: readonly EvidenceFile[];
  /** The value of now(), in milliseconds since 1970. */
  now: number;
  /** Rows of the result that are wanted; `total` still shows how many there are. */
  limit: number;
  /** Bytes of memory that it may take; default: a quarter of the machine's. */
  memory?: number | undefined;
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

/** Evaluates a query over files, of which it reads what it needs. Throws KqlError and EvidenceError. */
export async function runQuery(
  request: QueryRequest,
  onProgress: (progress: QueryProgress) => void,
): Promise<QueryResult> {
  const reading = new Reading(request.files, onProgress, request.memory ?? defaultMemory());
  try {
    await reading.begin();
    return await readAnswer(request, reading);
  } finally {
    reading.close();
  }
}

async function readAnswer(request: QueryRequest, reading: Reading): Promise<QueryResult> {
  for (;;) {
    const evidence = new EvidenceTables(reading, request);
    const memory = new Memory(request.memory ?? defaultMemory());
    try {
      await evidence.describe();
      const leftOut = new Set<string>();
      const answer = await answered(request, evidence, memory, (table) => leftOut.add(table));
      const files = await reading.end();
      const notes = [...evidence.notes(), ...memory.notes(), ...reading.notes, ...remarksOn(request.query)];
      if (leftOut.size > 0)
        notes.push(`the evidence has no ${listed([...leftOut])}: the union is without it, as isfuzzy asks`);
      if (evidence.read().some(({ name }) => name === PLACES))
        notes.push(`${PLACES}() is what the file of that name says, and not what the service knew`);
      return { ...answer, tables: evidence.read(), files, visualization: visualizationOf(request.query), notes };
    } catch (error) {
      if (reading.again(error)) continue;
      // A column of numbers may hold texts further on, and one may be there only further on.
      if (!(error instanceof KqlError) || !(await evidence.learn(error))) throw error;
    }
  }
}

async function answered(
  { query, limit, now }: QueryRequest,
  evidence: EvidenceTables,
  memory: Memory,
  leftOut: (table: string) => void,
): Promise<Pick<QueryResult, 'columns' | 'rows' | 'total'>> {
  const { schemas } = evidence;
  const plan = toldNames(
    () => ({
      needed: neededColumns(query, schemas),
      eventIds: possibleValues(query, schemas, 'EventID'),
      members: askedMembers(query, schemas),
    }),
    query,
    schemas,
  );
  const options = { now: new Date(now), hold: memory.hold, limit };
  refusesBefore(
    () => evaluateFirst(query, evidence.tables(false), { ...options, hold: () => {} }),
    ({ diagnostics }) => diagnostics.some(({ code }) => code === NO_IMPLEMENTATION),
  );
  await evidence.prepare(plan);
  refusesBefore(
    () => evaluateFirst(query, evidence.tables(false), { ...options, hold: ahead(memory) }),
    ({ kind }) => kind === 'limit',
  );
  const { frame, total } = evaluateFirst(query, evidence.tables(true), { ...options, leftOut });
  evidence.complete();
  return { ...shownRows(frame), total };
}

/** An unknown name gets the nearest known one: a table that was not exported is not a table without rows. */
export function toldNames<T>(work: () => T, query: string, tables: readonly TableSchema[]): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof KqlError ? withNearest(error, query, tables) : error;
  }
}

/**
 * Over tables without rows, which are as large as those with: what would take too much, or is worked out for no rows, is
 * refused before they are read.
 */
function refusesBefore(work: () => void, refuses: (error: KqlError) => boolean): void {
  try {
    work();
  } catch (error) {
    // Whatever else is wrong without rows may be right with them.
    if (error instanceof KqlError && refuses(error)) throw error;
  }
}

const ahead =
  (memory: Memory): Memory['hold'] =>
  ({ about, by }) =>
    memory.hold({ by, ...(about === undefined ? {} : { about }) });

/** The columns of a result and its rows, as Log Analytics prints them. */
function shownRows({ names, vectors, length }: Frame): Pick<QueryResult, 'columns' | 'rows'> {
  const columns = names.map((name, i): Column => ({ name, type: vectors[i]?.type ?? 'dynamic' }));
  const readers = vectors.map(reader);
  const rows = Array.from({ length }, (_, row) =>
    columns.map(({ type }, i) => {
      const value = readers[i]?.(row) ?? null;
      return typeof value === 'bigint' && type === 'long' ? value.toString() : logAnalyticsCell(value, type);
    }),
  );
  return { columns, rows };
}

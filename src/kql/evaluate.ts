import { declare } from './calling.ts';
import { expression, tupleColumns } from './expressions.ts';
import type { FoldedTexts } from './folded-texts.ts';
import { type Frame, tableOf } from './frame.ts';
import { withoutMissingLegs } from './fuzzy-legs.ts';
import { areNamed, type TimedQuery, withoutTimes, withTimes } from './given-times.ts';
import { type Diagnostic, isSyntaxCode, KqlError, positionOf } from './kqlerror.ts';
import { type Analysis, analyseText, child, list, nodeClass, type Schema, schemaOf } from './language.ts';
import { firstTaken } from './operators/sort.ts';
import { type Edit, parseOverwrites } from './overwrites.ts';
import type { ReadTable } from './read-table.ts';
import { asAnalysed, UNKNOWN_FUNCTION, UNKNOWN_TABLE } from './readings.ts';
import { parserRefusal, refusalOf, unknownFunction } from './refused-names.ts';
import { type Hold, isStream, type Rows, whole } from './rows.ts';
import { scanIds } from './scan-ids.ts';
import { fail, NO_IMPLEMENTATION, type Run, SchemaFound, type Scope } from './scope.ts';
import { serviceTables } from './service-tables.ts';
import type { Table } from './table.ts';
import { rows, tabular } from './tabular.ts';
import { datetimeFromMilliseconds } from './times.ts';
import type { Column, ColumnType } from './types.ts';

export { type Diagnostic, KqlError } from './kqlerror.ts';
export type { Column, ColumnType } from './types.ts';

/** Tables, by their names or with them. */
export type Tables = ReadonlyMap<string, Table | ReadTable> | Iterable<Table | ReadTable>;

export interface EvaluateOptions {
  /** The value of now(). */
  now: Date;
  /** A result of more rows is refused with a KqlError of kind `limit`; default: no bound but the evaluator's own. */
  maxRows?: number;
  /** Read table and column names in any case, as Resource Graph does; Log Analytics does not. */
  anyCase?: boolean;
  /** Told of rows of tables that are read which must be kept in memory. */
  hold?: Hold;
  /** Rows of the result that are wanted; default: all. */
  limit?: number;
  /** Told of tables that are not there, and that `union isfuzzy=true` goes on without. */
  leftOut?: (table: string) => void;
  /** Texts in lower case, for several queries over the same tables. */
  folded?: FoldedTexts;
}

/** Evaluates a query over tables in memory, to a table; see `evaluateFrame`. */
export function evaluate(query: string, tables: Tables, options: EvaluateOptions): Table {
  return tableOf('PrimaryResult', evaluateFrame(query, tables, options));
}

/** Evaluates a query to a frame of all its rows; see `evaluateFirst`. */
export const evaluateFrame = (query: string, tables: Tables, options: EvaluateOptions): Frame =>
  evaluateFirst(query, tables, options).frame;

/**
 * Evaluates a query over tables in memory, or read as their rows are asked for. The result's columns are named and typed as
 * Microsoft's analyser says. Throws KqlError for a query that is wrong (`syntax`, `semantic`), that uses what is not known
 * here (`unsupported`), or that would take too much (`limit`); it never answers approximately. Of a result that need not be
 * in memory, `limit` rows are kept. The frame refers to the cells of the tables: a wide result of many rows takes memory
 * only where it is read.
 */
export function evaluateFirst(
  query: string,
  tables: Tables,
  options: EvaluateOptions,
): { frame: Frame; total: number } {
  const byName = tablesByName(tables);
  return guarded(() => {
    const timed = withoutTimes(query);
    if (timed.times.size === 0) return answer(timed, byName, options);
    try {
      return answer(timed, byName, options);
    } catch (error) {
      if (error instanceof TimesElsewhere) return answer({ text: query, times: new Map() }, byName, options);
      throw error instanceof KqlError ? timesAsWritten(error, timed) : error;
    }
  });
}

/** A time of the query is no `let` of its own. */
class TimesElsewhere extends Error {}

function timesAsWritten(error: KqlError, timed: TimedQuery): KqlError {
  const diagnostics = error.diagnostics.map((d) => ({
    ...d,
    message: withTimes(d.message, timed),
    token: withTimes(d.token, timed),
  }));
  return new KqlError(error.kind, withTimes(error.message, timed), diagnostics);
}

function answer(
  timed: TimedQuery,
  byName: ReadonlyMap<string, Table | ReadTable>,
  options: EvaluateOptions,
): { frame: Frame; total: number } {
  const insertions: Insertion[] = [];
  let { text } = timed;
  const leftOut = options.leftOut ?? (() => {});
  // Each try finds the columns of one more plugin whose columns depend on the data.
  for (let tries = 0; tries <= MAX_FOUND; tries++) {
    try {
      const schema = schemaOf(byName.values());
      let analysis = checked(text, schema, options.anyCase ?? false);
      if (!areNamed(analysis.syntax, timed)) throw new TimesElsewhere();
      text = analysis.text;
      const whole = withoutMissingLegs(text, analysis, leftOut);
      if (whole !== text) {
        text = whole;
        analysis = checked(text, schema, options.anyCase ?? false);
      }
      const edits = [...parseOverwrites(analysis), ...scanIds(text, analysis)];
      if (edits.length > 0) {
        for (const edit of edits.toSorted((a, b) => b.at - a.at)) text = insert(text, edit, insertions, false);
        analysis = checked(text, schema, options.anyCase ?? false);
      }
      const run: Run = {
        text,
        times: timed.times,
        now: datetimeFromMilliseconds(options.now.getTime()),
        tables: byName,
        expression,
        tabular,
        rows,
        hold: options.hold ?? (() => {}),
        once: new WeakMap(),
        folded: options.folded,
        leftOut,
        tuple: tupleColumns,
        depth: 0,
        found: new Set(insertions.filter((i) => i.found).map((i) => i.at)),
      };
      return result(analysis, run, options);
    } catch (error) {
      if (error instanceof SchemaFound) {
        text = insert(text, { at: error.at, text: error.clause }, insertions, true);
        continue;
      }
      throw error instanceof KqlError && insertions.length > 0 ? asWritten(error, timed.text, insertions) : error;
    }
  }
  throw new KqlError('limit', `The query has more than ${MAX_FOUND} plugins whose columns depend on the data.`, []);
}

/** A text that was inserted into the query: its place, its length, and whether it is a schema found in the data. */
interface Insertion {
  at: number;
  length: number;
  found: boolean;
}

/** The most plugins of one query whose columns are found in the data. */
const MAX_FOUND = 16;

function insert(text: string, { at, text: added }: Edit, insertions: Insertion[], found: boolean): string {
  for (const i of insertions) if (i.at >= at) i.at += added.length;
  insertions.push({ at, length: added.length, found });
  return text.slice(0, at) + added + text.slice(at);
}

/** The error with its places in the query as it was written, before anything was put in. */
function asWritten(error: KqlError, query: string, insertions: readonly Insertion[]): KqlError {
  const inOrder = insertions.toSorted((a, b) => a.at - b.at);
  const diagnostics = error.diagnostics.map((d): Diagnostic => {
    let start = d.start;
    for (const i of inOrder.toReversed()) if (i.at < start) start = Math.max(i.at, start - i.length);
    return { ...d, start, ...positionOf(query, start) };
  });
  return new KqlError(error.kind, error.message, diagnostics);
}

/** Checks a query against schemas without running it. Never throws for what is wrong with the query. */
export function analyse(
  query: string,
  schemas: Record<string, Record<string, ColumnType>>,
  options: { anyCase?: boolean } = {},
): { diagnostics: Diagnostic[]; columns: Column[] } {
  return guarded(() => {
    const tables = Object.entries(schemas).map(([name, columns]) => ({ name, columns: columnsFrom(columns) }));
    const { diagnostics, columns } = analyseText(query, schemaOf(tables), options.anyCase ?? false);
    return { diagnostics, columns };
  });
}

const columnLists = new WeakMap<Record<string, ColumnType>, Column[]>();

function columnsFrom(schema: Record<string, ColumnType>): Column[] {
  let columns = columnLists.get(schema);
  if (!columns) {
    columns = Object.entries(schema).map(([name, type]) => ({ name, type }));
    columnLists.set(schema, columns);
  }
  return columns;
}

function tablesByName(tables: Tables): ReadonlyMap<string, Table | ReadTable> {
  const listed: (Table | ReadTable)[] = [];
  for (const entry of tables) {
    if (Array.isArray(entry)) {
      const [name, table] = entry;
      listed.push(table.name === name ? table : { ...table, name });
    } else listed.push(entry);
  }
  return new Map(listed.map((t) => [t.name, t]));
}

/** Too deep a query exhausts the stack of Microsoft's recursive parser, or ours; that is a limit like others. */
function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof RangeError)
      throw new KqlError('limit', `The query is too deep or too large: ${error.message}`, []);
    throw error;
  }
}

/** The analyser's own bound on the depth of a query. */
const TOO_DEEP = 'KS245';

/** The analysis of a query without errors; throws KqlError with all of them. */
export function checked(query: string, schema: Schema, anyCase: boolean): Analysis {
  let text = serviceTables(query, new Set(schema.tables.keys()));
  let analysis = analyseText(text, schema, anyCase);
  let errors = errorsOf(analysis);
  const said = errors.length > 0 ? asAnalysed(text, errors, schema.tables) : text;
  if (said !== text) {
    text = said;
    analysis = analyseText(text, schema, anyCase);
    errors = errorsOf(analysis);
  }
  // Functions of a service are no fault of the query.
  for (const error of errors) {
    const { code, token } = error;
    const why =
      code === UNKNOWN_FUNCTION ? refusalOf(token) : code === UNKNOWN_TABLE ? parserRefusal(token) : undefined;
    if (why === undefined) continue;
    const message = `${token}: ${why}.`;
    throw new KqlError('unsupported', message, [{ ...error, code: NO_IMPLEMENTATION, message }]);
  }
  const [first] = errors;
  if (first) {
    const kind = first.code === TOO_DEEP ? 'limit' : isSyntaxCode(first.code) ? 'syntax' : 'semantic';
    const told = errors.map((e) => ({ ...e, message: messageOf(e) }));
    throw new KqlError(kind, told[0]?.message ?? '', told);
  }
  return analysis;
}

/** The analyser's words, with what to do where they do not say it. */
function messageOf({ code, message, token }: Diagnostic): string {
  if (code === UNKNOWN_FUNCTION) return `${message} ${unknownFunction(token)}`;
  // It says that a quote is missing at the end of the line, and then much that follows from that.
  return /^Missing: ["']$/.test(message) ? OPEN_TEXT : message;
}

const OPEN_TEXT =
  'A text is not closed on its line. Within quotes a line break is written \\n and a backslash \\\\ (or the text @"…"); a text of several lines stands between ``` and ```.';

const errorsOf = ({ diagnostics }: Analysis): Diagnostic[] => diagnostics.filter((d) => d.severity === 'error');

function result(analysis: Analysis, run: Run, { maxRows, limit }: EvaluateOptions): { frame: Frame; total: number } {
  let scope: Scope = { run, frame: undefined, names: new Map(), offset: 0 };
  let found: { frame: Frame; total: number } | undefined;
  for (const statement of list(child(analysis.syntax, 'Statements'))) {
    if (nodeClass(statement) !== 'ExpressionStatement') {
      scope = declare(statement, scope);
      continue;
    }
    if (found) return fail('unsupported', 'A second result is not supported by this evaluator.', statement, scope);
    found = first(rows(child(statement, 'Expression'), scope), limit, run.hold);
    if (maxRows !== undefined && found.total > maxRows) {
      return fail('limit', `The result has ${found.total} rows, more than the ${maxRows} asked for.`, statement, scope);
    }
  }
  if (!found) throw new KqlError('semantic', 'The query has no tabular expression.', []);
  return found;
}

/** The first rows of a result, and how many it has. */
function first(all: Rows, limit: number | undefined, hold: Hold): { frame: Frame; total: number } {
  if (limit === undefined) {
    const frame = whole(all, hold, 'The result');
    return { frame, total: frame.length };
  }
  const taken = firstTaken(limit);
  let total = 0;
  const take = (frame: Frame): void => {
    if (total < limit && isStream(all)) hold({ frame, by: 'The result' });
    taken.add(frame);
    total += frame.length;
  };
  if (!isStream(all)) take(all);
  else {
    take(all.empty);
    for (const piece of all.pieces()) take(piece);
  }
  return { frame: taken.result(), total };
}

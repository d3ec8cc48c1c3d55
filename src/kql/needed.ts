import { checked } from './evaluate.ts';
import { PLACES } from './functions/places.ts';
import {
  argumentsOf,
  calledBody,
  child,
  children,
  isTabular,
  list,
  type Node,
  nodeClass,
  nodeKind,
  optional,
  referencedSymbol,
  resultColumns,
  schemaOf,
  simpleName,
  sourceText,
} from './language.ts';
import { addressesOf, addressText, externalTableName } from './operators/external-data.ts';
import type { Column } from './types.ts';
import { beginsWithUnion, isValue } from './value-place.ts';

/** Operators and functions that read columns without naming them. */
const READS_ALL: ReadonlySet<string> = new Set(['SearchOperator', 'FindOperator', 'ReduceByOperator']);
const PACKS_ALL: ReadonlySet<string> = new Set([
  'pack_all',
  'pivot',
  'narrow',
  'autocluster',
  'basket',
  'diffpatterns',
  'buildschema',
]);

/** A column of a join or a union may be called after a column with a number or its type behind. */
const SUFFIX = /_?\d+$|_(?:bool|datetime|dynamic|guid|int|long|real|string|timespan|decimal)$/;

/**
 * What of some tables a query can depend on: every table it may read, with the columns whose cells may change the
 * answer. It names too many rather than too few; the others need not be loaded. Throws KqlError for a wrong query.
 */
export function neededColumns(
  query: string,
  tables: readonly { name: string; columns: readonly Column[] }[],
): Map<string, Set<string>> {
  const analysis = checked(query, schemaOf(tables), false);
  // Whatever is called like a column counts, at any place: also in texts, for column_ifexists() and table().
  const named = new Set(`${query} ${analysis.text}`.match(/[\p{L}_][\p{L}\p{N}_]*/gu) ?? []);
  const mention = (name: string): void => {
    named.add(name);
    for (let cut = name.replace(SUFFIX, ''); cut !== '' && !named.has(cut); cut = cut.replace(SUFFIX, ''))
      named.add(cut);
  };
  for (const name of [...named]) mention(name);
  for (const column of analysis.columns) mention(column.name);
  const found = { allColumns: false, allTables: false, patterns: new Set<RegExp>() };
  const seen = new Set<Node>();
  const whole = new Set<string>();
  const visit = (node: Node): void => {
    if (seen.has(node)) return;
    seen.add(node);
    const kind = nodeClass(node);
    if (READS_ALL.has(kind)) {
      found.allColumns = true;
      if (!optional(node, 'InClause')) found.allTables = true;
    }
    // The types of all columns are its answer.
    if (kind === 'GetSchemaOperator') found.allColumns = true;
    if (kind === 'StarExpression' && implicit(node)) found.allColumns = true;
    if (kind === 'NameReference' && simpleName(node).includes('*')) found.patterns.add(globOf(simpleName(node)));
    // Its columns may be found by their places.
    if (kind === 'ExternalDataExpression')
      for (const a of addressesOf(node)) whole.add(externalTableName(addressText(a)));
    if (kind === 'FunctionCallExpression') {
      const called = simpleName(child(node, 'Name'));
      if (called === 'ingestion_time') mention('TimeGenerated');
      if (called === PLACES) whole.add(PLACES);
      if (PACKS_ALL.has(called)) found.allColumns = true;
      if (called === 'table' && nodeClass(argumentsOf(node)[0] ?? node) !== 'LiteralExpression') found.allTables = true;
      const body = calledBody(node);
      if (body) visit(body);
    }
    // A table where a value is expected stands for its first column.
    if (isTabular(node) && isValue(node)) {
      // Of a union the analyser gives the columns of the row around it too.
      const ofUnion = beginsWithUnion(node);
      for (const column of ofUnion ? resultColumns(node) : resultColumns(node).slice(0, 1)) mention(column.name);
    }
    for (const next of children(node)) visit(next);
  };
  visit(analysis.syntax);

  // A name that is no plain word is in quotes, where no words are found.
  const mentioned = (name: string): boolean =>
    named.has(name) || (/[^\p{L}\p{N}_]/u.test(name) && query.includes(name));
  const needed = new Map<string, Set<string>>();
  for (const { name, columns } of tables) {
    const read = whole.has(name) || found.allTables || mentioned(name) || [...found.patterns].some((p) => p.test(name));
    if (!read) continue;
    const kept = found.allColumns || whole.has(name) ? columns : columns.filter((c) => mentioned(c.name));
    needed.set(name, new Set(kept.map((c) => c.name)));
  }
  return needed;
}

/**
 * The whole numbers that a column must hold for a row to get past the first filters of every pipe over these tables
 * (`SecurityEvent | where EventID == 4625 | …`); undefined when a pipe lets others through. Rows with another number can
 * be left out.
 */
export function possibleValues(
  query: string,
  tables: readonly { name: string; columns: readonly Column[] }[],
  column: string,
): ReadonlySet<number> | undefined {
  const analysis = checked(query, schemaOf(tables), false);
  const values = new Set<number>();
  let open = false;
  const visit = (node: Node): void => {
    if (open) return;
    const kind = nodeClass(node);
    if (READS_ALL.has(kind) || (kind === 'FunctionCallExpression' && simpleName(child(node, 'Name')) === 'table')) {
      open = true;
      return;
    }
    // A variable's own pipe is looked at where it is declared.
    if (kind === 'NameReference' && referencedSymbol(node)?.kind === 'TableSymbol') {
      const own = filteredTo(node, column);
      if (own) for (const value of own) values.add(value);
      else open = true;
    }
    if (kind === 'NameReference' && simpleName(node).includes('*')) open = true;
    for (const next of children(node)) visit(next);
  };
  visit(analysis.syntax);
  // Without a table that is named there is nothing to go by.
  return open || values.size === 0 ? undefined : values;
}

/** The numbers that the filters right after a source compare a column with; undefined when they do not. */
function filteredTo(source: Node, column: string): ReadonlySet<number> | undefined {
  let at = source;
  for (;;) {
    const parent = optional(at, 'Parent');
    if (!parent || nodeClass(parent) !== 'PipeExpression' || child(parent, 'Expression') !== at) return undefined;
    const operator = child(parent, 'Operator');
    if (nodeClass(operator) !== 'FilterOperator') return undefined;
    const found = comparedWith(child(operator, 'Condition'), column);
    if (found) return found;
    at = parent;
  }
}

function comparedWith(condition: Node, column: string): ReadonlySet<number> | undefined {
  switch (nodeKind(condition)) {
    case 'ParenthesizedExpression':
      return comparedWith(child(condition, 'Expression'), column);
    case 'AndExpression':
      return comparedWith(child(condition, 'Left'), column) ?? comparedWith(child(condition, 'Right'), column);
    case 'EqualExpression':
      return numbersIf(condition, [child(condition, 'Right')], column);
    case 'InExpression':
      return numbersIf(condition, list(child(child(condition, 'Right'), 'Expressions')), column);
    default:
      return undefined;
  }
}

function numbersIf(comparison: Node, values: readonly Node[], column: string): ReadonlySet<number> | undefined {
  const left = child(comparison, 'Left');
  if (nodeClass(left) !== 'NameReference' || simpleName(left) !== column) return undefined;
  const numbers = new Set<number>();
  for (const value of values) {
    if (nodeKind(value) !== 'LongLiteralExpression' || !/^\d{1,9}$/.test(sourceText(value))) return undefined;
    numbers.add(Number(sourceText(value)));
  }
  return numbers;
}

/** Whether a star stands for cells that are looked at, and not for columns that are only handed on. */
function implicit(star: Node): boolean {
  const parent = optional(star, 'Parent');
  if (!parent) return true;
  const kind = nodeClass(parent);
  if (kind === 'BinaryExpression') return true;
  // arg_max(x, *) hands on; distinct * and dcount(*) look.
  for (let at: Node | undefined = parent; at; at = optional(at, 'Parent')) {
    const above = nodeClass(at);
    if (above === 'DistinctOperator') return true;
    if (above === 'FunctionCallExpression') {
      return !/^(arg_max|arg_min|argmax|argmin|take_any|any|count)$/.test(simpleName(child(at, 'Name')));
    }
    if (/Operator$/.test(above)) return false;
  }
  return false;
}

const globOf = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .split('*')
      .map((part) => part.replace(/[\\^$.+?()[\]{}|]/g, '\\$&'))
      .join('.*')}$`,
    'u',
  );

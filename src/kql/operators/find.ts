import { convert } from '../call.ts';
import { type Frame, reader, type Vector, vectorOf } from '../frame.ts';
import {
  child,
  children,
  isTabular,
  list,
  type Node,
  nodeClass,
  optional,
  referencedSymbol,
  resultColumns,
  scalarType,
  simpleName,
} from '../language.ts';
import { isStream, type Rows } from '../rows.ts';
import { fail, refuse, type Scope, within } from '../scope.ts';
import type { Column } from '../types.ts';
import { type Bag, missing, toDynamic, type Value } from '../values.ts';
import { labelsOf, matching, sources } from './search.ts';
import { type Branch, gather, type Input, united } from './union.ts';

/**
 * find: the rows of several tables in which a predicate holds, with the columns that the predicate names or that all tables
 * have, or with those that it projects; the others in a bag, where the query has one
 * (https://learn.microsoft.com/kusto/query/find-operator, of 2025-01-20). A table that has none of the columns of the predicate
 * is left out.
 */
export function find(node: Node, input: Rows | undefined, outer: Scope): Rows {
  if (input) return refuse('A find behind a pipe', node, outer);
  const condition = child(node, 'Condition');
  const asked = columnsIn(condition);
  const inputs = sources(node, within(outer, undefined)).filter(
    ({ rows }) => asked === undefined || asked.some((name) => columnsOf(rows).names.includes(name)),
  );
  const [source, ...columns] = resultColumns(node);
  if (!source) return refuse('This find', node, outer);
  // `project-smart` is the same as none.
  const projected = list(optional(optional(node, 'Project') ?? node, 'Columns')).map(nodeClass);
  const wanted = projected.length > 0 ? projected : undefined;
  const isBag = columns.map((_, i) => (wanted ? wanted[i] === 'PackExpression' : isPack(columns, i, inputs)));
  for (const name of asked ?? []) oneType(name, inputs, condition, outer);
  columns.forEach(({ name }, i) => {
    if (!isBag[i] && wanted?.[i] !== 'TypedColumnReference') oneType(name, inputs, node, outer);
  });
  const names = new Set(columns.filter((_, i) => !isBag[i]).map((c) => c.name));
  return united(inputs, (parts): Frame => {
    const { found, length } = matching(condition, parts, false, outer);
    const vectors = columns.map((column, i): Vector => {
      const cells = isBag[i] ? bagsOf(found, names) : cellsOf(found, column, length);
      return vectorOf(column.type, cells);
    });
    return {
      names: [source.name, ...columns.map((c) => c.name)],
      vectors: [labelsOf(found), ...vectors],
      length,
      serialized: false,
    };
  });
}

const columnsOf = (rows: Rows): Frame => (isStream(rows) ? rows.empty : rows);

/** The columns that a predicate names; undefined where it asks of all. */
function columnsIn(condition: Node): string[] | undefined {
  const names: string[] = [];
  let all = false;
  const visit = (node: Node): void => {
    // A table within it has columns of its own.
    if (isTabular(node)) return;
    const kind = nodeClass(node);
    if (kind === 'StarExpression' || isTerm(node)) all = true;
    if (kind === 'NameReference' && referencedSymbol(node)?.kind === 'ColumnSymbol') names.push(simpleName(node));
    for (const next of children(node)) visit(next);
  };
  visit(condition);
  return all || names.length === 0 ? undefined : names;
}

/** A bare text in the place of a condition, which the analyser gives the type bool. */
const isTerm = (node: Node): boolean => scalarType(node) === 'bool' && typeof node.LiteralValue === 'string';

/** The analyser puts the bag of the other columns behind the columns. */
const isPack = (columns: readonly Column[], at: number, inputs: readonly Input[]): boolean =>
  at === columns.length - 1 &&
  columns[at]?.name === 'pack_' &&
  !inputs.some(({ rows }) => columnsOf(rows).names.includes('pack_'));

/** The analyser has one column of several types, the service one for each. */
function oneType(name: string, inputs: readonly Input[], node: Node, scope: Scope): void {
  const types = new Set<string>();
  for (const { rows } of inputs) {
    const { names, vectors } = columnsOf(rows);
    const vector = vectors[names.indexOf(name)];
    if (vector) types.add(vector.type);
  }
  if (types.size < 2) return;
  const message = `The tables of this find have '${name}' as ${[...types].join(' and ')}; ask each of the tables, or project another column, or this with its type: project ${name}:string.`;
  fail('unsupported', message, node, scope);
}

/** A column of all tables: where its type is another, the values are cast. */
function cellsOf(parts: readonly Branch[], column: Column, length: number): Value[] {
  const same = ({ names, vectors }: Frame): number => {
    const at = names.indexOf(column.name);
    return vectors[at]?.type === column.type ? at : -1;
  };
  if (parts.every(({ frame }) => same(frame) >= 0)) return gather(parts, column, same, length);
  const none = missing(column.type);
  return parts.flatMap(({ frame }) => {
    const vector = frame.vectors[frame.names.indexOf(column.name)];
    if (!vector) return new Array<Value>(frame.length).fill(none);
    const read = reader(vector);
    return Array.from({ length: frame.length }, (_, row) => convert(read(row), vector.type, column.type) ?? none);
  });
}

/** Of each row a bag of the columns that are not in the result by themselves. */
function bagsOf(parts: readonly Branch[], shown: ReadonlySet<string>): Value[] {
  return parts.flatMap(({ frame }) => {
    const others = frame.names.flatMap((name, i) => {
      const vector = frame.vectors[i];
      return vector && !shown.has(name) ? [{ name, type: vector.type, read: reader(vector) }] : [];
    });
    return Array.from({ length: frame.length }, (_, row): Value => {
      const bag: Bag = Object.create(null);
      for (const { name, type, read } of others) bag[name] = toDynamic(read(row), type);
      return bag;
    });
  });
}

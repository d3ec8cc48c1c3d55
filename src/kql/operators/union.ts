import { checkRows, type Frame, pick, reader, type Vector, vectorOf } from '../frame.ts';
import { missingOf } from '../fuzzy-legs.ts';
import { KqlError } from '../kqlerror.ts';
import {
  child,
  list,
  literalText,
  type Node,
  nodeClass,
  optional,
  parameters,
  referencedSymbol,
  resultColumns,
  simpleName,
} from '../language.ts';
import { rowsOf } from '../read-table.ts';
import { isStream, type Rows } from '../rows.ts';
import { type Binding, fail, NO_TABLE, refuse, type Scope, within } from '../scope.ts';
import type { Column } from '../types.ts';
import { isUnionOfValue } from '../value-place.ts';
import { missing, type Value } from '../values.ts';

/** One of several inputs, and what its rows are called. */
export interface Input {
  label: string;
  rows: Rows;
}

/** The same with its rows there. */
export interface Branch {
  label: string;
  frame: Frame;
}

/** What `make` makes of all inputs; of inputs that come in pieces, piece after piece, each beside the columns of the others. */
export function united(inputs: readonly Input[], make: (parts: readonly Branch[]) => Frame): Rows {
  const without = inputs.map(
    ({ label, rows }): Branch => ({ label, frame: isStream(rows) ? rows.empty : pick(rows, none) }),
  );
  if (!inputs.some(({ rows }) => isStream(rows))) {
    return make(inputs.flatMap(({ label, rows }) => (isStream(rows) ? [] : [{ label, frame: rows }])));
  }
  return {
    empty: make(without),
    *pieces() {
      for (const [i, { label, rows }] of inputs.entries())
        for (const frame of isStream(rows) ? rows.pieces() : [rows])
          if (frame.length > 0) yield make(without.with(i, { label, frame }));
    },
  };
}

const none = new Int32Array(0);

/** The tables one branch stands for: several for a wildcard, none for a missing table under isfuzzy. */
export function branches(node: Node, position: number, fuzzy: boolean, scope: Scope): Input[] {
  const inner = nodeClass(node) === 'ParenthesizedExpression' ? child(node, 'Expression') : node;
  const bare = nodeClass(inner) === 'NameReference';
  const name = bare ? simpleName(inner) : '';
  if (bare && name.includes('*')) {
    const pattern = new RegExp(
      `^${name
        .split('*')
        .map((p) => p.replace(/[\\^$.+?()[\]{}|]/g, '\\$&'))
        .join('.*')}$`,
    );
    const found: Input[] = [];
    for (const table of scope.run.tables.values()) {
      if (pattern.test(table.name)) found.push({ label: table.name, rows: rowsOf(table) });
    }
    return found;
  }
  const isTable = bare && referencedSymbol(inner)?.kind === 'TableSymbol' && !scope.names.has(name);
  if (fuzzy && bare && referencedSymbol(inner) === undefined && !scope.names.has(name)) return leftOut(inner, scope);
  const label = isTable || isView(scope.names.get(name)) ? name : (namedBy(inner) ?? `union_arg${position}`);
  try {
    return [{ label, rows: scope.run.rows(node, scope) }];
  } catch (error) {
    if (fuzzy && error instanceof KqlError && error.diagnostics[0]?.code === NO_TABLE) return leftOut(inner, scope);
    throw error;
  }
}

/** Leaves out a leg of a union, whose table is not there. */
function leftOut(node: Node, scope: Scope): Input[] {
  scope.run.leftOut(missingOf(node));
  return [];
}

/** Whether a name is declared as a view: `let Name = view () { … }`. Only those are inputs of their own. */
export const isView = (binding: Binding | undefined): boolean =>
  binding?.kind === 'function' && optional(binding.declaration, 'ViewKeyword') !== undefined;

/** The name that an `as` at the end of a pipe gives its rows. */
function namedBy(node: Node): string | undefined {
  const last = nodeClass(node) === 'PipeExpression' ? child(node, 'Operator') : undefined;
  return last && nodeClass(last) === 'AsOperator' ? simpleName(child(last, 'Name')) : undefined;
}

export function union(node: Node, input: Rows | undefined, inputLabel: string, outer: Scope): Rows {
  const scope = within(outer, undefined);
  const fuzzy = parameters(node).has('isfuzzy');
  const inputs: Input[] = input ? [{ label: inputLabel || 'union_arg0', rows: input }] : [];
  for (const [i, e] of list(optional(node, 'Expressions')).entries()) {
    inputs.push(...branches(e, i + (input ? 1 : 0), fuzzy, scope));
  }
  // "If no resolutions were successful, the query returns an error" (Microsoft Learn, "union operator": isfuzzy, read 2026-11-30).
  if (fuzzy && inputs.length === 0) {
    const legs = list(optional(node, 'Expressions')).map(missingOf);
    fail('semantic', `No table of this union is there: ${legs.join(', ')}.`, node, outer, NO_TABLE);
  }
  const ofValue = input === undefined && isUnionOfValue(node);
  return united(inputs, (parts) => unionOf(node, parts, ofValue, outer));
}

function unionOf(node: Node, parts: readonly Branch[], ofValue: boolean, outer: Scope): Frame {
  const options = parameters(node);
  const kind = options.get('kind');
  const intersect = kind !== undefined && literalText(kind) === 'inner';
  const fuzzy = options.has('isfuzzy');
  const sourceNode = options.get('withsource');
  const length = parts.reduce((sum, p) => sum + p.frame.length, 0);
  checkRows(length);
  const source = sourceNode ? simpleName(sourceNode) : undefined;
  const names: string[] = [];
  const vectors: Vector[] = [];
  const columns = resultColumns(node);
  const places = placesOf(
    parts,
    columns.filter((c) => c.name !== source),
  );
  for (const column of columns) {
    const place = places.get(column);
    if (!place) {
      const labels: Value[] = [];
      for (const part of parts) for (let r = 0; r < part.frame.length; r++) labels.push(part.label);
      vectors.push(vectorOf('string', labels));
    } else if (ofValue && parts.every((p) => place(p.frame) < 0)) continue;
    else if (!fuzzy && parts.length > 0 && parts.every((p) => place(p.frame) < 0)) {
      // A name that the split of a column by type makes may be another input's own; analyser and service differ then.
      refuse(`A union whose inputs make '${column.name}' twice`, node, outer);
    } else if (intersect && !parts.every((p) => place(p.frame) >= 0)) continue;
    else vectors.push(vectorOf(column.type, gather(parts, column, place, length)));
    names.push(column.name);
  }
  return { names, vectors, length, serialized: false };
}

/** The place of a column in a frame; -1 where it has none. */
type Place = (frame: Frame) => number;

/**
 * Where each column of a result is found in its parts: by name and type. Where parts give one name to several types, the
 * analyser splits the column by type under names of its own; they come in the order in which name and type are first met.
 */
export function placesOf(parts: readonly Branch[], columns: readonly Column[]): Map<Column, Place> {
  const met: Column[] = [];
  for (const { frame } of parts) {
    frame.names.forEach((name, i) => {
      const type = frame.vectors[i]?.type ?? 'dynamic';
      if (!met.some((m) => m.name === name && m.type === type)) met.push({ name, type });
    });
  }
  const inOrder =
    met.length === columns.length &&
    met.every((m, i) => {
      const column = columns[i];
      return column?.type === m.type && (column.name === m.name || column.name.startsWith(`${m.name}_`));
    });
  return new Map(
    columns.map((column, i): [Column, Place] => {
      const own = inOrder ? met[i] : undefined;
      return [
        column,
        (frame) =>
          frame.names.findIndex(
            (name, at) =>
              frame.vectors[at]?.type === column.type &&
              (own ? name === own.name : name === column.name || `${name}_${column.type}` === column.name),
          ),
      ];
    }),
  );
}

/** One column of the rows of all parts, in their order; missing where a part lacks it. */
export function gather(parts: readonly Branch[], column: Column, place: Place | undefined, length: number): Value[] {
  const values: Value[] = new Array(length);
  let at = 0;
  for (const { frame } of parts) {
    const vector = frame.vectors[place?.(frame) ?? -1];
    const read = vector ? reader(vector) : () => missing(column.type);
    for (let r = 0; r < frame.length; r++) values[at++] = read(r);
  }
  return values;
}

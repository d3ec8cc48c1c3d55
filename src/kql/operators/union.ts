import { checkRows, type Frame, frameOf, reader, type Vector, vectorOf } from '../frame.ts';
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
import { NO_TABLE, type Scope, within } from '../scope.ts';
import type { Column } from '../types.ts';
import { missing, type Value } from '../values.ts';

/** One of several inputs, and what its rows are called. */
export interface Branch {
  label: string;
  frame: Frame;
}

/** The tables one branch stands for: several for a wildcard, none for a missing table under isfuzzy. */
export function branches(node: Node, position: number, fuzzy: boolean, scope: Scope): Branch[] {
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
    const found: Branch[] = [];
    for (const table of scope.run.tables.values()) {
      if (pattern.test(table.name)) found.push({ label: table.name, frame: frameOf(table) });
    }
    return found;
  }
  const isTable = bare && referencedSymbol(inner)?.kind === 'TableSymbol' && !scope.names.has(name);
  if (fuzzy && bare && referencedSymbol(inner) === undefined && !scope.names.has(name)) return [];
  const label = isTable ? name : `union_arg${position}`;
  try {
    return [{ label, frame: scope.run.tabular(node, scope) }];
  } catch (error) {
    if (fuzzy && error instanceof KqlError && error.diagnostics[0]?.code === NO_TABLE) return [];
    throw error;
  }
}

export function union(node: Node, input: Frame | undefined, inputLabel: string, outer: Scope): Frame {
  const scope = within(outer, undefined);
  const options = parameters(node);
  const kind = options.get('kind');
  const intersect = kind !== undefined && literalText(kind) === 'inner';
  const fuzzy = options.has('isfuzzy');
  const sourceNode = options.get('withsource');
  const parts: Branch[] = input ? [{ label: inputLabel || 'union_arg0', frame: input }] : [];
  for (const [i, e] of list(optional(node, 'Expressions')).entries()) {
    parts.push(...branches(e, i + (input ? 1 : 0), fuzzy, scope));
  }
  const length = parts.reduce((sum, p) => sum + p.frame.length, 0);
  checkRows(length);
  const source = sourceNode ? simpleName(sourceNode) : undefined;
  const names: string[] = [];
  const vectors: Vector[] = [];
  for (const column of columnsOf(node, parts, intersect)) {
    if (column.name === source) {
      const labels: Value[] = [];
      for (const part of parts) for (let r = 0; r < part.frame.length; r++) labels.push(part.label);
      vectors.push(vectorOf('string', labels));
    } else {
      vectors.push(vectorOf(column.type, gather(parts, column, length)));
    }
    names.push(column.name);
  }
  return { names, vectors, length, serialized: false };
}

function columnsOf(node: Node, parts: readonly Branch[], intersect: boolean): Column[] {
  const columns = resultColumns(node);
  if (!intersect) return columns;
  const source = parameters(node).get('withsource');
  return columns.filter(
    (c) => (source && c.name === simpleName(source)) || parts.every((p) => positionIn(p.frame, c) >= 0),
  );
}

/** A column is found by name and type; where branches differ in type, the analyser splits it into name_type. */
function positionIn(frame: Frame, column: Column): number {
  return frame.names.findIndex((n, i) => {
    const type = frame.vectors[i]?.type;
    return type === column.type && (n === column.name || `${n}_${type}` === column.name);
  });
}

/** One column of the rows of all parts, in their order; missing where a part lacks it. */
export function gather(parts: readonly Branch[], column: Column, length: number): Value[] {
  const values: Value[] = new Array(length);
  let at = 0;
  for (const { frame } of parts) {
    const vector = frame.vectors[positionIn(frame, column)];
    const read = vector ? reader(vector) : () => missing(column.type);
    for (let r = 0; r < frame.length; r++) values[at++] = read(r);
  }
  return values;
}

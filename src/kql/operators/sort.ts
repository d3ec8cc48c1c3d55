import { type Frame, pick } from '../frame.ts';
import { child, list, type Node, nodeClass, optional, tokenText } from '../language.ts';
import { constantCount, type Expression, fail, type Scope, within } from '../scope.ts';
import { compareValues } from '../values.ts';

interface Key {
  value: Expression;
  ascending: boolean;
  nullsFirst: boolean;
}

/** Descending by default; null is the least value by default. */
function keyFrom(node: Node, scope: Scope): Key {
  const ordered = nodeClass(node) === 'OrderedExpression';
  const ordering = ordered ? optional(node, 'Ordering') : undefined;
  const value = scope.run.expression(ordered ? child(node, 'Expression') : node, scope);
  if (value.type === 'dynamic') fail('semantic', "order operator: key can't be of dynamic type.", node, scope);
  const ascending = ordering !== undefined && tokenText(ordering, 'AscOrDescKeyword').startsWith('asc');
  const nulls = ordering && optional(ordering, 'NullsClause');
  const place = nulls ? tokenText(nulls, 'FirstOrLastKeyword') : '';
  return { value, ascending, nullsFirst: place === 'first' || (place !== 'last' && ascending) };
}

/** The rows in order; equal ones keep the order they had. */
function order(frame: Frame, keys: readonly Key[]): Int32Array {
  const rows = Int32Array.from({ length: frame.length }, (_, i) => i);
  const columns = keys.map((k) => Array.from({ length: frame.length }, (_, i) => k.value.at(i)));
  return rows.sort((x, y) => {
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i];
      const a = columns[i]?.[x] ?? null;
      const b = columns[i]?.[y] ?? null;
      if (!key || a === b) continue;
      if (a === null || b === null) return (a === null) === key.nullsFirst ? -1 : 1;
      const by = compareValues(a, b);
      if (by !== 0) return key.ascending ? by : -by;
    }
    return x - y;
  });
}

export function sort(node: Node, input: Frame, outer: Scope): Frame {
  const scope = within(outer, input);
  const keys = list(optional(node, 'Expressions')).map((e) => keyFrom(e, scope));
  return pick(input, order(input, keys), true);
}

export function top(node: Node, input: Frame, outer: Scope): Frame {
  const scope = within(outer, input);
  const count = constantCount(child(node, 'Expression'), outer);
  const key = keyFrom(child(node, 'ByExpression'), scope);
  return pick(input, order(input, [key]).slice(0, count), true);
}

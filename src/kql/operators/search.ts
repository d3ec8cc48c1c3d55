import { toBool } from '../call.ts';
import { checkRows, type Frame, pick, type Vector, vectorOf } from '../frame.ts';
import { child, list, literalText, type Node, optional, parameters, resultColumns } from '../language.ts';
import { rowsOf } from '../read-table.ts';
import type { Rows } from '../rows.ts';
import { fail, refuse, type Scope, within } from '../scope.ts';
import type { Value } from '../values.ts';
import { type Branch, branches, gather, type Input, isView, placesOf, united } from './union.ts';

/** The column in which search names the table of each row. */
const SOURCE = '$table';

/**
 * search: the rows of one input, of the tables it names, or of every table, in which the predicate holds. A bare text in
 * the predicate stands for "any column has it"; a column that a table lacks is a missing cell there.
 */
export function search(node: Node, input: Rows | undefined, inputLabel: string, outer: Scope): Rows {
  const scope = within(outer, undefined);
  const inputs = input ? [{ label: inputLabel || 'search_arg0', rows: input }] : sources(node, scope);
  const kindNode = parameters(node).get('kind');
  const kind = kindNode ? literalText(kindNode) : 'default';
  if (!['default', 'case_insensitive', 'case_sensitive'].includes(kind)) {
    fail('semantic', `'${kind}' is no kind of search.`, kindNode ?? node, outer);
  }
  return united(inputs, (parts) => foundIn(node, parts, kind === 'case_sensitive', outer));
}

/** Of each table the rows in which a predicate holds, where a bare text stands for "any column has it". */
export function matching(
  condition: Node,
  parts: readonly Branch[],
  caseSensitive: boolean,
  outer: Scope,
): { found: Branch[]; length: number } {
  const found = parts.map(({ label, frame }): Branch => {
    const inner: Scope = { ...within(outer, frame), search: { caseSensitive } };
    const { at } = outer.run.expression(condition, inner);
    const rows = new Int32Array(frame.length);
    let kept = 0;
    for (let row = 0; row < frame.length; row++) if (toBool(at(row)) === true) rows[kept++] = row;
    return { label, frame: pick(frame, rows.slice(0, kept)) };
  });
  const length = found.reduce((sum, part) => sum + part.frame.length, 0);
  checkRows(length);
  return { found, length };
}

/** The name of the table of each row. */
export const labelsOf = (parts: readonly Branch[]): Vector =>
  vectorOf(
    'string',
    parts.flatMap(({ label, frame }) => new Array<Value>(frame.length).fill(label)),
  );

function foundIn(node: Node, parts: readonly Branch[], caseSensitive: boolean, outer: Scope): Frame {
  const { found, length } = matching(child(node, 'Condition'), parts, caseSensitive, outer);
  const columns = resultColumns(node);
  const places = placesOf(
    found,
    columns.filter((c) => c.name !== SOURCE),
  );
  const vectors = columns.map((column): Vector => {
    if (column.name === SOURCE) return labelsOf(found);
    return vectorOf(column.type, gather(found, column, places.get(column), length));
  });
  return { names: columns.map((c) => c.name), vectors, length, serialized: false };
}

/** The tables that a search or a find names, or all. */
export function sources(node: Node, scope: Scope): Input[] {
  const clause = optional(node, 'InClause');
  if (clause) return list(optional(clause, 'Expressions')).flatMap((e, i) => branches(e, i, false, scope));
  const views = [...scope.names].filter(([, binding]) => isView(binding));
  const [first] = views;
  if (first) refuse(`Looking through every table beside the view '${first[0]}'`, node, scope);
  return [...scope.run.tables.values()].map((table) => ({ label: table.name, rows: rowsOf(table) }));
}

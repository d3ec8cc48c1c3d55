import { convert } from '../call.ts';
import { checkRows, type Frame, vectorOf } from '../frame.ts';
import { child, list, type Node, optional, resultColumns, simpleName } from '../language.ts';
import { addLongs } from '../longs.ts';
import { constantOf, fail, refuse, type Scope, within } from '../scope.ts';
import { compareValues, isNumeric, type Value } from '../values.ts';
import { unnamed } from './summarize.ts';

export function datatable(node: Node, outer: Scope): Frame {
  const columns = resultColumns(node);
  const values = list(optional(node, 'Values'));
  if (columns.length === 0 || values.length % columns.length !== 0) {
    fail('semantic', 'The values of the datatable do not fill its rows.', node, outer);
  }
  const data: Value[][] = columns.map(() => []);
  values.forEach((v, i) => {
    const column = columns[i % columns.length];
    if (!column) return;
    if (column.type === 'decimal') refuse('The type decimal', v, outer);
    const { value, type } = constantOf(v, outer);
    const cell = column.type === type || column.type === 'dynamic' ? value : convert(value, type, column.type);
    data[i % columns.length]?.push(column.type === 'string' && cell === null ? '' : cell);
  });
  return {
    names: columns.map((c) => c.name),
    vectors: columns.map((c, i) => vectorOf(c.type, data[i] ?? [])),
    length: values.length / columns.length,
    serialized: false,
  };
}

export function print(node: Node, outer: Scope): Frame {
  const scope = within(outer, undefined);
  const vectors = list(optional(node, 'Expressions')).flatMap((e) => {
    const tuple = scope.run.tuple(unnamed(e), scope, 1);
    if (tuple) return tuple.vectors;
    const { type, at } = scope.run.expression(unnamed(e), scope);
    return [vectorOf(type, [at(0)])];
  });
  const names = resultColumns(node).map((c) => c.name);
  if (names.length !== vectors.length) return refuse('This print', node, scope);
  return { names, vectors, length: 1, serialized: true };
}

export function range(node: Node, outer: Scope): Frame {
  const from = constantOf(child(node, 'From'), outer);
  const to = constantOf(child(node, 'To'), outer);
  const step = constantOf(child(node, 'Step'), outer);
  const type = resultColumns(node)[0]?.type ?? from.type;
  const values: Value[] = [];
  const by = step.value;
  if (isNumeric(from.value) && isNumeric(to.value) && isNumeric(by)) {
    if (Number(by) === 0) fail('semantic', 'The step of a range must not be 0.', node, outer);
    const up = by > 0;
    const real = type === 'real';
    let at: number | bigint = from.value;
    for (let i = 1; up ? compareValues(at, to.value) <= 0 : compareValues(at, to.value) >= 0; i++) {
      checkRows(i);
      values.push(at);
      at = real ? Number(from.value) + i * Number(by) : addLongs(at, by);
    }
  }
  return {
    names: [simpleName(child(node, 'Name'))],
    vectors: [vectorOf(type, values)],
    length: values.length,
    serialized: true,
  };
}

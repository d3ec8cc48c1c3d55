import { child, type Node, nodeClass, optional } from './language.ts';

/** Whether an expression is where a value is expected: in a list after `in`, in toscalar(), an argument. */
export function isValue(node: Node): boolean {
  let parent = optional(node, 'Parent');
  while (parent && !/(?:Expression|Operator|Statement|Clause|Block)$/.test(nodeClass(parent)))
    parent = optional(parent, 'Parent');
  if (!parent) return false;
  const kind = nodeClass(parent);
  if (kind === 'ParenthesizedExpression' || kind === 'MaterializeExpression') return isValue(parent);
  return /^(?:In|HasAny|HasAll|ToScalar|FunctionCall|Binary|Between)Expression$/.test(kind);
}

/** Does a pipe begin with a union of its own? */
export function beginsWithUnion(node: Node): boolean {
  let source = node;
  while (/^(?:Parenthesized|Pipe)Expression$/.test(nodeClass(source))) source = child(source, 'Expression');
  return nodeClass(source) === 'UnionOperator';
}

/** Is it a union without an input, in a pipe that stands for a value? The analyser gives it the columns of the row around it too. */
export function isUnionOfValue(union: Node): boolean {
  let at = union;
  for (let up = optional(at, 'Parent'); up; up = optional(at, 'Parent')) {
    if (nodeClass(up) !== 'PipeExpression' && nodeClass(up) !== 'ParenthesizedExpression') break;
    // As the operator of a pipe it has an input.
    if (nodeClass(up) === 'PipeExpression' && child(up, 'Expression') !== at) return false;
    at = up;
  }
  return isValue(at);
}

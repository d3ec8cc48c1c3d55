import { checkRows, type Frame, pickVectors, type Reader, reader, type Vector } from '../frame.ts';
import {
  child,
  list,
  literalText,
  type Node,
  nodeClass,
  nodeKind,
  optional,
  parameters,
  resultColumns,
  simpleName,
} from '../language.ts';
import { fail, refuse, type Scope, within } from '../scope.ts';
import { keyOf } from '../values.ts';

interface Side {
  frame: Frame;
  keys: string[];
}

/** The pairs of key columns: `on A` and `on $left.A == $right.B`. */
function keyPairs(node: Node, scope: Scope): [string, string][] {
  if (nodeClass(node) !== 'JoinOnClause') return refuse('join … where', node, scope);
  return list(child(node, 'Expressions')).flatMap((e) => pairsOf(e, scope));
}

function pairsOf(node: Node, scope: Scope): [string, string][] {
  const kind = nodeClass(node);
  if (kind === 'ParenthesizedExpression') return pairsOf(child(node, 'Expression'), scope);
  if (kind === 'NameReference') return [[simpleName(node), simpleName(node)]];
  if (kind === 'BinaryExpression' && nodeKind(node) === 'AndExpression') {
    return [...pairsOf(child(node, 'Left'), scope), ...pairsOf(child(node, 'Right'), scope)];
  }
  if (kind !== 'BinaryExpression' || nodeKind(node) !== 'EqualExpression')
    return refuse('This join condition', node, scope);
  const sided = (side: Node): [string, string] =>
    nodeClass(side) === 'PathExpression'
      ? [simpleName(child(side, 'Expression')), simpleName(child(side, 'Selector'))]
      : refuse('This join condition', side, scope);
  const [a, nameA] = sided(child(node, 'Left'));
  const [b, nameB] = sided(child(node, 'Right'));
  if (a === '$left' && b === '$right') return [[nameA, nameB]];
  if (a === '$right' && b === '$left') return [[nameB, nameA]];
  return refuse('This join condition', node, scope);
}

/** Numbers the keys of both sides: equal keys, and null with null, get one number. */
function numberKeys(left: Side, right: Side, node: Node, scope: Scope): [Int32Array, Int32Array] {
  const leftIds = new Int32Array(left.frame.length);
  const rightIds = new Int32Array(right.frame.length);
  left.keys.forEach((leftName, k) => {
    const [l, r] = [keyVector(left, leftName, node, scope), keyVector(right, right.keys[k] ?? '', node, scope)];
    if (l.type !== r.type && !(isWhole(l) && isWhole(r))) {
      fail(
        'semantic',
        `The join keys '${leftName}' are of the types ${l.type} and ${r.type}. Please use an explicit cast.`,
        node,
        scope,
      );
    }
    const ids = new Map<unknown, number>();
    const pairs = new Map<number, number>();
    const extend = (into: Int32Array, read: Reader): void => {
      for (let row = 0; row < into.length; row++) {
        const key = keyOf(read(row));
        let id = ids.get(key);
        if (id === undefined) {
          id = ids.size;
          ids.set(key, id);
        }
        const pair = (into[row] ?? 0) * 16_777_216 + id;
        let combined = pairs.get(pair);
        if (combined === undefined) {
          combined = pairs.size;
          pairs.set(pair, combined);
        }
        into[row] = combined;
      }
    };
    extend(leftIds, reader(l));
    extend(rightIds, reader(r));
  });
  return [leftIds, rightIds];
}

const isWhole = (v: Vector): boolean => v.type === 'int' || v.type === 'long';

function keyVector(side: Side, name: string, node: Node, scope: Scope): Vector {
  const vector = side.frame.vectors[side.frame.names.indexOf(name)];
  if (!vector) return fail('semantic', `The join key '${name}' is not a column.`, node, scope);
  if (vector.type === 'dynamic')
    fail('semantic', `The join key '${name}' is of a 'dynamic' type. Please use an explicit cast.`, node, scope);
  return vector;
}

const KINDS: ReadonlySet<string> = new Set([
  'innerunique',
  'inner',
  'leftouter',
  'rightouter',
  'fullouter',
  'leftsemi',
  'rightsemi',
  'leftanti',
  'leftantisemi',
  'anti',
  'rightanti',
  'rightantisemi',
]);

export function join(node: Node, input: Frame, outer: Scope): Frame {
  const lookup = nodeClass(node) === 'LookupOperator';
  const scope = within(outer, undefined);
  const rightFrame = scope.run.tabular(child(node, 'Expression'), scope);
  const given = parameters(node).get('kind');
  const kind = given ? literalText(given) : lookup ? 'leftouter' : 'innerunique';
  if (!KINDS.has(kind) || (lookup && kind !== 'leftouter' && kind !== 'inner')) {
    fail('semantic', `'${kind}' is no kind of ${lookup ? 'lookup' : 'join'}.`, given ?? node, scope);
  }
  const clause = optional(node, lookup ? 'LookupClause' : 'ConditionClause');
  if (!clause) return refuse('A join without a condition', node, scope);
  const pairs = keyPairs(clause, scope);
  const left: Side = { frame: input, keys: pairs.map((p) => p[0]) };
  const right: Side = { frame: rightFrame, keys: pairs.map((p) => p[1]) };
  const [leftIds, rightIds] = numberKeys(left, right, clause, scope);

  const semi = semiRows(kind, leftIds, rightIds);
  if (semi) {
    const from = kind.startsWith('right') ? rightFrame : input;
    return { names: from.names, vectors: pickVectors(from.vectors, semi), length: semi.length, serialized: false };
  }
  const [leftRows, rightRows] = matchRows(kind, leftIds, rightIds);
  // lookup leaves out the right side's keys.
  const keep = rightFrame.names.map((n, i) => [n, i] as const).filter(([n]) => !(lookup && right.keys.includes(n)));
  const vectors = [
    ...pickVectors(input.vectors, leftRows),
    ...pickVectors(
      keep.flatMap(([, i]) => rightFrame.vectors[i] ?? []),
      rightRows,
    ),
  ];
  const names = resultColumns(node).map((c) => c.name);
  if (names.length !== vectors.length) return refuse('This join', node, scope);
  return { names, vectors, length: leftRows.length, serialized: false };
}

/** The rows that a semi or anti join keeps of its side; undefined for the other kinds. */
function semiRows(kind: string, leftIds: Int32Array, rightIds: Int32Array): Int32Array | undefined {
  const anti = kind.includes('anti');
  if (!anti && !kind.endsWith('semi')) return undefined;
  const [kept, other] = kind.startsWith('right') ? [rightIds, leftIds] : [leftIds, rightIds];
  const present = new Set(other);
  const rows: number[] = [];
  kept.forEach((id, row) => {
    if (present.has(id) !== anti) rows.push(row);
  });
  return Int32Array.from(rows);
}

function matchRows(kind: string, leftIds: Int32Array, rightIds: Int32Array): [Int32Array, Int32Array] {
  const byKey = new Map<number, number[]>();
  rightIds.forEach((id, row) => {
    const rows = byKey.get(id);
    if (rows) rows.push(row);
    else byKey.set(id, [row]);
  });
  const leftRows: number[] = [];
  const rightRows: number[] = [];
  const seen = new Set<number>();
  const keepLeft = kind === 'leftouter' || kind === 'fullouter';
  leftIds.forEach((id, row) => {
    if (kind === 'innerunique' && seen.has(id)) return;
    seen.add(id);
    const matches = byKey.get(id);
    if (!matches) {
      if (keepLeft) {
        leftRows.push(row);
        rightRows.push(-1);
      }
      return;
    }
    checkRows(leftRows.length + matches.length);
    for (const match of matches) {
      leftRows.push(row);
      rightRows.push(match);
    }
  });
  if (kind === 'rightouter' || kind === 'fullouter') {
    rightIds.forEach((id, row) => {
      if (seen.has(id)) return;
      leftRows.push(-1);
      rightRows.push(row);
    });
  }
  return [Int32Array.from(leftRows), Int32Array.from(rightRows)];
}

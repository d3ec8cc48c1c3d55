import { checkRows, type Frame, pickVectors, reader, type Vector } from '../frame.ts';
import { Grouping, type Key, ListNumbers } from '../grouping.ts';
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
import { through } from '../piece-work.ts';
import type { Step } from '../plan-part.ts';
import { isStream, type Rows } from '../rows.ts';
import { fail, refuse, type Scope, within } from '../scope.ts';

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

const isWhole = (v: Vector): boolean => v.type === 'int' || v.type === 'long';

function keyVector(frame: Frame, name: string, node: Node, scope: Scope): Vector {
  const vector = frame.vectors[frame.names.indexOf(name)];
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

/** Joins left rows with the right side; with `last`, also what is known only when all of the left have been seen. */
type Probe = (left: Frame, last: boolean) => Frame;

/** A join whose right side was read; `begin` starts it from the first left row. */
interface Prepared {
  begin(): Probe;
  kind: string;
  right: Frame;
}

/** Joins that look at one left row at a time, and say nothing of right rows that no left row has. */
const BY_LEFT_ROW: ReadonlySet<string> = new Set([
  'inner',
  'leftouter',
  'leftsemi',
  'leftanti',
  'leftantisemi',
  'anti',
]);

/** A join as a step of its left rows; undefined for one that needs them all, in their order. */
export function joinStep(node: Node, scope: Scope): Step | undefined {
  return leftStep(prepare(node, scope), node, scope);
}

function leftStep({ begin, kind, right }: Prepared, node: Node, scope: Scope): Step | undefined {
  if (!BY_LEFT_ROW.has(kind)) return undefined;
  const probe = begin();
  return { node, scope, map: (left) => probe(left, false), right: { node: child(node, 'Expression'), frame: right } };
}

export function join(node: Node, input: Rows, outer: Scope): Rows {
  const prepared = prepare(node, outer);
  const { begin } = prepared;
  if (!isStream(input)) return begin()(input, true);
  const step = leftStep(prepared, node, outer);
  if (step) return through(input, step);
  return {
    empty: begin()(input.empty, false),
    *pieces() {
      const probe = begin();
      for (const piece of input.pieces()) {
        const found = probe(piece, false);
        if (found.length > 0) yield found;
      }
      const rest = probe(input.empty, true);
      if (rest.length > 0) yield rest;
    },
  };
}

/** Reads the right side and numbers its keys, once; what it gives begins a join from the first left row. */
function prepare(node: Node, outer: Scope): Prepared {
  const lookup = nodeClass(node) === 'LookupOperator';
  const scope = within(outer, undefined);
  const right = scope.run.tabular(child(node, 'Expression'), scope);
  const given = parameters(node).get('kind');
  const kind = given ? literalText(given) : lookup ? 'leftouter' : 'innerunique';
  if (!KINDS.has(kind) || (lookup && kind !== 'leftouter' && kind !== 'inner')) {
    fail('semantic', `'${kind}' is no kind of ${lookup ? 'lookup' : 'join'}.`, given ?? node, scope);
  }
  const clause = optional(node, lookup ? 'LookupClause' : 'ConditionClause');
  if (!clause) return refuse('A join without a condition', node, scope);
  const pairs = keyPairs(clause, scope);
  const rightKeys = pairs.map((p) => keyVector(right, p[1], clause, scope));
  const grouping = new Grouping();
  const { group } = grouping.number(rightKeys.map(keyOf), right.length);
  const rowsOf = byGroup(group, grouping.count);
  const names = resultColumns(node).map((c) => c.name);
  const semi = kind.includes('anti') || kind.endsWith('semi');
  // lookup leaves out the right side's keys.
  const kept = right.vectors.filter((_, i) => !(lookup && pairs.some((p) => p[1] === right.names[i])));
  const begin = (): Probe => {
    const seen = new Uint8Array(grouping.count);
    const found = pairs.map(() => new ListNumbers());
    return (left, last) => {
      const leftKeys = pairs.map((p, k) =>
        sameType(keyVector(left, p[0], clause, scope), p[0], rightKeys[k], clause, scope),
      );
      const ids = grouping.find(leftKeys.map(keyOf), left.length, found);
      if (semi) return semiRows(kind, left, right, ids, group, seen, last);
      const [leftRows, rightRows] = matchRows(kind, ids, group, rowsOf, seen, last);
      const vectors = [...pickVectors(left.vectors, leftRows), ...pickVectors(kept, rightRows)];
      if (names.length !== vectors.length) return refuse('This join', node, scope);
      return { names, vectors, length: leftRows.length, serialized: false };
    };
  };
  return { begin, kind, right };
}

const keyOf = (vector: Vector): Key => ({
  at: reader(vector),
  list: vector.rows && { of: vector.rows, values: vector.values },
});

function sameType(left: Vector, name: string, right: Vector | undefined, node: Node, scope: Scope): Vector {
  if (right && (left.type === right.type || (isWhole(left) && isWhole(right)))) return left;
  return fail(
    'semantic',
    `The join keys '${name}' are of the types ${left.type} and ${right?.type}. Please use an explicit cast.`,
    node,
    scope,
  );
}

/** The rows of each group, in order: those of group g are `rows` from `begins[g]` to before `begins[g + 1]`. */
interface GroupedRows {
  begins: Int32Array;
  rows: Int32Array;
}

function byGroup(group: Int32Array, count: number): GroupedRows {
  const begins = new Int32Array(count + 1);
  for (const g of group) begins[g + 1] = (begins[g + 1] ?? 0) + 1;
  for (let g = 0; g < count; g++) begins[g + 1] = (begins[g + 1] ?? 0) + (begins[g] ?? 0);
  const next = begins.slice();
  const rows = new Int32Array(group.length);
  for (let row = 0; row < group.length; row++) {
    const g = group[row] ?? 0;
    const at = next[g] ?? 0;
    rows[at] = row;
    next[g] = at + 1;
  }
  return { begins, rows };
}

/** The rows that a semi or anti join keeps of its side. Those of the right are known when all of the left were seen. */
function semiRows(
  kind: string,
  left: Frame,
  right: Frame,
  ids: Int32Array,
  group: Int32Array,
  seen: Uint8Array,
  last: boolean,
): Frame {
  const anti = kind.includes('anti');
  const ofRight = kind.startsWith('right');
  const rows: number[] = [];
  if (ofRight) {
    for (const id of ids) if (id >= 0) seen[id] = 1;
    if (last) {
      group.forEach((g, row) => {
        if ((seen[g] === 1) !== anti) rows.push(row);
      });
    }
  } else {
    ids.forEach((id, row) => {
      if (id >= 0 !== anti) rows.push(row);
    });
  }
  const from = ofRight ? right : left;
  return {
    names: from.names,
    vectors: pickVectors(from.vectors, Int32Array.from(rows)),
    length: rows.length,
    serialized: false,
  };
}

function matchRows(
  kind: string,
  ids: Int32Array,
  group: Int32Array,
  { begins, rows }: GroupedRows,
  seen: Uint8Array,
  last: boolean,
): [Int32Array, Int32Array] {
  const keepLeft = kind === 'leftouter' || kind === 'fullouter';
  const alone = last && (kind === 'rightouter' || kind === 'fullouter');
  const inner = kind === 'inner';
  let most = 0;
  for (let row = 0; row < ids.length; row++) {
    const id = ids[row] ?? -1;
    if (id >= 0) most += (begins[id + 1] ?? 0) - (begins[id] ?? 0);
    else if (keepLeft) most += 1;
  }
  // Of innerunique each key counts once, and so no more than there are right rows.
  if (kind === 'innerunique') most = Math.min(most, group.length);
  checkRows(most);
  if (alone) most += group.length;
  const leftRows = new Int32Array(most);
  const rightRows = new Int32Array(most);
  let count = 0;
  for (let row = 0; row < ids.length; row++) {
    const id = ids[row] ?? -1;
    if (id < 0) {
      if (!keepLeft) continue;
      leftRows[count] = row;
      rightRows[count++] = -1;
      continue;
    }
    if (!inner) {
      if (kind === 'innerunique' && seen[id] === 1) continue;
      seen[id] = 1;
    }
    const end = begins[id + 1] ?? 0;
    for (let i = begins[id] ?? 0; i < end; i++) {
      leftRows[count] = row;
      rightRows[count++] = rows[i] ?? -1;
    }
  }
  for (let row = 0; alone && row < group.length; row++) {
    if (seen[group[row] ?? 0] === 1) continue;
    leftRows[count] = -1;
    rightRows[count++] = row;
  }
  return count === most ? [leftRows, rightRows] : [leftRows.slice(0, count), rightRows.slice(0, count)];
}

import type { Frame } from './frame.ts';
import { type Node, nodeClass, simpleName } from './language.ts';
import { packed, packedFrame } from './packed.ts';
import type { PlainBinding, PlainPart, PlainScope } from './part.ts';
import { PlainTrees } from './plain-tree.ts';
import { type Binding, isOption, type Scope } from './scope.ts';

/** An operator of a pipe that takes rows a piece at a time, and looks at no other piece for one. */
export interface Step {
  node: Node;
  scope: Scope;
  map(frame: Frame): Frame;
  /** The table that a join's left rows are joined with, once it was read. */
  right?: { node: Node; frame: Frame };
}

/** An operator that reduces rows, as `reducerOf` takes it. */
export interface ReducerPlan {
  node: Node;
  scope: Scope;
  /** Of a sort: how many of its first rows are wanted. */
  first?: number | undefined;
}

/** Tables that are larger are not copied to each thread. */
const MOST_CELLS = 4_000_000;

/** Steps, and what reduces their rows, as plain data; undefined where something of it cannot travel. */
export function plainPart(steps: readonly Step[], reducer: ReducerPlan | undefined): PlainPart | undefined {
  const run = (steps[0] ?? reducer)?.scope.run;
  if (!run || run.folded) return undefined;
  const trees = new PlainTrees();
  const scopes = new Map<Scope, PlainScope>();
  const plainScope = (scope: Scope): PlainScope => {
    let plain = scopes.get(scope);
    if (!plain) {
      plain = { names: new Map(), offset: scope.offset };
      scopes.set(scope, plain);
    }
    return plain;
  };
  const copied: PlainPart['steps'] = [];
  for (const { node, scope } of steps) {
    const copy = trees.of(node);
    if (!copy) return undefined;
    copied.push({ node: copy, scope: plainScope(scope) });
  }
  const last = reducer && trees.of(reducer.node);
  if (reducer && !last) return undefined;
  const plainReducer = reducer && last && { node: last, scope: plainScope(reducer.scope), first: reducer.first };
  // A name may stand for a function that has names in it.
  for (let known = -1; known !== trees.copies.size; ) {
    known = trees.copies.size;
    const named = mentioned(trees);
    for (const [scope, plain] of [...scopes])
      for (const [name, binding] of scope.names) {
        const isUsed = named.has(name) || isOption(name);
        if (plain.names.has(name) || !isUsed || binding.kind === 'table') continue;
        const bound = plainBinding(binding, trees, plainScope);
        if (!bound) return undefined;
        plain.names.set(name, bound);
      }
  }
  const tables = tablesWithin(trees, steps, [...scopes.keys()]);
  if (!tables) return undefined;
  return { text: run.text, now: run.now, times: run.times, steps: copied, reducer: plainReducer, tables };
}

function mentioned(trees: PlainTrees): Set<string> {
  const names = new Set<string>();
  for (const node of trees.copies.values()) if (nodeClass(node) === 'NameReference') names.add(simpleName(node));
  return names;
}

function plainBinding(
  binding: Exclude<Binding, { kind: 'table' }>,
  trees: PlainTrees,
  plainScope: (scope: Scope) => PlainScope,
): PlainBinding | undefined {
  if (binding.kind === 'function') {
    const declaration = trees.of(binding.declaration);
    return declaration && { kind: 'function', declaration, scope: plainScope(binding.scope) };
  }
  if (binding.kind === 'record') return undefined;
  const { constant, type, at } = binding.expression;
  if (!constant) return undefined;
  try {
    return { kind: 'scalar', type, value: packed(at(0)) };
  } catch {
    // Its error belongs where it is used, if it is.
    return undefined;
  }
}

/** The tables that stand for values within the trees, as far as they were read; undefined where they are too large. */
function tablesWithin(
  trees: PlainTrees,
  steps: readonly Step[],
  scopes: readonly Scope[],
): PlainPart['tables'] | undefined {
  const rights = new Map(steps.flatMap(({ right }) => (right ? [[right.node, right.frame] as const] : [])));
  const tables: PlainPart['tables'] = [];
  let cells = 0;
  for (const [node, copy] of trees.copies) {
    const once = scopes[0]?.run.once.get(node);
    // The same text within a function may stand for other rows at each call.
    const frame =
      rights.get(node) ?? (once && scopes.some(({ names }) => names === once.names) ? once.frame : undefined);
    if (!frame) continue;
    cells += frame.length * frame.vectors.length;
    if (cells > MOST_CELLS) return undefined;
    tables.push({ node: copy, frame: packedFrame(frame) });
  }
  return tables;
}

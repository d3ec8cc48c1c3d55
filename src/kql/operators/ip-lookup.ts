import { type Frame, pick, reader, type Vector } from '../frame.ts';
import { ipv4, networksAround } from '../functions/addresses.ts';
import { ipv6 } from '../functions/ipv6.ts';
import { type Node, nodeClass, resultColumns, simpleName } from '../language.ts';
import { constantOf, fail, refuse, type Scope, within } from '../scope.ts';
import { keyOf, toText, type Value } from '../values.ts';

/**
 * ipv4_lookup and ipv6_lookup: the rows of the input, joined with the row of a lookup table whose network has their
 * address (Microsoft Learn, "ipv4_lookup plugin"). Which of several networks around one address counts is not documented,
 * so that is refused.
 */
export function ipLookup(
  node: Node,
  version: 4 | 6,
  args: readonly Node[],
  named: ReadonlyMap<string, Node>,
  input: Frame,
  outer: Scope,
): Frame {
  const [tableNode, sourceNode, networkNode, ...rest] = args;
  if (!tableNode || !sourceNode || !networkNode) return refuse('This lookup', node, outer);
  const last = rest.at(-1);
  const flag = named.get('return_unmatched') ?? (last && nodeClass(last) !== 'NameReference' ? last : undefined);
  const unmatched = flag !== undefined && constantOf(flag, outer).value === true;
  const extra = rest.filter((n) => n !== flag).map(simpleName);
  const lookup = outer.run.tabular(tableNode, within(outer, undefined));
  const [address, network] = [
    column(input, simpleName(sourceNode), sourceNode, outer),
    column(lookup, simpleName(networkNode), networkNode, outer),
  ];
  const networks = Array.from({ length: lookup.length }, (_, row) => text(network, row));
  const around = version === 4 ? networksAround(ipv4, networks) : networksAround(ipv6, networks);
  const keys = extra.map((name) => [column(input, name, node, outer), column(lookup, name, node, outer)] as const);
  const left: number[] = [];
  const right: number[] = [];
  for (let row = 0; row < input.length; row++) {
    const sought = text(address, row);
    const found = around(sought).filter((at) => keys.every(([a, b]) => keyOf(reader(a)(row)) === keyOf(reader(b)(at))));
    if (found.length > 1) {
      fail(
        'unsupported',
        `${sought} is in several networks of the lookup table, which is not supported by this evaluator.`,
        node,
        outer,
      );
    }
    if (found.length > 0 || unmatched) {
      left.push(row);
      right.push(found[0] ?? -1);
    }
  }
  const [ours, theirs] = [pick(input, Int32Array.from(left)), pick(lookup, Int32Array.from(right))];
  const added = theirs.names.flatMap((name, i) => (extra.includes(name) ? [] : [theirs.vectors[i]]));
  const vectors = [...ours.vectors, ...added.filter((v): v is Vector => v !== undefined)];
  const names = resultColumns(node).map((c) => c.name);
  if (names.length !== vectors.length) return refuse('This lookup', node, outer);
  return { names, vectors, length: left.length, serialized: false };
}

function column(frame: Frame, name: string, node: Node, scope: Scope): Vector {
  return frame.vectors[frame.names.indexOf(name)] ?? fail('semantic', `There is no column '${name}'.`, node, scope);
}

function text(vector: Vector, row: number): string {
  const value: Value = reader(vector)(row);
  return toText(value, vector.type);
}

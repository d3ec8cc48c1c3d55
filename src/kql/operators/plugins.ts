import type { Groups } from '../aggregates.ts';
import { convert } from '../call.ts';
import { checkRows, type Frame, reader, type Vector, vectorOf } from '../frame.ts';
import { groupRows } from '../grouping.ts';
import {
  argumentsOf,
  child,
  endOf,
  type Node,
  nodeClass,
  optional,
  quotedName,
  resultColumns,
  scalarType,
  simpleName,
} from '../language.ts';
import { constantOf, fail, refuse, refuseName, SchemaFound, type Scope, within } from '../scope.ts';
import type { Column, ColumnType } from '../types.ts';
import { Instant, isBag, missing, toText, type Value } from '../values.ts';
import { ipLookup } from './ip-lookup.ts';
import { PATTERN_PLUGINS } from './pattern-plugins.ts';
import { PluginCall } from './plugin-call.ts';
import { aggregated } from './summarize.ts';
import { WINDOW_PLUGINS } from './window-plugins.ts';

/** Plugins whose arguments have their places alone. */
const BY_POSITION: ReadonlyMap<string, (call: PluginCall) => Frame> = new Map(
  Object.entries({ ...WINDOW_PLUGINS, ...PATTERN_PLUGINS }),
);

/** The most columns that data may make. */
const MAX_COLUMNS = 2_000;

/** The arguments of a plugin, by position, and those given by name. */
interface Arguments {
  positional: Node[];
  named: Map<string, Node>;
}

function separated(call: Node): Arguments {
  const positional: Node[] = [];
  const named = new Map<string, Node>();
  for (const a of argumentsOf(call)) {
    if (nodeClass(a) === 'SimpleNamedExpression') named.set(simpleName(child(a, 'Name')), child(a, 'Expression'));
    else positional.push(a);
  }
  return { positional, named };
}

/**
 * evaluate: a plugin whose columns may depend on the data. The analyser cannot know those, and would lose them in every
 * operator that follows; so when the query declares no schema, what was found is reported to it (SchemaFound) and the
 * query is analysed again with the schema written out.
 */
export function plugin(node: Node, input: Frame, outer: Scope): Frame {
  const call = child(node, 'FunctionCall');
  const name = simpleName(child(call, 'Name'));
  switch (name) {
    case 'bag_unpack':
      return declared(bagUnpack(call, input, outer), node, call, outer);
    case 'pivot':
      return declared(pivot(call, input, outer), node, call, outer);
    case 'narrow':
      return narrow(node, input);
    case 'ipv4_lookup':
    case 'ipv6_lookup': {
      const { positional, named } = separated(call);
      return ipLookup(node, name === 'ipv4_lookup' ? 4 : 6, positional, named, input, outer);
    }
    default: {
      const made = BY_POSITION.get(name);
      if (!made) return refuseName(name, `The plugin '${name}'`, child(call, 'Name'), outer);
      const { positional, named } = separated(call);
      const [first] = named.keys();
      if (first !== undefined) return refuse(`${name}() with '${first}' by its name`, call, outer);
      return made(new PluginCall(node, name, positional, input, outer));
    }
  }
}

function declared(made: Frame, node: Node, call: Node, scope: Scope): Frame {
  const { names, vectors, length } = made;
  const duplicate = names.find((n, i) => names.indexOf(n) !== i);
  if (duplicate !== undefined) {
    fail('semantic', `evaluate makes the column '${duplicate}' twice; give a prefix or columnsConflict.`, call, scope);
  }
  if (names.length > MAX_COLUMNS) {
    fail('limit', `evaluate makes ${names.length} columns, more than ${MAX_COLUMNS}.`, call, scope);
  }
  const at = scope.offset + endOf(call);
  if (!optional(node, 'Schema')) {
    const columns = names.map((n, i): Column => ({ name: n, type: vectors[i]?.type ?? 'dynamic' }));
    const strange = names.find((n) => n === '' || n.length > 1024 || /\p{C}/u.test(n));
    if (strange !== undefined) fail('semantic', `The data hold '${strange}', which can name no column.`, call, scope);
    throw new SchemaFound(at, ` : (${columns.map((c) => `${quotedName(c.name)}:${c.type}`).join(', ')})`);
  }
  const wanted = resultColumns(node);
  if (scope.run.found.has(at)) {
    // A schema that was found in data must fit; the data differ when a function is called twice.
    const same = names.length === wanted.length && wanted.every((w, i) => names[i] === w.name);
    if (!same) return refuse('A plugin that makes other columns each time its function is called', call, scope);
  }
  return {
    names: wanted.map((w) => w.name),
    vectors: wanted.map((w) => typed(vectors[names.indexOf(w.name)], w.type, length)),
    length,
    serialized: false,
  };
}

/** A column as the type that the query declares for it; a column that the data do not have is empty. */
function typed(vector: Vector | undefined, type: ColumnType, length: number): Vector {
  if (vector?.type === type) return vector;
  const none = missing(type);
  if (!vector) return vectorOf(type, new Array<Value>(length).fill(none));
  const read = reader(vector);
  return vectorOf(
    type,
    Array.from({ length }, (_, row) => convert(read(row), vector.type, type) ?? none),
  );
}

/** The type that a value in a bag has as a column. */
function typeOf(value: Value): ColumnType {
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'string':
      return 'string';
    case 'bigint':
      return 'long';
    case 'number':
      return Number.isSafeInteger(value) ? 'long' : 'real';
    default:
      return value instanceof Instant ? value.type : 'dynamic';
  }
}

function bagUnpack(call: Node, input: Frame, outer: Scope): Frame {
  const { positional, named } = separated(call);
  const bagNode = positional[0];
  if (!bagNode) return refuse('This bag_unpack()', call, outer);
  // An argument without a name is that of its place, whatever is named beside it.
  const places = argumentsOf(call).map((a) => (nodeClass(a) === 'SimpleNamedExpression' ? undefined : a));
  const option = (position: number, name: string): Value => {
    const node = named.get(name) ?? places[position];
    return node ? constantOf(node, outer).value : null;
  };
  const unknown = [...named.keys()].find(
    (name) => !['OutputColumnPrefix', 'columnsConflict', 'ignoredProperties'].includes(name),
  );
  if (unknown !== undefined) fail('semantic', `bag_unpack() has no parameter '${unknown}'.`, call, outer);
  const prefix = String(option(1, 'OutputColumnPrefix') ?? '');
  const conflict = String(option(2, 'columnsConflict') ?? 'error');
  if (!['error', 'replace_source', 'keep_source'].includes(conflict)) {
    fail('semantic', `'${conflict}' is no way to resolve a conflict of columns.`, call, outer);
  }
  const given = option(3, 'ignoredProperties');
  if (given !== null && !Array.isArray(given)) fail('semantic', 'ignoredProperties needs an array.', call, outer);
  const ignored = new Set(Array.isArray(given) ? given.map(String) : []);
  const bags = outer.run.expression(bagNode, within(outer, input));
  if (bags.type !== 'dynamic') fail('semantic', 'bag_unpack() needs a dynamic.', bagNode, outer);

  const slots = new Map<string, { values: Value[]; type: ColumnType | undefined }>();
  for (let row = 0; row < input.length; row++) {
    const bag = bags.at(row);
    if (!isBag(bag)) continue;
    for (const [key, value] of Object.entries(bag)) {
      if (ignored.has(key)) continue;
      let slot = slots.get(key);
      if (!slot) {
        if (slots.size >= MAX_COLUMNS) fail('limit', `The bags have more than ${MAX_COLUMNS} slots.`, call, outer);
        slot = { values: new Array<Value>(input.length).fill(null), type: undefined };
        slots.set(key, slot);
      }
      if (value === null) continue;
      slot.values[row] = value;
      const type = typeOf(value);
      slot.type = slot.type === undefined || slot.type === type ? type : 'dynamic';
    }
  }
  const source = nodeClass(bagNode) === 'NameReference' ? simpleName(bagNode) : undefined;
  const unpacked = new Map<string, Vector>();
  for (const key of [...slots.keys()].sort()) {
    const slot = slots.get(key);
    const type = slot?.type ?? 'dynamic';
    const none = missing(type);
    const cells = (slot?.values ?? []).map((v) => (v instanceof Instant && type === v.type ? v.ticks : (v ?? none)));
    unpacked.set(`${prefix}${key}`, vectorOf(type, cells));
  }
  const names: string[] = [];
  const vectors: Vector[] = [];
  input.names.forEach((name, i) => {
    const own = input.vectors[i];
    if (name === source || !own) return;
    if (unpacked.has(name) && conflict !== 'error') {
      if (conflict === 'keep_source') unpacked.set(name, own);
      return;
    }
    names.push(name);
    vectors.push(own);
  });
  for (const [name, vector] of unpacked) {
    names.push(name);
    vectors.push(vector);
  }
  return { names, vectors, length: input.length, serialized: false };
}

/** pivot: a column for each value of one column, an aggregate (count() by default) in the cells. */
function pivot(call: Node, input: Frame, outer: Scope): Frame {
  const scope = within(outer, input);
  const { positional } = separated(call);
  const [pivotNode, second, ...rest] = positional;
  if (!pivotNode) return refuse('This pivot()', call, outer);
  const aggregate = second && nodeClass(second) === 'FunctionCallExpression' ? second : undefined;
  const given = aggregate || !second ? rest : [second, ...rest];
  const used = new Set([pivotNode, ...(aggregate ? argumentsOf(aggregate) : [])].map(simpleName));
  const keyNames = given.length > 0 ? given.map(simpleName) : input.names.filter((n) => !used.has(n));
  const keys = keyNames.map((n) => input.vectors[input.names.indexOf(n)] ?? refuse(`The column '${n}'`, call, outer));
  for (const [i, k] of keys.entries()) {
    if (k.type === 'dynamic') fail('semantic', `pivot() cannot group by '${keyNames[i]}', a dynamic.`, call, outer);
  }
  const numbered = groupRows(
    keys.map((k) => ({ at: reader(k) })),
    input.length,
  );
  const value = outer.run.expression(pivotNode, scope);
  const titles = new Map<string, number>();
  const pivoted = new Int32Array(input.length);
  for (let row = 0; row < input.length; row++) {
    const title = toText(value.at(row), value.type);
    let position = titles.get(title);
    if (position === undefined) {
      position = titles.size;
      if (position >= MAX_COLUMNS) fail('limit', `pivot() makes more than ${MAX_COLUMNS} columns.`, call, outer);
      titles.set(title, position);
    }
    pivoted[row] = position;
  }
  const rows = numbered.first.length;
  checkRows(rows * Math.max(1, titles.size));
  const group = new Int32Array(input.length);
  for (let row = 0; row < input.length; row++) {
    group[row] = (numbered.group[row] ?? 0) * titles.size + (pivoted[row] ?? 0);
  }
  const groups: Groups = { group, count: rows * titles.size, length: input.length, from: 0 };
  let type: ColumnType = 'long';
  let cell: (g: number) => Value;
  if (aggregate) {
    type = scalarType(aggregate) ?? 'dynamic';
    cell = aggregated(aggregate, scope, groups).at;
  } else {
    const counts = new Int32Array(groups.count);
    for (const g of group) counts[g] = (counts[g] ?? 0) + 1;
    cell = (g) => counts[g] ?? 0;
  }
  return {
    names: [...keyNames, ...titles.keys()],
    vectors: [
      ...keys.map((k) => {
        const read = reader(k);
        return vectorOf(
          k.type,
          numbered.first.map((row) => read(row)),
        );
      }),
      ...[...titles.values()].map((position) =>
        vectorOf(
          type,
          Array.from({ length: rows }, (_, g) => cell(g * titles.size + position)),
        ),
      ),
    ],
    length: rows,
    serialized: false,
  };
}

/** narrow: every cell as a row of its own, as text. */
function narrow(node: Node, input: Frame): Frame {
  checkRows(input.length * input.names.length);
  const [rows, columns, values]: [Value[], Value[], Value[]] = [[], [], []];
  const reads = input.vectors.map(reader);
  for (let row = 0; row < input.length; row++) {
    input.names.forEach((name, i) => {
      rows.push(row);
      columns.push(name);
      values.push(toText(reads[i]?.(row) ?? null, input.vectors[i]?.type ?? 'dynamic'));
    });
  }
  return {
    names: resultColumns(node).map((c) => c.name),
    vectors: [vectorOf('long', rows), vectorOf('string', columns), vectorOf('string', values)],
    length: rows.length,
    serialized: false,
  };
}

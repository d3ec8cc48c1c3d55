import { callFunction } from './calling.ts';
import { type Frame, pick, vectorOf } from './frame.ts';
import {
  argumentsOf,
  child,
  list,
  type Node,
  nodeClass,
  optional,
  referencedSymbol,
  resultColumns,
  simpleName,
  tokenText,
} from './language.ts';
import { chooseColumns, extend, getschema, project, rename, where } from './operators/columns.ts';
import { mvApply, mvExpand } from './operators/expand.ts';
import { externalData } from './operators/external-data.ts';
import { find } from './operators/find.ts';
import { join, joinStep } from './operators/join.ts';
import { makeSeries } from './operators/make-series.ts';
import { parse } from './operators/parse.ts';
import { parseKv } from './operators/parse-kv.ts';
import { partition } from './operators/partition.ts';
import { plugin } from './operators/plugins.ts';
import { sampleDistinct, topHitters } from './operators/sample.ts';
import { scan } from './operators/scan.ts';
import { search } from './operators/search.ts';
import { firstInOrder, firstTaken, sort, sortKeys, topKeys } from './operators/sort.ts';
import { datatable, print, range } from './operators/sources.ts';
import { distinctRows, summarizer } from './operators/summarize.ts';
import { topNested } from './operators/top-nested.ts';
import { union } from './operators/union.ts';
import { reduced, through } from './piece-work.ts';
import type { ReducerPlan, Step } from './plan-part.ts';
import { rowsOf } from './read-table.ts';
import { isStream, type Reducer, type Rows, whole } from './rows.ts';
import { constantCount, noTable, refuse, refuseName, type Scope, within } from './scope.ts';

type Operator = (node: Node, input: Frame, scope: Scope) => Frame;

const serialize: Operator = (node, input, scope) => {
  const serialized = { ...input, serialized: true };
  return list(optional(node, 'Expressions')).length > 0 ? extend(node, serialized, scope) : serialized;
};

/** The operators that can be evaluated, by the class of their node. */
const OPERATORS: Record<string, Operator> = {
  FilterOperator: where,
  ExtendOperator: extend,
  ProjectOperator: project,
  ProjectAwayOperator: chooseColumns,
  ProjectKeepOperator: chooseColumns,
  ProjectReorderOperator: chooseColumns,
  ProjectRenameOperator: rename,
  MakeSeriesOperator: makeSeries,
  SortOperator: sort,
  EvaluateOperator: plugin,
  PartitionOperator: partition,
  SampleDistinctOperator: sampleDistinct,
  TopHittersOperator: topHitters,
  TopNestedOperator: topNested,
  ParseKvOperator: parseKv,
  ScanOperator: scan,
  MvExpandOperator: mvExpand,
  MvApplyOperator: mvApply,
  ParseOperator: parse,
  ParseWhereOperator: parse,
  GetSchemaOperator: (_node, input) => getschema(input),
  SerializeOperator: serialize,
  ConsumeOperator: (_node, input) => pick(input, new Int32Array(0)),
};

/** Operators that make of each row what they make of it whatever the others are: a piece at a time will do. */
const BY_ROW: ReadonlySet<string> = new Set([
  'FilterOperator',
  'ExtendOperator',
  'ProjectOperator',
  'ProjectAwayOperator',
  'ProjectKeepOperator',
  'ProjectReorderOperator',
  'ProjectRenameOperator',
  'ParseKvOperator',
  'MvExpandOperator',
  'MvApplyOperator',
  'ParseOperator',
  'ParseWhereOperator',
]);
/** Those of them that leave out no row and make no more of them. */
const AS_MANY: ReadonlySet<string> = new Set([
  'ExtendOperator',
  'ProjectRenameOperator',
  'ParseKvOperator',
  'ParseOperator',
]);

/** Operators that look at no row. */
const WITHOUT_ROWS: ReadonlySet<string> = new Set(['GetSchemaOperator', 'ConsumeOperator']);

/** Operators that take in rows piece by piece and give few. */
const REDUCERS: Record<string, (node: Node, scope: Scope) => Reducer> = {
  SummarizeOperator: summarizer,
  DistinctOperator: distinctRows,
  CountOperator: counter,
  TakeOperator: (node, scope) => firstTaken(constantCount(child(node, 'Expression'), scope)),
  SampleOperator: (node, scope) => firstTaken(constantCount(child(node, 'Expression'), scope)),
  TopOperator: (node, scope) => firstInOrder(topKeys(node), constantCount(child(node, 'Expression'), scope), scope),
};

/** The reducer of a plan: an operator's own, or that of the first rows of a sort. */
export function reducerOf({ node, scope, first }: ReducerPlan): Reducer {
  if (first !== undefined) return firstInOrder(sortKeys(node), first, scope);
  return REDUCERS[nodeClass(node)]?.(node, scope) ?? refuse(describe(node), node, scope);
}

/** The step of an operator that makes of each row what it makes of it whatever the others are. */
export function stepOf(node: Node, scope: Scope): Step {
  const kind = nodeClass(node);
  const operator = BY_ROW.has(kind) ? OPERATORS[kind] : undefined;
  if (operator) return { node, scope, map: (frame) => operator(node, frame, scope) };
  return joinStep(node, scope) ?? refuse(describe(node), node, scope);
}

function counter(node: Node): Reducer {
  let length = 0;
  return {
    add: (frame) => {
      length += frame.length;
    },
    parts: () => ({
      take: () => length,
      join: (part) => {
        length += Number(part);
      },
    }),
    result: () => ({
      names: resultColumns(node).map((c) => c.name),
      vectors: [vectorOf('long', [length])],
      length: 1,
      serialized: false,
    }),
  };
}

/** Evaluates a tabular expression. `input` is what an operator without a source works on: a subquery's rows. */
export function tabular(node: Node, scope: Scope, input?: Frame): Frame {
  return whole(rows(node, scope, input), scope.run.hold, 'A table within the query');
}

/** The same, read piece by piece as far as the operators allow it. */
export function rows(node: Node, scope: Scope, input?: Rows): Rows {
  const kind = nodeClass(node);
  switch (kind) {
    case 'PipeExpression':
      return piped(node, scope, input);
    case 'ParenthesizedExpression':
      return rows(child(node, 'Expression'), scope, input);
    case 'MaterializeExpression':
      return whole(rows(child(node, 'Expression'), scope, input), scope.run.hold, 'materialize()');
    case 'NameReference':
      return named(node, scope);
    case 'FunctionCallExpression':
      return call(node, scope);
    case 'DataTableExpression':
      return datatable(node, scope);
    case 'ExternalDataExpression':
      return externalData(node, scope);
    case 'PrintOperator':
      return print(node, scope);
    case 'RangeOperator':
      return range(node, scope);
    case 'UnionOperator':
      return union(node, input, '', scope);
    case 'SearchOperator':
      return search(node, input, '', scope);
    case 'FindOperator':
      return find(node, input, scope);
    default:
      if (input) return apply(node, input, scope);
      return refuse(describe(node), node, scope);
  }
}

function piped(node: Node, scope: Scope, input?: Rows): Rows {
  // A long pipe is a deep tree: walk it down first, so that its length costs no stack.
  const operators: Node[] = [];
  let source = node;
  while (nodeClass(source) === 'PipeExpression') {
    operators.push(child(source, 'Operator'));
    source = child(source, 'Expression');
  }
  operators.reverse();
  let made = rows(source, scope, input);
  let label = tableName(source, scope);
  let inner = scope;
  for (let i = 0; i < operators.length; i++) {
    const [operator, next] = [operators[i] ?? node, operators[i + 1]];
    const kind = nodeClass(operator);
    if (kind === 'UnionOperator') made = union(operator, made, label, inner);
    else if (kind === 'SearchOperator') made = search(operator, made, label, inner);
    else if (kind === 'AsOperator') inner = naming(operator, made, inner);
    else if (kind === 'SortOperator' && next && nodeClass(next) === 'TakeOperator') {
      // The first rows in order need no more memory than they are.
      const count = constantCount(child(next, 'Expression'), inner);
      const plan = { node: operator, scope: inner, first: count };
      made = reduced(made, () => reducerOf(plan), plan);
      i += 1;
    } else made = apply(operator, made, inner);
    label = kind === 'AsOperator' ? simpleName(child(operator, 'Name')) : '';
  }
  return made;
}

/** `as`: what the rows up to here are called in the rest of the pipe. */
function naming(node: Node, named: Rows, scope: Scope): Scope {
  const names = new Map(scope.names);
  names.set(simpleName(child(node, 'Name')), { kind: 'table', rows: () => named });
  return { ...scope, names };
}

function tableName(source: Node, scope: Scope): string {
  const bare = nodeClass(source) === 'NameReference' && !scope.names.has(simpleName(source));
  return bare ? simpleName(source) : '';
}

function apply(node: Node, input: Rows, scope: Scope): Rows {
  const kind = nodeClass(node);
  if (REDUCERS[kind]) return reduced(input, () => reducerOf({ node, scope }), { node, scope });
  // A chart is the client's affair; the rows are the same.
  if (kind === 'RenderOperator') return input;
  if (kind === 'InvokeOperator') return invoked(child(node, 'Function'), input, scope);
  if (kind === 'JoinOperator' || kind === 'LookupOperator') return join(node, input, scope);
  const operator = OPERATORS[kind];
  if (!operator) return refuseName(operatorName(node), describe(node), node, scope);
  if (BY_ROW.has(kind)) return through(input, stepOf(node, scope), AS_MANY.has(kind));
  if (isStream(input) && WITHOUT_ROWS.has(kind)) return operator(node, input.empty, scope);
  return operator(node, whole(input, scope.run.hold, describe(node)), scope);
}

function describe(node: Node): string {
  return `The operator '${tokenText(node, 'Keyword') || operatorName(node)}'`;
}

/** `make-graph` of a MakeGraphOperator. */
const operatorName = (node: Node): string =>
  nodeClass(node)
    .replace(/(Operator|Expression)$/, '')
    .replace(/(?<!^)([A-Z])/g, '-$1')
    .toLowerCase();

function named(node: Node, scope: Scope): Rows {
  const name = simpleName(node);
  const binding = scope.names.get(name);
  if (binding?.kind === 'table') return binding.rows();
  if (binding?.kind === 'function') return callTabular(node, [], scope);
  if (name.includes('*')) return refuse('A table name with a wildcard', node, scope);
  const table = scope.run.tables.get(name);
  if (table && referencedSymbol(node)?.kind !== 'ColumnSymbol') return rowsOf(table);
  return noTable(name, node, scope);
}

function call(node: Node, scope: Scope): Rows {
  const name = simpleName(child(node, 'Name'));
  const args = argumentsOf(node);
  if (scope.names.get(name)?.kind === 'function') return callTabular(node, args, scope);
  const [only] = args;
  if (name === 'materialize' && only) return tabular(only, scope);
  if (name === 'table' && only) {
    const wanted = scope.run.expression(only, within(scope, undefined)).at(0);
    const table = scope.run.tables.get(String(wanted));
    return table ? rowsOf(table) : noTable(String(wanted), node, scope);
  }
  return refuseName(name, `The function '${name}()'`, child(node, 'Name'), scope);
}

/** `T | invoke f(…)`: f(T, …). https://learn.microsoft.com/kusto/query/invoke-operator, read 2026-11-30. */
function invoked(node: Node, input: Rows, scope: Scope): Rows {
  const name = child(node, 'Name');
  if (scope.names.get(simpleName(name))?.kind !== 'function')
    return refuse(`The function '${simpleName(name)}()'`, name, scope);
  const args = argumentsOf(node);
  return callTabular(node, args, scope, input);
}

function callTabular(node: Node, args: readonly Node[], scope: Scope, piped?: Rows): Rows {
  const { body, inner, leave } = callFunction(node, args, scope, piped);
  try {
    return rows(body, inner);
  } finally {
    leave();
  }
}

import { callFunction } from './calling.ts';
import { type Frame, frameOf, pick, vectorOf } from './frame.ts';
import {
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
import { join } from './operators/join.ts';
import { makeSeries } from './operators/make-series.ts';
import { parse } from './operators/parse.ts';
import { parseKv } from './operators/parse-kv.ts';
import { partition } from './operators/partition.ts';
import { plugin } from './operators/plugins.ts';
import { sampleDistinct, topHitters } from './operators/sample.ts';
import { search } from './operators/search.ts';
import { sort, top } from './operators/sort.ts';
import { datatable, print, range } from './operators/sources.ts';
import { distinct, summarize } from './operators/summarize.ts';
import { topNested } from './operators/top-nested.ts';
import { union } from './operators/union.ts';
import { constantCount, noTable, refuse, type Scope, within } from './scope.ts';

type Operator = (node: Node, input: Frame, scope: Scope) => Frame;

const take: Operator = (node, input, scope) => {
  const count = Math.min(input.length, constantCount(child(node, 'Expression'), scope));
  return pick(
    input,
    Int32Array.from({ length: count }, (_, i) => i),
  );
};

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
  SummarizeOperator: summarize,
  MakeSeriesOperator: makeSeries,
  DistinctOperator: distinct,
  CountOperator: (node, input) => ({
    names: resultColumns(node).map((c) => c.name),
    vectors: [vectorOf('long', [input.length])],
    length: 1,
    serialized: false,
  }),
  TakeOperator: take,
  SortOperator: sort,
  TopOperator: top,
  JoinOperator: join,
  LookupOperator: join,
  UnionOperator: (node, input, scope) => union(node, input, '', scope),
  SearchOperator: (node, input, scope) => search(node, input, '', scope),
  AsOperator: (_node, input) => input,
  EvaluateOperator: plugin,
  PartitionOperator: partition,
  SampleOperator: take,
  SampleDistinctOperator: sampleDistinct,
  TopHittersOperator: topHitters,
  TopNestedOperator: topNested,
  ParseKvOperator: parseKv,
  MvExpandOperator: mvExpand,
  MvApplyOperator: mvApply,
  ParseOperator: parse,
  ParseWhereOperator: parse,
  GetSchemaOperator: (_node, input) => getschema(input),
  SerializeOperator: serialize,
  // A chart is the client's affair; the rows are the same.
  RenderOperator: (_node, input) => input,
  ConsumeOperator: (_node, input) => pick(input, new Int32Array(0)),
};

/** Evaluates a tabular expression. `input` is what an operator without a source works on: a subquery's rows. */
export function tabular(node: Node, scope: Scope, input?: Frame): Frame {
  const kind = nodeClass(node);
  switch (kind) {
    case 'PipeExpression': {
      // A long pipe is a deep tree: walk it down first, so that its length costs no stack.
      const operators: Node[] = [];
      let source = node;
      while (nodeClass(source) === 'PipeExpression') {
        operators.push(child(source, 'Operator'));
        source = child(source, 'Expression');
      }
      let frame = tabular(source, scope, input);
      let label = tableName(source, scope);
      let inner = scope;
      for (const operator of operators.reverse()) {
        switch (nodeClass(operator)) {
          case 'UnionOperator':
            frame = union(operator, frame, label, inner);
            break;
          case 'SearchOperator':
            frame = search(operator, frame, label, inner);
            break;
          case 'AsOperator':
            inner = naming(operator, frame, inner);
            break;
          default:
            frame = apply(operator, frame, inner);
        }
        label = nodeClass(operator) === 'AsOperator' ? simpleName(child(operator, 'Name')) : '';
      }
      return frame;
    }
    case 'ParenthesizedExpression':
    case 'MaterializeExpression':
      return tabular(child(node, 'Expression'), scope, input);
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
    default:
      if (input) return apply(node, input, scope);
      return refuse(describe(node), node, scope);
  }
}

/** `as`: what the rows up to here are called in the rest of the pipe. */
function naming(node: Node, frame: Frame, scope: Scope): Scope {
  const names = new Map(scope.names);
  names.set(simpleName(child(node, 'Name')), { kind: 'table', frame: () => frame });
  return { ...scope, names };
}

function tableName(source: Node, scope: Scope): string {
  const bare = nodeClass(source) === 'NameReference' && !scope.names.has(simpleName(source));
  return bare ? simpleName(source) : '';
}

function apply(node: Node, input: Frame, scope: Scope): Frame {
  const operator = OPERATORS[nodeClass(node)];
  return operator ? operator(node, input, scope) : refuse(describe(node), node, scope);
}

function describe(node: Node): string {
  const keyword = tokenText(node, 'Keyword');
  const kind = nodeClass(node).replace(/(Operator|Expression)$/, '');
  return `The operator '${keyword || kind.replace(/(?<!^)([A-Z])/g, '-$1').toLowerCase()}'`;
}

function named(node: Node, scope: Scope): Frame {
  const name = simpleName(node);
  const binding = scope.names.get(name);
  if (binding?.kind === 'table') return binding.frame();
  if (binding?.kind === 'function') return callTabular(node, [], scope);
  if (name.includes('*')) return refuse('A table name with a wildcard', node, scope);
  const table = scope.run.tables.get(name);
  if (table && referencedSymbol(node)?.kind !== 'ColumnSymbol') return frameOf(table);
  return noTable(name, node, scope);
}

function call(node: Node, scope: Scope): Frame {
  const name = simpleName(child(node, 'Name'));
  const args = list(optional(optional(node, 'ArgumentList') ?? node, 'Expressions'));
  if (scope.names.get(name)?.kind === 'function') return callTabular(node, args, scope);
  const [only] = args;
  if (name === 'materialize' && only) return tabular(only, scope);
  if (name === 'table' && only) {
    const wanted = scope.run.expression(only, within(scope, undefined)).at(0);
    const table = scope.run.tables.get(String(wanted));
    return table ? frameOf(table) : noTable(String(wanted), node, scope);
  }
  return refuse(`The function '${name}()'`, child(node, 'Name'), scope);
}

function callTabular(node: Node, args: readonly Node[], scope: Scope): Frame {
  const { body, inner, leave } = callFunction(node, args, scope);
  try {
    return tabular(body, inner);
  } finally {
    leave();
  }
}

import type { FoldedTexts } from './folded-texts.ts';
import type { Frame, Vector } from './frame.ts';
import { type Diagnostic, KqlError, type KqlErrorKind, positionOf } from './kqlerror.ts';
import { type Node, sourceText, startOf } from './language.ts';
import type { ReadTable } from './read-table.ts';
import { refusalOf } from './refused-names.ts';
import type { Hold, Rows } from './rows.ts';
import type { Table } from './table.ts';
import type { Ticks } from './times.ts';
import type { ColumnType } from './types.ts';
import type { Value } from './values.ts';

/** What stays the same through one evaluation. */
export interface Run {
  text: string;
  /** Times by the placeholders that the text has for them. */
  times: ReadonlyMap<string, string>;
  now: Ticks;
  tables: ReadonlyMap<string, Table | ReadTable>;
  /** The two halves of the evaluator know each other through here only. */
  expression(node: Node, scope: Scope): Expression;
  /** A tabular expression's rows, all there. */
  tabular(node: Node, scope: Scope, input?: Frame): Frame;
  /** The same, read piece by piece where they can be. */
  rows(node: Node, scope: Scope, input?: Frame): Rows;
  /** Told of rows that are kept in memory, before more are read; throws where they are too many. */
  hold: Hold;
  /** Tables that stand for values: worked out once for all pieces. */
  once: WeakMap<Node, { names: Scope['names']; frame: Frame }>;
  folded: FoldedTexts | undefined;
  /** Told of each table without which `union isfuzzy=true` goes on. */
  leftOut(table: string): void;
  /** The columns of a function that makes several; undefined for any other expression. */
  tuple(node: Node, scope: Scope, length: number): { names: string[]; vectors: Vector[] } | undefined;
  /** User functions in progress; deeper than a bound is refused. */
  depth: number;
  /** Where schemas are in the text that an earlier try found in the data. */
  found: ReadonlySet<number>;
}

/**
 * Thrown when an operator's columns have been found in the data and the query does not declare them: the query must be
 * analysed again with `clause` written at `at`.
 */
export class SchemaFound extends Error {
  override readonly name = 'SchemaFound';
  readonly at: number;
  readonly clause: string;
  constructor(at: number, clause: string) {
    super('the columns of a plugin were found');
    this.at = at;
    this.clause = clause;
  }
}

/** An expression bound to the rows of a frame. */
export interface Expression {
  type: ColumnType;
  /** The same for every row. */
  constant: boolean;
  at(row: number): Value;
  /** The text in lower case, where it is kept. */
  lower?: ((row: number) => string) | undefined;
  /** Where rows with the same number have the same value: the number of each row, from -1, and what none reaches. */
  codes?: { of: Int32Array; count: number } | undefined;
  /** Of a column as it is read: the values that its rows refer to, and the number of each row's; pieces share the values. */
  list?: { of: Int32Array; values: readonly Value[] } | undefined;
}

/** What a name of the query stands for. */
export type Binding =
  | { kind: 'scalar'; expression: Expression; frame: Frame | undefined }
  | { kind: 'table'; rows(): Rows }
  /** A row by the name of the scan's step that took it. */
  | { kind: 'record'; columns: ReadonlyMap<string, Expression> }
  | { kind: 'function'; declaration: Node; scope: Scope };

export interface Scope {
  run: Run;
  /** The rows that column names mean; undefined where there are none. */
  frame: Frame | undefined;
  names: ReadonlyMap<string, Binding>;
  /** Where this tree's text begins in the query; a called function's body counts from its own brace. */
  offset: number;
  /** Values already worked out for nodes: the aggregates within a summarize. */
  computed?: ReadonlyMap<Node, Expression>;
  /** Within the predicate of a search, where a bare text is sought in every column. */
  search?: { caseSensitive: boolean };
}

/** The name under which a scope has an option of the query (`set x=…`): no other name has a blank. */
export const optionName = (option: string): string => `set ${option}`;

export const isOption = (name: string): boolean => name.startsWith('set ');

export const within = (scope: Scope, frame: Frame | undefined): Scope => ({
  run: scope.run,
  frame,
  names: scope.names,
  offset: scope.offset,
});

/** Throws a KqlError that points at a node. */
export function fail(kind: KqlErrorKind, message: string, node: Node, scope: Scope, code: string = kind): never {
  const start = scope.offset + startOf(node);
  const token = sourceText(node).slice(0, 80);
  const diagnostic: Diagnostic = {
    severity: 'error',
    code,
    message,
    start,
    length: Math.min(token.length, Math.max(0, scope.run.text.length - start)),
    token,
    ...positionOf(scope.run.text, start),
  };
  throw new KqlError(kind, message, [diagnostic]);
}

export function refuse(what: string, node: Node, scope: Scope): never {
  return fail('unsupported', `${what} is not supported by this evaluator.`, node, scope);
}

/** A function, an operator or a plugin that is worked out for no rows whatever. */
export const NO_IMPLEMENTATION = 'no-implementation';

/** Refuses what the query names, with the reason where there is one. */
export function refuseName(name: string, what: string, node: Node, scope: Scope): never {
  const reason = refusalOf(name);
  const message = reason === undefined ? `${what} is not supported by this evaluator.` : `${name}: ${reason}.`;
  return fail('unsupported', message, node, scope, NO_IMPLEMENTATION);
}

/** A name that no table has; union isfuzzy leaves out the inputs that need one. */
export const NO_TABLE = 'no-table';

export function noTable(name: string, node: Node, scope: Scope): never {
  return fail('semantic', `There is no table '${name}'.`, node, scope, NO_TABLE);
}

/** The value of an expression that must not depend on a row. */
export function constantOf(node: Node, scope: Scope): { value: Value; type: ColumnType } {
  const expression = scope.run.expression(node, within(scope, undefined));
  return { value: expression.at(0), type: expression.type };
}

/** A whole number that must not depend on a row, such as take's; not below zero. */
export function constantCount(node: Node, scope: Scope): number {
  const { value } = constantOf(node, scope);
  if (typeof value === 'bigint') return value < 0n ? 0 : Number.MAX_SAFE_INTEGER;
  if (typeof value !== 'number' || !Number.isInteger(value)) {
    return fail('semantic', 'A whole number is expected here.', node, scope);
  }
  return Math.max(0, value);
}

/** The rows of a tabular expression that stands for values and depends on no row; read once for the whole query. */
export function tableOnce(node: Node, scope: Scope): Frame {
  const known = scope.run.once.get(node);
  if (known?.names === scope.names) return known.frame;
  const frame = scope.run.tabular(node, within(scope, undefined));
  scope.run.once.set(node, { names: scope.names, frame });
  return frame;
}

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type Bridged, invoke, isBridged, property } from './bridged.ts';
import { takeDocumentedParameters } from './documented-parameters.ts';
import { type Diagnostic, KqlError, positionOf } from './kqlerror.ts';
import { type Column, type ColumnType, isColumnType } from './types.ts';

/**
 * Microsoft's Kusto parser and analyser, behind a small surface. It is a C# library compiled to JavaScript: 5 MB that
 * take a third of a second to load, so nothing is loaded before the first query.
 */

/**
 * A node of the analyser's tree, or the same as plain data (plain-tree.ts). Its properties are read with the functions
 * below, which check what they find.
 */
export type Node = Bridged;

/** The facts of a node as plain data, which needs no parser to be read; its children are beside it, by their names. */
export interface PlainFacts {
  class: string;
  kind: string;
  text: string;
  /** Of a list. */
  elements: readonly Node[];
  children: readonly Node[];
  body: Node | undefined;
}

/** Undefined for a node of the analyser. */
const plainFacts = (node: Node): PlainFacts | undefined => node.plainFacts as PlainFacts | undefined;

interface Library {
  analyse(text: string, globals: object): Node;
  completionsAt(text: string, globals: object, position: number): Node;
  table(name: string, columns: readonly Column[]): object;
  globals(tables: readonly object[]): object;
  className(node: object): string;
  kinds: ReadonlyMap<number, string>;
}

function objectFrom(owner: unknown, name: string, ...args: unknown[]): object {
  const made = invoke(owner, name, ...args);
  if (typeof made !== 'object' || made === null) throw new Error(`the Kusto language service has no ${name}`);
  return made;
}

/** A file of Microsoft's parser: beside the bundle, which brings it, or in its package where the sources run. */
function parserFile(name: string): string {
  const beside = ['./kusto/', '../kusto/'].map((folder) => fileURLToPath(new URL(folder + name, import.meta.url)));
  return beside.find((path) => existsSync(path)) ?? `@kusto/language-service-next/${name}`;
}

/** The tree of a query; a query that Microsoft's analyser fails on, such as some about graphs, is refused. */
function parsed(language: unknown, text: string, globals: object): unknown {
  try {
    return invoke(property(language, 'KustoCode'), 'ParseAndAnalyze', text, globals);
  } catch (error) {
    // Its own exceptions are no errors of JavaScript's.
    if (error instanceof Error && !(error instanceof TypeError)) throw error;
    throw new KqlError('unsupported', "Microsoft's analyser fails on this query.", []);
  }
}

let loaded: Library | undefined;

function library(): Library {
  if (loaded) return loaded;
  // A process that started from the build's snapshot has both already (parser-thread.ts).
  if (property(globalThis, 'Kusto') === undefined) {
    const require = createRequire(import.meta.url);
    // The runtime defines the global Bridge, the library the global Kusto; in this order or not at all.
    for (const file of ['bridge.min.js', 'Kusto.Language.Bridge.min.js']) require(parserFile(file));
  }
  const bridge = property(globalThis, 'Bridge');
  const language = property(property(globalThis, 'Kusto'), 'Language');
  const symbols = property(language, 'Symbols');
  const kinds = new Map<number, string>();
  for (const [name, value] of Object.entries(property(property(language, 'Syntax'), 'SyntaxKind') ?? {})) {
    if (typeof value === 'number') kinds.set(value, name);
  }
  takeDocumentedParameters(language);
  const classNames = new Map<unknown, string>();
  loaded = {
    kinds,
    analyse: (text, globals) => {
      const code = parsed(language, text, globals);
      if (!isBridged(code)) throw new Error('the Kusto language service gave no tree');
      return code;
    },
    completionsAt: (text, globals, position) => {
      // $ctor1 is C#'s overload KustoCodeService(string text, GlobalState globals).
      const service = property(property(property(language, 'Editor'), 'KustoCodeService'), '$ctor1');
      if (typeof service !== 'function') throw new Error('the Kusto language service has no KustoCodeService');
      return objectFrom(Reflect.construct(service, [text, globals]), 'GetCompletionItems', position) as Node;
    },
    table: (name, columns) => {
      // Every name is quoted: unquoted, a column called `type` or `kind` cuts the table short without an error.
      const schema = columns.map((c) => `${quotedName(c.name)}:${c.type}`).join(',');
      const bare = objectFrom(property(symbols, 'TableSymbol'), 'From', `(${schema})`);
      return objectFrom(bare, 'WithName', name);
    },
    globals: (tables) => {
      // $ctor1 is C#'s overload DatabaseSymbol(string name, IEnumerable<Symbol> members).
      const databaseSymbol = property(property(symbols, 'DatabaseSymbol'), '$ctor1');
      if (typeof databaseSymbol !== 'function') throw new Error('the Kusto language service has no DatabaseSymbol');
      const database = Reflect.construct(databaseSymbol, ['workspace', [...tables]]);
      return objectFrom(property(property(language, 'GlobalState'), 'Default'), 'WithDatabase', database);
    },
    className: (node) => {
      const key = node.constructor;
      let name = classNames.get(key);
      if (name === undefined) {
        name =
          String(invoke(bridge, 'getTypeName', node))
            .split('.')
            .pop() ?? '';
        classNames.set(key, name);
      }
      return name;
    },
  };
  return loaded;
}

// ---- reading the tree -------------------------------------------------------------------------------------------

/** A name as the language writes it wherever it might be read as something else. */
export const quotedName = (name: string): string => `['${name.replace(/[\\']/g, '\\$&')}']`;

/** The node's class: `PipeExpression`, `FilterOperator`, … */
export function nodeClass(node: Node): string {
  return plainFacts(node)?.class ?? library().className(node);
}

/** The node's syntax kind, finer than its class: `EqualExpression`, `RealLiteralExpression`, … */
export function nodeKind(node: Node): string {
  const plain = plainFacts(node);
  if (plain) return plain.kind;
  const kind = node.Kind;
  return (typeof kind === 'number' ? library().kinds.get(kind) : undefined) ?? 'None';
}

/** A child that may be absent. */
export function optional(node: Node, name: string): Node | undefined {
  const value = node[name];
  return isBridged(value) ? value : undefined;
}

/** A child that the grammar promises. */
export function child(node: Node, name: string): Node {
  const value = optional(node, name);
  if (!value) throw new Error(`the Kusto tree has no ${name} in ${nodeClass(node)}`);
  return value;
}

/** The elements of a list, freed of their separators; none when the list is absent. */
export function list(node: Node | undefined): Node[] {
  const plain = node && plainFacts(node);
  if (plain) return [...plain.elements];
  const count = node?.Count;
  if (!node || typeof count !== 'number') return [];
  const elements: Node[] = [];
  for (let i = 0; i < count; i++) {
    const item = invoke(node, 'getItem', i);
    if (!isBridged(item)) continue;
    const element = item.Element$1 ?? item.Element;
    elements.push(isBridged(element) ? element : item);
  }
  return elements;
}

/** Every child node, in order. */
export function children(node: Node): Node[] {
  const plain = plainFacts(node);
  if (plain) return [...plain.children];
  const count = node.ChildCount;
  const found: Node[] = [];
  for (let i = 0; i < (typeof count === 'number' ? count : 0); i++) {
    const next = invoke(node, 'GetChild', i);
    if (isBridged(next)) found.push(next);
  }
  return found;
}

/** Every child node, in order, by the name under which `child` finds it; the elements of a list have none. */
export function namedChildren(node: Node): [string, Node][] {
  const count = node.ChildCount;
  const found: [string, Node][] = [];
  for (let i = 0; i < (typeof count === 'number' ? count : 0); i++) {
    const next = invoke(node, 'GetChild', i);
    const name = invoke(node, 'GetName', i);
    if (isBridged(next)) found.push([typeof name === 'string' ? name : '', next]);
  }
  return found;
}

/** The node's source text, without the comments and blanks in front of it. */
export function sourceText(node: Node): string {
  const plain = plainFacts(node);
  if (plain) return plain.text;
  const text = invoke(node, 'ToString', 1);
  return String(text ?? '').trim();
}

/** The simple name a reference or declaration carries, unquoted. */
export function simpleName(node: Node): string {
  const own = node.SimpleName;
  if (typeof own === 'string') return own;
  const inner = optional(node, 'Name');
  return inner && typeof inner.SimpleName === 'string' ? inner.SimpleName : sourceText(node);
}

/** A literal's text freed of its wrapper: `datetime(2020)` gives `2020`, a string its decoded value. */
export function literalText(node: Node): string {
  const token = optional(node, 'Token');
  const value = token?.ValueText;
  if (typeof value === 'string') return value;
  const literal = node.LiteralValue;
  return typeof literal === 'string' ? literal : sourceText(node);
}

export function tokenText(node: Node, name: string): string {
  const text = optional(node, name)?.Text;
  return typeof text === 'string' ? text : '';
}

/** The arguments of a call. */
export const argumentsOf = (call: Node): Node[] =>
  list(optional(optional(call, 'ArgumentList') ?? call, 'Expressions'));

/** A named parameter of an operator (`kind=inner`): its value as a literal node, by name. */
export function parameters(node: Node): Map<string, Node> {
  const found = new Map<string, Node>();
  for (const p of list(optional(node, 'Parameters'))) {
    const value = optional(p, 'Expression');
    if (value) found.set(simpleName(child(p, 'Name')), value);
  }
  return found;
}

/** The body of a user's function, analysed with the types of this call's arguments. */
export function calledBody(call: Node): Node | undefined {
  const plain = plainFacts(call);
  if (plain) return plain.body;
  const body = invoke(call, 'GetCalledFunctionBody');
  return isBridged(body) ? body : undefined;
}

/** The type the analyser gives the expression; undefined for tables, for the bare null and for what it cannot know. */
export function scalarType(node: Node): ColumnType | undefined {
  const name = property(node.ResultType, 'Name');
  return typeof name === 'string' && !isTabular(node) && isColumnType(name) ? name : undefined;
}

/** Whether the expression is a table. */
export function isTabular(node: Node): boolean {
  const type = node.ResultType;
  return isBridged(type) && nodeClass(type) === 'TableSymbol';
}

/** The columns the analyser gives a tabular expression; a type it cannot know becomes `dynamic`. */
export function resultColumns(node: Node): Column[] {
  return columnsOf(node.ResultType);
}

function columnsOf(type: unknown): Column[] {
  const columns = property(type, 'Columns');
  return (isBridged(columns) ? list(columns) : []).map((c) => {
    const name = property(c.Type, 'Name');
    return { name: String(c.Name), type: typeof name === 'string' && isColumnType(name) ? name : 'dynamic' };
  });
}

/** The class of the symbol a reference names: `ColumnSymbol`, `TableSymbol`, `VariableSymbol`, `FunctionSymbol`, … */
export function referencedSymbol(node: Node): { kind: string; name: string } | undefined {
  const symbol = optional(node, 'ReferencedSymbol');
  return symbol ? { kind: nodeClass(symbol), name: String(symbol.Name) } : undefined;
}

/** Offset of the node's first token. */
export function startOf(node: Node): number {
  return typeof node.TextStart === 'number' ? node.TextStart : 0;
}

/** Offset just after the node's last token. */
export function endOf(node: Node): number {
  return typeof node.End === 'number' ? node.End : startOf(node);
}

// ---- schemas and analyses ---------------------------------------------------------------------------------------

/** A set of tables as the analyser knows them, with the analyses already made over it. */
export interface Schema {
  globals: object;
  tables: ReadonlyMap<string, readonly Column[]>;
  analyses: Map<string, Analysis>;
}

export interface Analysis {
  /** The text that was analysed; differs from the query in the case of names only. */
  text: string;
  syntax: Node;
  columns: Column[];
  diagnostics: Diagnostic[];
}

const MAX_CACHED_TABLES = 512;
const MAX_CACHED_SCHEMAS = 64;
const MAX_CACHED_ANALYSES = 256;
/** A query longer than this is refused, as Log Analytics itself does. */
const MAX_QUERY_LENGTH = 1_000_000;

/** The parser takes time with the square of the depth; the analyser itself gives up a little beyond this. */
const MAX_BRACKET_DEPTH = 200;

/** How deep brackets nest; those in texts and comments count as well, which only a strange query could notice. */
function bracketDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const c of text) {
    if (c === '(' || c === '[' || c === '{') {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if ((c === ')' || c === ']' || c === '}') && depth > 0) depth -= 1;
  }
  return deepest;
}

const tableSymbols = new Map<string, object>();
const schemas = new Map<string, Schema>();

/** What has been analysed so far, by the tables over which it was. */
export const keptAnalyses = (): ReadonlyMap<string, Schema> => schemas;

const signatures = new WeakMap<readonly Column[], string>();

function signature(columns: readonly Column[]): string {
  let text = signatures.get(columns);
  if (text === undefined) {
    text = columns.map((c) => `${c.name}\u0001${c.type}`).join('\u0002');
    signatures.set(columns, text);
  }
  return text;
}

function remember<V>(cache: Map<string, V>, key: string, value: V, most: number): V {
  if (cache.size >= most) {
    const oldest = cache.keys().next().value;
    if (oldest !== undefined) cache.delete(oldest);
  }
  cache.set(key, value);
  return value;
}

/** The schema of these tables; made once for the same names, columns and types. */
export function schemaOf(tables: Iterable<{ name: string; columns: readonly Column[] }>): Schema {
  const listed = [...tables];
  const keys = listed.map((t) => `${t.name}\u0003${signature(t.columns)}`);
  const key = keys.join('\u0004');
  const known = schemas.get(key);
  if (known) return known;
  const symbols = listed.map((t, i) => {
    const tableKey = keys[i] ?? t.name;
    return (
      tableSymbols.get(tableKey) ??
      remember(tableSymbols, tableKey, library().table(t.name, t.columns), MAX_CACHED_TABLES)
    );
  });
  const schema: Schema = {
    globals: library().globals(symbols),
    tables: new Map(listed.map((t) => [t.name, t.columns])),
    analyses: new Map(),
  };
  return remember(schemas, key, schema, MAX_CACHED_SCHEMAS);
}

/**
 * Parses and analyses a query. With `anyCase`, a name the analyser does not know is read as the one table or column
 * that differs from it in case only, as Resource Graph does.
 */
export function analyseText(text: string, schema: Schema, anyCase: boolean): Analysis {
  const key = `${anyCase ? 'i' : 's'}${text}`;
  const known = schema.analyses.get(key);
  if (known) return known;
  if (text.length > MAX_QUERY_LENGTH) {
    throw new KqlError('limit', `The query is longer than ${MAX_QUERY_LENGTH} characters.`, []);
  }
  if (bracketDepth(text) > MAX_BRACKET_DEPTH) {
    throw new KqlError('limit', `The query nests brackets deeper than ${MAX_BRACKET_DEPTH}.`, []);
  }
  let analysed = analyseOnce(text, schema);
  if (anyCase) {
    // One repair can make a later name known, so repeat while repairs are found.
    for (let round = 0; round < 8; round++) {
      const repaired = repairCase(analysed, schema);
      if (repaired === undefined) break;
      analysed = analyseOnce(repaired, schema);
    }
  }
  return remember(schema.analyses, key, analysed, MAX_CACHED_ANALYSES);
}

/** What Microsoft's editor offers at a place: where the piece of the text begins that it replaces, and texts for it. */
export function completionItems(text: string, schema: Schema, position: number): { start: number; items: string[] } {
  const found = library().completionsAt(text, schema.globals, position);
  const items = list(optional(found, 'Items')).map((item) => String(item.BeforeText ?? item.DisplayText));
  const start = found.EditStart;
  return { start: typeof start === 'number' ? start : position, items };
}

function analyseOnce(text: string, schema: Schema): Analysis {
  const code = library().analyse(text, schema.globals);
  const diagnostics: Diagnostic[] = [];
  const found = invoke(code, 'GetDiagnostics');
  for (const d of isBridged(found) ? list(found) : []) {
    const start = typeof d.Start === 'number' ? d.Start : 0;
    const length = typeof d.Length === 'number' ? d.Length : 0;
    const severity = String(d.Severity);
    diagnostics.push({
      severity: severity === 'Error' ? 'error' : severity === 'Warning' ? 'warning' : 'information',
      code: String(d.Code),
      message: String(d.Message),
      start,
      length,
      token: text.slice(start, start + length),
      ...positionOf(text, start),
    });
  }
  return { text, syntax: child(code, 'Syntax'), columns: columnsOf(code.ResultType), diagnostics };
}

/** The text with unknown names put in the case of known ones; names keep their length, so positions stay true. */
function repairCase(analysis: Analysis, schema: Schema): string | undefined {
  let text = analysis.text;
  for (const d of analysis.diagnostics) {
    if (!UNKNOWN_NAME.has(d.code)) continue;
    const wanted = d.token.toLowerCase();
    const matches = new Set<string>();
    for (const [table, columns] of schema.tables) {
      if (d.code !== 'KS142' || d.token === '') {
        if (table.toLowerCase() === wanted) matches.add(table);
      } else {
        if (table.toLowerCase() === wanted) matches.add(table);
        for (const c of columns) if (c.name.toLowerCase() === wanted) matches.add(c.name);
      }
    }
    const [only] = matches;
    if (matches.size === 1 && only !== undefined && only !== d.token) {
      text = text.slice(0, d.start) + only + text.slice(d.start + d.length);
    }
  }
  return text === analysis.text ? undefined : text;
}

/** Unknown column or variable, unknown table, unknown name after `project-away` and its kin. */
const UNKNOWN_NAME: ReadonlySet<string> = new Set(['KS142', 'KS204', 'KS205']);

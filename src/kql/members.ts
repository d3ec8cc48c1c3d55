import { checked } from './evaluate.ts';
import {
  argumentsOf,
  child,
  children,
  isTabular,
  type Node,
  nodeClass,
  resultColumns,
  schemaOf,
  simpleName,
  startOf,
} from './language.ts';
import type { Column } from './types.ts';

/** Functions that give a bag as it is. */
const PARSES: ReadonlySet<string> = new Set(['parse_json', 'parsejson', 'todynamic']);
/** Operators that look at columns which they do not name, or hand them on under another name. */
const OTHERWISE =
  /^(?:Star|Join|Lookup|Union|Search|Find|Reduce|Evaluate|Partition|Fork|Facet|Scan|TopNested|As|ExternalData)/;

/**
 * The columns of which a query asks for members alone (`Extra.agent`, `parse_json(Extra).agent`), with the names of these; of
 * a bag in such a column nothing else can change the answer. It names too few columns rather than too many.
 */
export function askedMembers(
  query: string,
  tables: readonly { name: string; columns: readonly Column[] }[],
): Map<string, string[]> {
  const analysis = checked(query, schemaOf(tables), false);
  const asked = new Map<string, { names: Set<string>; places: Set<number> }>();
  let otherwise = false;
  /** A table where a value is expected is its first column. */
  const firsts = new Set<string>();
  const visit = (node: Node): void => {
    otherwise ||= OTHERWISE.test(nodeClass(node)) || packsAll(node);
    const first = isTabular(node) ? resultColumns(node)[0] : undefined;
    if (first) firsts.add(first.name);
    const member = memberOf(node);
    if (member) {
      const known = asked.get(member.column) ?? { names: new Set(), places: new Set() };
      known.names.add(member.name);
      known.places.add(member.place);
      asked.set(member.column, known);
    }
    for (const next of children(node)) visit(next);
  };
  visit(analysis.syntax);
  const found = new Map<string, string[]>();
  if (otherwise) return found;
  for (const [column, { names, places }] of asked) {
    // Whatever is called so at another place, also in a text, may be the column.
    const mentions = query.match(new RegExp(`(?<![\\p{L}\\p{N}_])${column}(?![\\p{L}\\p{N}])`, 'gu')) ?? [];
    const shown = analysis.columns.some(({ name }) => name === column);
    if (mentions.length === places.size && !shown && !firsts.has(column)) found.set(column, [...names]);
  }
  return found;
}

const packsAll = (node: Node): boolean =>
  nodeClass(node) === 'FunctionCallExpression' && simpleName(child(node, 'Name')) === 'pack_all';

/** The member of a column that a path asks for, and where the column's name is. */
function memberOf(node: Node): { column: string; name: string; place: number } | undefined {
  if (nodeClass(node) !== 'PathExpression') return undefined;
  const selector = child(node, 'Selector');
  if (nodeClass(selector) !== 'NameReference') return undefined;
  const base = bare(child(node, 'Expression'));
  if (!base || !/^[\p{L}_][\p{L}\p{N}_]*$/u.test(simpleName(base))) return undefined;
  return { column: simpleName(base), name: simpleName(selector), place: startOf(base) };
}

/** The name that an expression consists of, parsed as JSON or not. */
function bare(node: Node): Node | undefined {
  const kind = nodeClass(node);
  if (kind === 'NameReference') return node;
  if (kind !== 'FunctionCallExpression' || !PARSES.has(simpleName(child(node, 'Name')))) return undefined;
  const [only, ...more] = argumentsOf(node);
  return only && more.length === 0 && nodeClass(only) === 'NameReference' ? only : undefined;
}

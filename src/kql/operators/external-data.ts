import { convert } from '../call.ts';
import { type Frame, reader, type Vector, vectorOf } from '../frame.ts';
import { child, list, literalText, type Node, optional, resultColumns, simpleName, sourceText } from '../language.ts';
import { type ReadTable, rowsOf } from '../read-table.ts';
import { whole } from '../rows.ts';
import { fail, type Scope } from '../scope.ts';
import type { Table } from '../table.ts';
import type { Column } from '../types.ts';
import { missing } from '../values.ts';

/** The table that a file of externaldata is given as: its name without folders, query and ending, as a word. */
export function externalTableName(address: string): string {
  const path = address.trim().replace(/[?#;][\s\S]*$/, '');
  const file = path.slice(path.lastIndexOf('/') + 1);
  const name = decoded(file)
    .replace(/\.(?:gz|zip)$/i, '')
    .replace(/\.[A-Za-z0-9]{1,8}$/, '')
    .replace(/[^\p{L}\p{N}_]/gu, '_');
  return /^\p{N}/u.test(name) || name === '' ? `_${name}` : name;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The addresses of an externaldata. */
export const addressesOf = (node: Node): Node[] => list(optional(node, 'URIs'));

export const addressText = (node: Node): string =>
  typeof node.LiteralValue === 'string' ? node.LiteralValue : literalText(node);

/**
 * externaldata: nothing is fetched. The rows are those of the evidence's table that is called after the file; its columns
 * are found by the names that the query declares, or, where the query says that the file begins with a line to be
 * ignored, by their places.
 */
export function externalData(node: Node, scope: Scope): Frame {
  const declared = resultColumns(node);
  const ignoresFirst = list(optional(optional(node, 'WithClause') ?? node, 'Properties')).some(
    (p) =>
      simpleName(child(p, 'Name')).toLowerCase() === 'ignorefirstrecord' &&
      /true/i.test(sourceText(child(p, 'Expression'))),
  );
  const parts = addressesOf(node).map((address) => {
    const name = externalTableName(addressText(address));
    const table = scope.run.tables.get(name);
    if (!table) {
      return fail(
        'unsupported',
        `externaldata is not fetched. Save the file, give it a first line with the names of its columns, and name it: --evidence ${name}=FILE.csv.`,
        address,
        scope,
      );
    }
    return partOf(table, declared, ignoresFirst, address, scope);
  });
  const length = parts.reduce((sum, p) => sum + p.length, 0);
  return {
    names: declared.map((c) => c.name),
    vectors: declared.map((c, i) =>
      vectorOf(
        c.type,
        parts.flatMap((p) => {
          const read = reader(p.vectors[i] ?? vectorOf(c.type, []));
          return Array.from({ length: p.length }, (_, row) => read(row));
        }),
      ),
    ),
    length,
    serialized: false,
  };
}

function partOf(
  table: Table | ReadTable,
  declared: readonly Column[],
  byPlace: boolean,
  node: Node,
  scope: Scope,
): Frame {
  const frame = whole(rowsOf(table), scope.run.hold, 'externaldata');
  const named = declared.map((c) => frame.names.indexOf(c.name));
  const lacking = declared[named.indexOf(-1)];
  if (lacking && !(byPlace && frame.names.length === declared.length)) {
    return fail(
      'semantic',
      `The table '${table.name}' has no column '${lacking.name}', which externaldata declares. Give its file a first line with the names of its columns.`,
      node,
      scope,
    );
  }
  const vectors = declared.map((c, i): Vector => {
    const own = frame.vectors[lacking ? i : (named[i] ?? -1)] ?? vectorOf(c.type, []);
    if (own.type === c.type) return own;
    // A number that was read from a text may have been written in another way.
    if (c.type === 'string' && own.type !== 'long') {
      return fail(
        'semantic',
        `The column '${c.name}' of '${table.name}' is ${own.type}; externaldata declares a string.`,
        node,
        scope,
      );
    }
    const read = reader(own);
    return vectorOf(
      c.type,
      Array.from({ length: frame.length }, (_, row) => convert(read(row), own.type, c.type) ?? missing(c.type)),
    );
  });
  return { names: declared.map((c) => c.name), vectors, length: frame.length, serialized: false };
}

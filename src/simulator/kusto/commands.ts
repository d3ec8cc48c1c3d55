import { logAnalyticsRows } from '../../kql/cells.ts';
import { evaluate } from '../../kql/evaluate.ts';
import { type Table, tableFromRows } from '../../kql/table.ts';
import type { ColumnType } from '../../kql/types.ts';
import type { Cluster } from './cluster.ts';
import { ClusterError } from './cluster-error.ts';

const syntaxError = (command: string): ClusterError =>
  new ClusterError(
    400,
    'BadRequest_SyntaxError',
    'Kusto.Data.Exceptions.SyntaxException',
    `Syntax error: the command '${command.slice(0, 60)}' is not known to the simulated cluster.`,
    'SYN0002',
  );

/** A name, plain or in quotes. */
const NAME = String.raw`(\[(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\]|[\w.-]+)`;
const STRING = String.raw`("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')`;

/** The text of a literal of KQL. */
function unquoted(literal: string): string {
  return literal
    .slice(1, -1)
    .replace(/\\(u[0-9a-fA-F]{4}|.)/g, (_, escaped: string) =>
      escaped.length === 5
        ? String.fromCharCode(Number.parseInt(escaped.slice(1), 16))
        : escaped === 'n'
          ? '\n'
          : escaped === 't'
            ? '\t'
            : escaped,
    );
}

export const nameOf = (text: string): string => (text.startsWith('[') ? unquoted(text.slice(1, -1)) : text);

/** The properties of `with (…)`. */
function propertiesOf(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, name = '', value = ''] of text.matchAll(new RegExp(String.raw`(\w+)\s*=\s*(${STRING}|[\w.]+)`, 'g')))
    found.set(name.toLowerCase(), /^["']/.test(value) ? unquoted(value) : value);
  return found;
}

function tagsOf(text: string | undefined): string[] {
  const read: unknown = text === undefined ? [] : JSON.parse(text);
  return Array.isArray(read) ? read.map(String) : [];
}

/** Answers a management command as a table, which is piped on where the command goes on so. */
export function answerCommand(cluster: Cluster, database: string, csl: string, now: Date): Table {
  const command = csl.trim();
  const ingest = new RegExp(
    String.raw`^\.ingest\s+inline\s+into\s+table\s+${NAME}\s*(?:with\s*\(([\s\S]*?)\)\s*)?<\|\s?\n?([\s\S]*)$`,
    'i',
  ).exec(csl.trimStart());
  if (ingest) {
    const [, name = '', given = '', data = ''] = ingest;
    const properties = propertiesOf(given);
    const tags = { tags: tagsOf(properties.get('tags')), unless: tagsOf(properties.get('ingestifnotexists')) };
    const ExtentId = cluster.ingest(database, nameOf(name), data, tags);
    return tableFromRows('Table_0', [{ ExtentId }], { ExtentId: 'guid' });
  }
  const create = new RegExp(
    String.raw`^\.create-merge\s+table\s+${NAME}\s*\(([\s\S]*?)\)(?:\s*with\s*\(([\s\S]*)\))?$`,
    'i',
  ).exec(command);
  if (create) {
    const [, name = '', listed = '', given = ''] = create;
    const columns = [...listed.matchAll(new RegExp(String.raw`${NAME}\s*:\s*(\w+)`, 'g'))].map(
      ([, column = '', type = '']): [string, string] => [nameOf(column), type],
    );
    const properties = propertiesOf(given);
    const table = cluster.createMerge(database, nameOf(name), columns, {
      folder: properties.get('folder'),
      docstring: properties.get('docstring'),
    });
    return tableFromRows('Table_0', [
      { TableName: table.name, DatabaseName: database, Folder: table.folder, DocString: table.docstring },
    ]);
  }
  const note = new RegExp(String.raw`^\.alter\s+table\s+${NAME}\s+docstring\s+${STRING}$`, 'i').exec(command);
  if (note) {
    const table = cluster.table(database, nameOf(note[1] ?? ''));
    table.docstring = unquoted(note[2] ?? '""');
    return tableFromRows('Table_0', [{ TableName: table.name, DocString: table.docstring }]);
  }
  const cancel = new RegExp(String.raw`^\.cancel\s+query\s+${STRING}`, 'i').exec(command);
  if (cancel) {
    const asked = cluster.queries.find(({ clientRequestId }) => clientRequestId === unquoted(cancel[1] ?? '""'));
    if (asked?.state === 'InProgress') asked.state = 'Cancelled';
    return tableFromRows('Table_0', [{ ClientActivityId: asked?.clientRequestId ?? '', ReasonPhrase: '' }]);
  }
  return shown(cluster, database, command, now);
}

/** What `.show` lists, by the words after it; the columns of each are those that its page names. */
function shown(cluster: Cluster, database: string, command: string, now: Date): Table {
  const [, what = '', rest = ''] = /^\.show\s+([^|]*?)\s*(\|[\s\S]*)?$/i.exec(command) ?? [];
  const listed = listedBy(cluster, database, what);
  if (!listed) throw syntaxError(command);
  const table = tableFromRows('shown', listed.rows, listed.columns);
  return rest === '' ? table : evaluate(`shown ${rest}`, [table], { now });
}

function listedBy(
  cluster: Cluster,
  database: string,
  what: string,
): { rows: Record<string, unknown>[]; columns: Record<string, ColumnType> } | undefined {
  if (/^tables$/i.test(what)) {
    const rows = [...cluster.database(database).values()].map(({ name, folder, docstring }) => ({
      TableName: name,
      DatabaseName: database,
      Folder: folder,
      DocString: docstring,
    }));
    return { rows, columns: { TableName: 'string', DatabaseName: 'string', Folder: 'string', DocString: 'string' } };
  }
  const extents = new RegExp(String.raw`^table\s+${NAME}\s+extents$`, 'i').exec(what);
  if (extents) {
    const { name, extents: all } = cluster.table(database, nameOf(extents[1] ?? ''));
    const rows = all.map(({ id, rows: RowCount, tags }) => ({
      ExtentId: id,
      DatabaseName: database,
      TableName: name,
      RowCount,
      Tags: tags.join('\r\n'),
    }));
    return {
      rows,
      columns: { ExtentId: 'guid', DatabaseName: 'string', TableName: 'string', RowCount: 'long', Tags: 'string' },
    };
  }
  const columns = new RegExp(String.raw`^table\s+${NAME}\s+columns$`, 'i').exec(what);
  if (columns) {
    const rows = cluster
      .table(database, nameOf(columns[1] ?? ''))
      .columns.map(({ name, type }) => ({ ColumnName: name, ColumnType: type }));
    return { rows, columns: { ColumnName: 'string', ColumnType: 'string' } };
  }
  if (/^queries$/i.test(what)) {
    const rows = cluster.queries.map(({ clientRequestId, text, database: Database, state }) => ({
      ClientActivityId: clientRequestId,
      Text: text,
      Database,
      State: state,
    }));
    return { rows, columns: { ClientActivityId: 'string', Text: 'string', Database: 'string', State: 'string' } };
  }
  if (/^databases$/i.test(what))
    return { rows: [{ DatabaseName: 'NetDefaultDB' }], columns: { DatabaseName: 'string' } };
  return undefined;
}

const netTypes: Record<ColumnType, string> = {
  bool: 'SByte',
  datetime: 'DateTime',
  dynamic: 'Object',
  guid: 'Guid',
  int: 'Int32',
  long: 'Int64',
  real: 'Double',
  string: 'String',
  timespan: 'TimeSpan',
  decimal: 'SqlDecimal',
};

/** The answer to a command ("Query/management HTTP response", 2024-08-11). */
export const commandAnswer = (table: Table): unknown => ({
  Tables: [
    {
      TableName: 'Table_0',
      Columns: table.columns.map(({ name, type }) => ({
        ColumnName: name,
        DataType: netTypes[type],
        ColumnType: type,
      })),
      Rows: logAnalyticsRows(table),
    },
  ],
});

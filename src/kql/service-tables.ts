import { KqlError, positionOf } from './kqlerror.ts';

const WATCHLIST = /\b_GetWatchlist(\s*\(\s*(['"])([^'"\n]+)\2\s*\))/g;
const RESOURCE_GRAPH = /\barg\s*\(\s*(?:""|'')\s*\)\s*\.\s*(\w+)/g;

/**
 * A query with what a service would read written as a reading of the evidence's table of that name, in as many characters, so that
 * every place stays where it is: `_GetWatchlist('Name')` as `table('Name')`, or by its `name`, and Resource Graph's
 * `arg("").Name` as the name, which is there in any case
 * (https://learn.microsoft.com/azure/azure-monitor/logs/azure-monitor-data-explorer-proxy). What is no table is refused with the
 * way to give it.
 */
export function serviceTables(
  query: string,
  tables: ReadonlySet<string>,
  written: 'by table()' | 'by name' = 'by table()',
): string {
  if (!query.includes('_GetWatchlist') && !query.includes('arg')) return query;
  const refused = (message: string, start: number, token: string): KqlError => {
    const place = { start, length: token.length, token, ...positionOf(query, start) };
    return new KqlError('unsupported', message, [{ severity: 'error', code: 'unsupported', message, ...place }]);
  };
  const isNote = (at: number): boolean => query.slice(query.lastIndexOf('\n', at) + 1, at).includes('//');
  return query
    .replace(WATCHLIST, (call: string, args: string, _quote, name: string, at: number) => {
      if (isNote(at)) return call;
      if (!tables.has(name)) {
        const message = `The watchlist '${name}' is not in the evidence. Export it as CSV with its column SearchKey, and name it: --evidence ${name}=FILE.csv.`;
        throw refused(message, at, call);
      }
      return (written === 'by name' ? bracketed(name) : `table${args}`).padEnd(call.length);
    })
    .replace(RESOURCE_GRAPH, (call: string, name: string, at: number) => {
      if (isNote(at)) return call;
      const table = [...tables].find((one) => one.toLowerCase() === name.toLowerCase());
      if (table === undefined) {
        const message = `Resource Graph is not asked from here. Export its table '${name}' as JSON, and name it: --evidence ${name}=FILE.json.`;
        throw refused(message, at, call);
      }
      return bracketed(table).padEnd(call.length);
    });
}

const bracketed = (name: string): string => `(['${name.replace(/['\\]/g, '\\$&')}'])`;

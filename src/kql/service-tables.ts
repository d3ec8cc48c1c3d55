import { KqlError, positionOf } from './kqlerror.ts';
import { noCode } from './no-code.ts';

const WATCHLIST = /\b_GetWatchlist(?<args>\s*\(\s*(?<quote>['"])(?<list>[^'"\n]+)\k<quote>\s*\))/;
const RESOURCE_GRAPH = /\barg\s*\(\s*(?:""|'')\s*\)\s*\.\s*(?<table>\w+)/;
const CALLS = new RegExp([noCode, WATCHLIST, RESOURCE_GRAPH].map(({ source }) => source).join('|'), 'g');

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
  const watchlist = (name: string, args: string, call: string, at: number): string => {
    if (!tables.has(name)) {
      const message = `The watchlist '${name}' is not in the evidence. Export it as CSV with its column SearchKey, and name it: --evidence ${name}=FILE.csv.`;
      throw refused(message, at, call);
    }
    return written === 'by name' ? bracketed(name) : `table${args}`;
  };
  const resources = (name: string, call: string, at: number): string => {
    const table = [...tables].find((one) => one.toLowerCase() === name.toLowerCase());
    if (table === undefined) {
      const message = `Resource Graph is not asked from here. Export its table '${name}' as JSON, and name it: --evidence ${name}=FILE.json.`;
      throw refused(message, at, call);
    }
    return bracketed(table);
  };
  let out = '';
  let from = 0;
  for (const { 0: call, index, groups: { list, args = '', table } = {} } of query.matchAll(CALLS)) {
    if (list === undefined && table === undefined) continue;
    const said = list === undefined ? resources(table ?? '', call, index) : watchlist(list, args, call, index);
    out += query.slice(from, index) + said.padEnd(call.length);
    from = index + call.length;
  }
  return out + query.slice(from);
}

const bracketed = (name: string): string => `(['${name.replace(/['\\]/g, '\\$&')}'])`;

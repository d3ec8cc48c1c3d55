import { KqlError, positionOf } from './kqlerror.ts';

const CALL = /\b_GetWatchlist(\s*\(\s*(['"])([^'"\n]+)\2\s*\))/g;

/**
 * A query with each `_GetWatchlist('Name')` written as a reading of the table of that name, in as many characters, so that
 * every place stays where it is: as `table('Name')`, or by its `name`. A watchlist that is no table is refused with the way
 * to give it.
 */
export function watchlistsAsTables(
  query: string,
  tables: ReadonlySet<string>,
  written: 'by table()' | 'by name' = 'by table()',
): string {
  if (!query.includes('_GetWatchlist')) return query;
  return query.replace(CALL, (call: string, args: string, _quote, name: string, at: number) => {
    const line = query.slice(query.lastIndexOf('\n', at) + 1, at);
    if (line.includes('//')) return call;
    if (!tables.has(name)) {
      const message = `The watchlist '${name}' is not in the evidence. Export it as CSV with its column SearchKey, and name it: --evidence ${name}=FILE.csv.`;
      throw new KqlError('unsupported', message, [
        {
          severity: 'error',
          code: 'unsupported',
          message,
          start: at,
          length: call.length,
          token: call,
          ...positionOf(query, at),
        },
      ]);
    }
    const reading = written === 'by name' ? `(['${name.replace(/['\\]/g, '\\$&')}'])` : `table${args}`;
    return reading.padEnd(call.length);
  });
}

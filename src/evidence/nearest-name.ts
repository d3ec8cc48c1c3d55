import { namesAt } from '../kql/completion.ts';
import { KqlError } from '../kql/kqlerror.ts';
import { isSlip, nearest } from '../text/nearest.ts';
import type { TableSchema } from './evidence-tables.ts';

/**
 * Of the names that fit a place of a query over these tables, the one that a name that is not there was meant to be: "EventID"
 * for "EventId". "" where none is near enough.
 */
export function nearestName(text: string, position: number, name: string, tables: readonly TableSchema[]): string {
  const likely = namesAt(text, position, tables).filter((one) => isSlip(name, one));
  return nearest(name, likely, 1)[0] ?? '';
}

/** The error with the nearest name for each name that nothing has; of an unknown table also the names of all. */
export function withNearest(error: KqlError, query: string, tables: readonly TableSchema[]): KqlError {
  const names = tables.map(({ name }) => name);
  const have = `The evidence has ${names.length === 0 ? 'no table' : names.join(', ')}.`;
  const diagnostics = error.diagnostics.map((one) => {
    if (!/does not refer to any known/.test(one.message)) return one;
    const near = nearestName(query, one.start, one.token, tables);
    const parts = [one.message, ...(near === '' ? [] : [`Nearest: ${near}.`]), ...(one.code === 'KS204' ? [have] : [])];
    return { ...one, message: parts.join(' ') };
  });
  return new KqlError(error.kind, diagnostics[0]?.message ?? error.message, diagnostics);
}

import { completionItems, schemaOf } from './language.ts';
import type { Column } from './types.ts';

/** Texts that fit a place of a query; one replaces the letters between `start` and the place. */
export interface Completion {
  start: number;
  texts: string[];
}

/** The most that is offered: a person reads no longer list. */
const MOST = 60;

type Tables = Iterable<{ name: string; columns: readonly Column[] }>;

/** The names of columns, tables, functions and operators that fit a place of a query. */
export function namesAt(text: string, position: number, tables: Tables): string[] {
  // The text before the place decides; the rest of the query may hide it.
  const { items } = offeredAt(text.slice(0, position), position, tables);
  return items.flatMap((item) => /^[A-Za-z_]\w*/.exec(item)?.[0] ?? []);
}

/**
 * What Microsoft's editor offers at a place of a query over these tables, reduced to what begins with the letters typed
 * there, in any case. A query too broken to be read is offered nothing.
 */
export function completionAt(text: string, position: number, tables: Tables): Completion {
  const { start, items } = offeredAt(text, position, tables);
  const typed = text.slice(start, position).toLowerCase();
  const fitting = items.map((item) => item.replace(/\s+/g, ' ')).filter((item) => item.toLowerCase().startsWith(typed));
  return { start, texts: [...new Set(fitting)].slice(0, MOST) };
}

function offeredAt(text: string, position: number, tables: Tables): { start: number; items: string[] } {
  try {
    return completionItems(text, schemaOf(tables), position);
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return { start: position, items: [] };
    throw error;
  }
}

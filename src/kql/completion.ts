import { completionItems, schemaOf } from './language.ts';
import type { Column } from './types.ts';

/** Texts that fit a place of a query; one replaces the letters between `start` and the place. */
export interface Completion {
  start: number;
  texts: string[];
}

/** The most that is offered: a person reads no longer list. */
const MOST = 60;

/**
 * What Microsoft's editor offers at a place of a query over these tables, reduced to what begins with the letters typed
 * there, in any case. A query too broken to be read is offered nothing.
 */
export function completionAt(
  text: string,
  position: number,
  tables: Iterable<{ name: string; columns: readonly Column[] }>,
): Completion {
  try {
    const { start, items } = completionItems(text, schemaOf(tables), position);
    const typed = text.slice(start, position).toLowerCase();
    const fitting = items
      .map((item) => item.replace(/\s+/g, ' '))
      .filter((item) => item.toLowerCase().startsWith(typed));
    return { start, texts: [...new Set(fitting)].slice(0, MOST) };
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return { start: position, texts: [] };
    throw error;
  }
}

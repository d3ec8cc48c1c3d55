import type { Diagnostic } from './kqlerror.ts';

/**
 * A query that the analyser does not take, as one that says the same in its words and in as many characters; the query itself
 * where there is none. Rows of a function that is saved in a workspace may be in the evidence under its name: `Name()` is then
 * that table, as it is in a workspace without the brackets. The bag of a find is `pack_all()` on its page
 * (https://learn.microsoft.com/kusto/query/find-operator, of 2025-01-20), and `pack(*)` to the analyser.
 */
export function asAnalysed(
  query: string,
  errors: readonly Diagnostic[],
  tables: { has(name: string): boolean },
): string {
  let out = query;
  const put = (at: number, length: number, text: string): void => {
    out = out.slice(0, at) + text.padEnd(length) + out.slice(at + length);
  };
  for (const { code, token, start } of errors) {
    const after = query.slice(start + token.length);
    const brackets = /^\s*\(\s*\)/.exec(after)?.[0];
    if (brackets === undefined) continue;
    if (code === UNKNOWN_FUNCTION && tables.has(token)) put(start + token.length, brackets.length, '');
    if (code === NO_ARGUMENTS && token === 'pack_all') put(start, token.length + brackets.length, 'pack(*)');
  }
  return out;
}

/** The analyser's code of a function that nothing knows. */
export const UNKNOWN_FUNCTION = 'KS211';
/** Its code of a table that nothing knows. */
export const UNKNOWN_TABLE = 'KS204';
/** Its code of a function without its brackets, as it sees one where it wants a column. */
const NO_ARGUMENTS = 'KS117';

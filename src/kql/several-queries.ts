import { isSyntaxCode, KqlError } from './kqlerror.ts';
import { analyseText, schemaOf } from './language.ts';

/** One of several queries of a text. */
export interface PartQuery {
  /** With as many empty lines in front as the text has before it, so that places are those of the text. */
  query: string;
  /** Its first line that is no comment. */
  line: number;
  head: string;
}

/** What goes on with the query before it, or ends one that goes on after it. */
const GOES_ON = /^(?:[|)\]},;=<>!+*/%-]|(?:and|or|by|on|has\w*|in|contains\w*|between|matches|to|with|as)\b)/i;
const UNFINISHED = /(?:[|([{,;=<>!+*/%-]|\b(?:and|or|not|by|on|in|between|union|join|lookup))$/i;

/**
 * The queries of a text that holds several, divided by empty lines, of which Azure's portals run the one with the cursor
 * (https://learn.microsoft.com/azure/azure-monitor/logs/log-query-overview, as of 2026-11). None where the text is one query,
 * or nothing that Microsoft's parser could read in pieces.
 */
export function severalQueries(text: string): PartQuery[] {
  const parts = piecesOf(text);
  if (parts.length < 2 || isQuery(text)) return [];
  return parts.every(({ query }) => isQuery(query.trimStart())) ? parts : [];
}

/** Can it be read as a query? Not where it is too long or too deep. */
function isQuery(text: string): boolean {
  try {
    const { diagnostics } = analyseText(text, schemaOf([]), false);
    return !diagnostics.some(({ severity, code }) => severity === 'error' && isSyntaxCode(code));
  } catch (error) {
    // The parser's recursion may exhaust the stack.
    if (error instanceof KqlError || error instanceof RangeError) return false;
    throw error;
  }
}

function piecesOf(text: string): PartQuery[] {
  const parts: PartQuery[] = [];
  let from = 0;
  /** The code of the piece so far: its first line, and its last without its comment. */
  let first: { line: number; head: string } | undefined;
  let last = '';
  let gap = false;
  const lines = text.split('\n');
  const end = (to: number): void => {
    if (first) parts.push({ query: `${'\n'.repeat(from)}${lines.slice(from, to).join('\n').trimEnd()}`, ...first });
  };
  /** The first line of the comments before the next code. */
  let comments = 0;
  for (const [i, line] of lines.entries()) {
    const code = line.replace(/(^|[\s;,(])\/\/.*$/, '$1').trim();
    if (code === '') {
      if (line.trim() === '') gap = true;
      if (gap && line.trim() !== '' && comments === 0) comments = i;
      continue;
    }
    if (first && gap && !UNFINISHED.test(last) && !GOES_ON.test(code)) {
      end(comments || i);
      from = comments || i;
      first = undefined;
    }
    first ??= { line: i + 1, head: code };
    last = code;
    gap = false;
    comments = 0;
  }
  end(lines.length);
  return parts;
}

import { azureError } from '../azure/client/failure.ts';
import { type Diagnostic, KqlError, positionOf } from '../kql/kqlerror.ts';
import { plainPattern } from '../text/plain-pattern.ts';

/** A query as Log Analytics judged it. */
interface Judged {
  query: string;
  /** The name that is nearest to one that does not fit its place; "" where none is. */
  nearest(position: number, name: string): Promise<string>;
}

/**
 * A name that nothing has: "Failed to resolve table or column expression named 'X'", and for columns "'where' operator: Failed
 * to resolve column or scalar expression named 'X'" or "… scalar expression named 'X'" (github.com/SigmaHQ/sigma/issues/359).
 */
const unresolved = /Failed to resolve [\w ]{1,60}named '([^'\n]{1,200})'/i;

/** The place of a fault, one-based: "[line:position=1:14]" (github.com/Azure/azure-kusto-python/issues/256). */
const place = /line:position=(\d{1,6}):(\d{1,6})|on line (\d{1,6}), position (\d{1,6})/i;

/** The offset of the name in the query, as a whole word and no text; -1 where there is none. */
function placeOf(name: string, query: string): number {
  return new RegExp(`(?<![\\w'"])${plainPattern(name)}(?![\\w'"])`).exec(query)?.index ?? -1;
}

function offsetOf(query: string, line: number, column: number): number {
  const before = query.split('\n').slice(0, line - 1);
  return before.reduce((sum, text) => sum + text.length + 1, 0) + column - 1;
}

/**
 * The fault of a query in Azure's words, with its place and the nearest name, as far as the answer tells them; undefined where
 * the answer is about something else than the query.
 */
export async function faultOf(error: unknown, { query, nearest }: Judged): Promise<KqlError | undefined> {
  const { status, message } = azureError(error);
  if (status !== 400) return undefined;
  const name = unresolved.exec(message)?.[1];
  const [, line, column, otherLine, otherColumn] = place.exec(message) ?? [];
  const start =
    name === undefined
      ? offsetOf(query, Number(line ?? otherLine), Number(column ?? otherColumn))
      : placeOf(name, query);
  if (name === undefined && !(start >= 0 && start <= query.length)) return undefined;
  const near = name === undefined || start < 0 ? '' : await nearest(start, name);
  const said = `Log Analytics: ${message.replace(/\.$/, '')}.${near === '' ? '' : ` Nearest: ${near}.`}`;
  if (start < 0) return new KqlError('semantic', said, []);
  const token = name ?? /^\w*/.exec(query.slice(start))?.[0] ?? '';
  const fault: Diagnostic = {
    severity: 'error',
    code: '',
    message: said,
    start,
    length: token.length,
    token,
    ...positionOf(query, start),
  };
  return new KqlError(name === undefined ? 'syntax' : 'semantic', said, [fault]);
}

import { at, isObject, listAt, textAt } from '../../arm/json.ts';
import { redactText } from '../../casefile/redaction.ts';
import { printable } from '../../text/printable.ts';
import { answerOf } from './refused-answers.ts';

/** What an error of an SDK call says, wherever in the error that is. */
export interface AzureError {
  /** The error's class: "RestError". */
  name: string;
  /** Azure's code, or that of the system where no answer came ("ENOTFOUND"); "" when there is none. */
  code: string;
  /** Azure's codes at every depth, the outermost first. */
  codes: string[];
  /** HTTP status; 0 means that no answer came. */
  status: number;
  /** What happened, in Azure's words: those of the innermost error. */
  message: string;
  /** The answer was written by Azure, not by something between here and there. */
  fromAzure: boolean;
  /** Azure's refusals are JSON: an answer that is a page or a text is a proxy's, whatever its headers say. */
  isPage: boolean;
  retryAfterSeconds: number | undefined;
  /** The host that answered; "" where none was asked. */
  host: string;
  /** A header of the answer; "" when it has none of that name. */
  header(name: string): string;
}

/** How deep errors lie within errors is Azure's choice; the innermost says what is wrong. */
const deepest = 8;
const mostErrors = 20;
const longest = 1500;

/** Azure's words as they may be shown: errors repeat what was sent, with its keys and signatures. */
function shown(text: string): string {
  return printable(redactText(text.slice(0, 8 * longest)), longest);
}

/** Sentences that say nothing but that there was an error: what happened is in the details. */
const empty =
  /^(a retryable error occurred|precondition failed|bad ?request|an error (has )?occurred|please provide below info|the request had some invalid properties|there were some errors when processing|something went wrong processing|(one or more|at least one) .*(failed|error)|see (inner|details))/i;

/** Messages are now and then whole error bodies as text. */
function unwrapped(error: unknown): unknown {
  const text = textAt(error, 'message').trim();
  if (!text.startsWith('{') || text.length > 100_000) return error;
  try {
    const body: unknown = JSON.parse(text);
    return at(body, 'error') ?? body;
  } catch {
    return error;
  }
}

/** The errors that no other explains, from one of Azure's error objects. */
function innermost(given: unknown, depth = 0): unknown[] {
  const error = unwrapped(given);
  if (depth >= deepest || !isObject(error)) return isObject(error) ? [error] : [];
  const inner = error.innererror ?? error.innerError;
  if (textAt(inner, 'message') !== '') return innermost(inner, depth + 1);
  const details = listAt(error, 'details').slice(0, mostErrors).filter(isObject);
  const told = details.flatMap((detail) => innermost(detail, depth + 1)).filter((one) => textAt(one, 'message') !== '');
  return told.length > 0 ? told : [error];
}

/** One error in a line: its code where the message does not say as much, and the place in a query. */
function told(error: unknown): string {
  const code = textAt(error, 'code');
  const message = textAt(error, 'message');
  const row = at(error, 'line');
  const place =
    typeof row === 'number' ? ` (line ${row}, character ${String(at(error, 'characterPositionInLine'))})` : '';
  const words = /^(-?\d*|[A-Z]{3}\d{4})$/.test(code) || message.includes(code) ? message : `${code}: ${message}`;
  return `${words}${place}`;
}

/**
 * What an error object of Azure's says happened, in a line. `details[]` and `innererror` say more than the message on
 * top (Azure REST API guidelines, "ErrorDetail"; of Log Analytics, "Azure Monitor Log Analytics API errors").
 */
export function causeIn(error: unknown): string {
  const top = textAt(unwrapped(error), 'message') || textAt(error, 'message');
  const errors = innermost(error);
  // Its own code is beside the message anyway.
  if (errors[0] === error) return shown(top || textAt(error, 'code'));
  const inner = [...new Set(errors.map(told))].filter((text) => text !== '');
  const says = top !== '' && !empty.test(top) && !inner.some((text) => text.includes(top));
  return shown([...inner, ...(says ? [top] : [])].join('; ') || textAt(error, 'code'));
}

function codesIn(error: unknown, depth = 0): string[] {
  if (depth >= deepest || !isObject(error)) return [];
  const inner = [error.innererror ?? error.innerError, ...listAt(error, 'details').slice(0, mostErrors)];
  return [textAt(error, 'code'), ...inner.flatMap((one) => codesIn(one, depth + 1))].filter((code) => code !== '');
}

function headersOf(error: unknown): (name: string) => string {
  const headers = at(error, 'response', 'headers');
  const get = at(headers, 'get');
  return (name) => {
    const value: unknown = typeof get === 'function' ? Reflect.apply(get, headers, [name]) : undefined;
    return typeof value === 'string' ? value : '';
  };
}

/** The answer as it came: the SDK's models drop of an error what they do not know. */
function bodyOf(text: string): unknown {
  if (text === '' || text.length > 1_000_000) return undefined;
  try {
    const body: unknown = JSON.parse(text);
    return isObject(body) ? body : undefined;
  } catch {
    return undefined;
  }
}

/** `Retry-After` in seconds: a number, or a date (RFC 9110, 10.2.3); undefined when there is none. */
export function secondsToWait(header: string): number | undefined {
  const seconds = /^\d+$/.test(header) ? Number(header) : Math.ceil((Date.parse(header) - Date.now()) / 1000);
  return seconds > 0 ? seconds : undefined;
}

/** What an error says: HTTP status, Azure's codes and its sentence. */
export function azureError(error: unknown): AzureError {
  const status = at(error, 'statusCode') ?? at(error, 'response', 'status');
  const text = textAt(error, 'response', 'bodyAsText') || answerOf(at(error, 'request'));
  const body = bodyOf(text);
  const details = body ?? at(error, 'details');
  const envelope = at(details, 'error') ?? details;
  const codes = codesIn(envelope);
  const code = codes[0] ?? textAt(error, 'code');
  const header = headersOf(error);
  const own = textAt(error, 'message') || String(error);
  return {
    name: textAt(error, 'name'),
    code,
    codes: codes.length > 0 ? codes : [code].filter(Boolean),
    status: typeof status === 'number' ? status : 0,
    message: causeIn(envelope) || shown(own),
    isPage: text !== '' && body === undefined,
    fromAzure:
      (text === '' || body !== undefined) &&
      ((code !== '' && code !== 'PARSE_ERROR') ||
        header('x-ms-request-id') !== '' ||
        header('x-ms-activity-id') !== '' ||
        header('x-ms-correlation-request-id') !== ''),
    retryAfterSeconds: secondsToWait(header('retry-after')),
    host: URL.parse(textAt(error, 'request', 'url'))?.host ?? '',
    header,
  };
}

import { columnsOf } from '../../kql/table-schemas.ts';
import type { LineLog, LineReader } from './line-reader.ts';

/**
 * The fields of Storage Analytics' logs in `$logs`, in their order, by the columns that StorageBlobLogs has for them, or by names of their own
 * (learn.microsoft.com/rest/api/storageservices/storage-analytics-log-format, as of 2026-11). Version 2.0 has eight more.
 */
const version1 =
  'SchemaVersion TimeGenerated OperationName StatusText StatusCode DurationMs ServerLatencyMs AuthenticationType RequesterAccountName AccountName ServiceType Uri ObjectKey CorrelationId OperationCount CallerIpAddress OperationVersion RequestHeaderSize RequestBodySize ResponseHeaderSize ResponseBodySize ContentLengthHeader RequestMd5 ResponseMd5 Etag LastModifiedTime ConditionsUsed UserAgentHeader ReferrerHeader ClientRequestId'.split(
    ' ',
  );
const version2 = [
  ...version1,
  ...'RequesterObjectId RequesterTenantId RequesterAppId RequesterAudience RequesterTokenIssuer RequesterUpn Reserved AuthorizationDetails'.split(
    ' ',
  ),
];

const entities: ReadonlyMap<string, string> = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['#39', "'"],
]);
/** "Any field that may contain a quote, a semicolon, or a newline is HTML encoded and quoted". */
const decoded = (text: string): string =>
  text.includes('&') ? text.replace(/&(lt|gt|amp|quot|#39);/g, (whole, name) => entities.get(name) ?? whole) : text;

/** The fields of a line: a quotation mark ends where a semicolon or the end of the line follows. */
function fieldsOf(line: string): string[] {
  const fields: string[] = [];
  for (let at = 0; at <= line.length && fields.length <= version2.length; ) {
    const isQuoted = line[at] === '"';
    const close = isQuoted ? line.indexOf('";', at + 1) : -1;
    // Of the last field the mark ends with the line.
    const end = !isQuoted ? line.indexOf(';', at) : close < 0 ? -1 : close + 1;
    const text = end < 0 ? line.slice(at) : line.slice(at, end);
    fields.push(decoded(isQuoted && text.length > 1 && text.endsWith('"') ? text.slice(1, -1) : text));
    if (end < 0) break;
    at = end + 1;
  }
  return fields;
}

const reader = (): LineReader => (line) => {
  if (!/^[12]\.0;\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,7})?Z;/.test(line)) return null;
  const names = line.startsWith('1') ? version1 : version2;
  const fields = fieldsOf(line);
  if (fields.length !== names.length) return null;
  return new Map(names.map((name, place) => [name, fields[place] ?? '']));
};

const own = columnsOf('StorageBlobLogs');

/** Requests to blobs, tables and queues, whichever ServiceType says. */
export const storageLog: LineLog = {
  table: 'StorageAnalyticsLogs',
  columns: { ...Object.fromEntries(version2.map((name) => [name, own[name] ?? 'string'])), TimeGenerated: 'datetime' },
  reader,
};

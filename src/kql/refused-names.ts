const SEGMENTS =
  'how the service chooses its segments is not documented; count by the columns: summarize count() by a, b';
const SKETCH = 'the sketch is of the service, and an estimate; dcount() is exact here';
const DIGEST = 'the digest is of the service, and an estimate; percentile() is exact here';
const GRAPH = 'graphs are not worked out here; write each step as a join of nodes and edges';
const FETCHED = 'nothing is fetched; save its rows and name the file, --evidence NAME=FILE';
const PROGRAM = 'no program of a query is run here; write its table to a file, --out FILE';
const BYTES = 'the compressed bytes depend on the compressor of the service';
const HASHES = 'how the service joins the hashes is not documented';
const DEVICES = 'it asks Defender about its devices; join DeviceNetworkInfo or DeviceInfo, exported';
const ELSEWHERE =
  'rows from elsewhere are not asked for; export them, name the file, --evidence TABLE=FILE, and write the name of the table alone';
const SCORES = 'the scores of the service are not documented';

/**
 * Functions, operators and plugins that are refused though a query may name them: why, and what to write in their place. Their
 * pages: https://learn.microsoft.com/kusto/query (as of 2026-08-06) and https://learn.microsoft.com/defender-xdr
 * (advanced-hunting-fileprofile-function and its sisters, as of 2026-07).
 */
const refusedNames: ReadonlyMap<string, string> = new Map(
  Object.entries({
    geo_info_from_ip_address:
      'the places of addresses come from a database of the service, GeoLite2 City; give one as a file with the columns network, country, state, city, latitude and longitude: --evidence geo_info_from_ip_address=FILE.csv',
    series_fit_2lines: 'which of the two lines has the point between them, and how short one may be, is not documented',
    series_decompose_forecast:
      'how the service continues the trend and the season is not documented; series_decompose() is worked out',
    series_periods_detect: SCORES,
    series_periods_validate: SCORES,
    hash_many: HASHES,
    hash_combine: HASHES,
    zlib_compress_to_base64_string: BYTES,
    gzip_compress_to_base64_string: BYTES,
    diffpatterns_text: SEGMENTS,
    'reduce-by':
      'how the service clusters texts is not documented; count by a pattern: summarize count() by replace_regex(…)',
    hll: SKETCH,
    hll_if: SKETCH,
    hll_merge: SKETCH,
    dcount_hll: SKETCH,
    tdigest: DIGEST,
    tdigest_merge: DIGEST,
    merge_tdigest: DIGEST,
    percentile_tdigest: DIGEST,
    'make-graph': GRAPH,
    'graph-match': GRAPH,
    'graph-shortest-paths': GRAPH,
    'graph-to-table': GRAPH,
    'graph-mark-components': GRAPH,
    graph: GRAPH,
    sql_request: FETCHED,
    mysql_request: FETCHED,
    postgresql_request: FETCHED,
    cosmosdb_sql_request: FETCHED,
    http_request: FETCHED,
    http_request_post: FETCHED,
    arg: 'Resource Graph is not asked from here; export its table as JSON, name the file, --evidence Resources=FILE.json, and ask arg("").Resources',
    workspace: ELSEWHERE,
    app: ELSEWHERE,
    resource: ELSEWHERE,
    adx: ELSEWHERE,
    python: PROGRAM,
    r: PROGRAM,
    FileProfile:
      'how common a file is, and who signed it, Defender alone knows; leave the step out, or join a table of yours by SHA1',
    DeviceFromIP: DEVICES,
    AssignedIPAddresses: DEVICES,
    SeenBy: DEVICES,
    _SentinelAudit: 'it is made of the table SentinelAudit; ask that',
    _SentinelHealth: 'it is made of the table SentinelHealth; ask that',
  }),
);

/** Parsers of Sentinel's information model: _Im_Dns, imDns, _ASim_Dns, ASimDns (learn.microsoft.com/azure/sentinel/normalization-about-parsers). */
const PARSER = /^(?:_Im_|_ASim_|_ASIM_|im(?=[A-Z])|vim(?=[A-Z])|ASim(?=[A-Z]))(\w+)$/;

/** The table that a schema of the model has for what is normalised before it is kept (…/normalization-about-schemas). */
const NORMALISED: readonly (readonly [schema: RegExp, table: string])[] = [
  [/^AuditEvent/, 'ASimAuditEventLogs'],
  [/^Authentication/, 'ASimAuthenticationEventLogs'],
  [/^Dhcp/, 'ASimDhcpEventLogs'],
  [/^Dns/, 'ASimDnsActivityLogs'],
  [/^FileEvent/, 'ASimFileEventLogs'],
  [/^NetworkSession/, 'ASimNetworkSessionLogs'],
  [/^Process/, 'ASimProcessEventLogs'],
  [/^Registry/, 'ASimRegistryEventLogs'],
  [/^UserManagement/, 'ASimUserManagementActivityLogs'],
  [/^WebSession/, 'ASimWebSessionLogs'],
];

/** What a parser's name says of its schema; undefined for other names, also for those of the model's own tables. */
const schemaOfParser = (name: string): string | undefined =>
  name.endsWith('Logs') ? undefined : PARSER.exec(name)?.[1];

/** The table whose columns a parser's rows have; undefined for other names, and for a schema without one. */
export function normalisedTable(parser: string): string | undefined {
  const schema = schemaOfParser(parser);
  return schema === undefined ? undefined : NORMALISED.find(([pattern]) => pattern.test(schema))?.[1];
}

/**
 * A parser of the model is a view of every source that a workspace has, each by rules of its own, which Microsoft and the
 * workspace's owners change. Of files that hold some of the sources its answer would look whole and not be.
 */
export function parserRefusal(name: string): string | undefined {
  const schema = schemaOfParser(name);
  if (schema === undefined) return undefined;
  if (!UNIFYING.test(name))
    return `a parser of one source is a function of the workspace; ${exported(name)}, or ask its source`;
  const table = normalisedTable(name);
  const alone =
    table === undefined ? '' : `, or ask ${table} for what came normalised, and each other source by its own table`;
  return `a parser unites whatever sources a workspace has, which files do not show; ${exported(name)}${alone}`;
}

/** Whose names end with their schema's. */
const UNIFYING =
  /^(?:_Im_|_ASim_|_ASIM_|im|ASim)(?:AlertEvent|AssetEntity|AuditEvent|Authentication|Dhcp(?:Event)?|Dns|FileEvent|NetworkSession|Process(?:Event|Create|Terminate|CreateEvent|TerminateEvent)?|Registry(?:Event)?|UserManagement|WebSession)$/;

/** How the rows of a workspace's function are given; with them `NAME()` is the table of that name. */
const exported = (name: string): string =>
  `run it in the workspace, export its rows, name the file, --evidence ${name}=FILE.csv, and write ${name}() without arguments`;

/** How a function that is not of the language is given. */
export const unknownFunction = (name: string): string =>
  `If it is saved in a workspace, write it in front, let ${name} = () { … };, or ${exported(name)}.`;

/** Why a name is refused, and what to write in its place; undefined for any other. */
export const refusalOf = (name: string): string | undefined => refusedNames.get(name) ?? parserRefusal(name);

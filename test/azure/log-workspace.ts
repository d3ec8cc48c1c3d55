import { createHttpHeaders, type HttpClient, type PipelineResponse } from '@azure/core-rest-pipeline';
import { LogsQueryClient } from '@azure/monitor-query';
import { type Connection, connect } from '../../src/azure/client/connection.ts';
import { readFleetLogons } from '../../src/azure/readers/fleet-logons.ts';
import { Listing } from '../../src/azure/readers/listing.ts';
import type { LogonOptions } from '../../src/azure/readers/logon-queries.ts';
import type { VirtualMachine } from '../../src/documents/triage.ts';
import { logAnalyticsRows } from '../../src/kql/cells.ts';
import { evaluate, KqlError } from '../../src/kql/evaluate.ts';
import { type ColumnType, tableFromRows } from '../../src/kql/table.ts';

type Row = Record<string, unknown>;
type Columns = Record<string, ColumnType>;

const common: Columns = { TimeGenerated: 'datetime', Computer: 'string', _ResourceId: 'string' };
const texts = (...names: string[]): Columns => Object.fromEntries(names.map((name) => [name, 'string'] as const));

/** The columns of the tables that the queries read, as Microsoft documents them. */
export const logTables: Record<string, Columns> = {
  SecurityEvent: {
    ...common,
    EventID: 'int',
    LogonType: 'int',
    ...texts('EventSourceName', 'TargetUserName', 'TargetDomainName', 'IpAddress', 'IpPort', 'WorkstationName'),
    ...texts(
      'Status',
      'SubStatus',
      'TargetLogonId',
      'SubjectLogonId',
      'SubjectUserName',
      'MemberName',
      'MemberSid',
      'TargetSid',
    ),
    ...texts('ServiceName', 'EventData'),
  },
  WindowsEvent: { ...common, EventID: 'int', Provider: 'string', Channel: 'string', EventData: 'dynamic' },
  Event: {
    ...common,
    EventID: 'int',
    ...texts('Source', 'EventLog', 'EventData', 'ParameterXml', 'RenderedDescription'),
  },
  Syslog: { ...common, ProcessID: 'int', ...texts('Facility', 'SeverityLevel', 'ProcessName', 'SyslogMessage') },
  Heartbeat: { ...common, ...texts('OSType') },
  VMBoundPort: { ...common, Port: 'int', ...texts('Ip', 'Protocol', 'ProcessName') },
  VMConnection: {
    ...common,
    DestinationPort: 'int',
    LinksEstablished: 'long',
    ...texts('Direction', 'Protocol', 'RemoteIp', 'SourceIp'),
  },
};

export interface Workspace {
  now: string;
  /** Rows by table; a table that is not named does not exist. */
  tables: Record<string, Row[]>;
  /** Answers instead of the workspace when it gives a status. */
  refuse?: (query: string) => { status: number; body: unknown; headers?: Record<string, string> } | undefined;
  /** Every query that was sent, with the path it was sent to. */
  asked?: { path: string; query: string }[];
  /** Sent with every answer: Log Analytics' way to say that it stopped half-way. */
  partialError?: unknown;
}

interface Sent {
  query: string;
  timespan: string;
}

function answer(workspace: Workspace, sent: Sent): { status: number; body: unknown } {
  const [start = '', end = ''] = sent.timespan.split('/');
  const within = (row: Row): boolean => {
    const at = Date.parse(String(row.TimeGenerated));
    return at >= Date.parse(start) && at < Date.parse(end);
  };
  const tables = Object.entries(workspace.tables).map(([name, rows]) =>
    tableFromRows(name, rows.filter(within), logTables[name] ?? {}),
  );
  try {
    const result = evaluate(sent.query, tables, { now: new Date(workspace.now) });
    const table = {
      name: 'PrimaryResult',
      columns: result.columns.map(({ name, type }) => ({ name, type })),
      rows: logAnalyticsRows(result),
    };
    const partial = workspace.partialError ? { error: workspace.partialError } : {};
    return { status: 200, body: { tables: [table], ...partial } };
  } catch (error) {
    if (!(error instanceof KqlError)) throw error;
    const missing = /'(\w+)' does not refer to any known table/.exec(error.message)?.[1];
    const message = missing
      ? `'where' operator: Failed to resolve table or column expression named '${missing}'`
      : error.message;
    const innererror = {
      code: 'SemanticError',
      message: 'A semantic error occurred.',
      innererror: { code: 'SEM0100', message },
    };
    return {
      status: 400,
      body: { error: { code: 'BadArgumentError', message: 'The request had some invalid properties', innererror } },
    };
  }
}

/** A connection whose Log Analytics is the workspace: the SDK's own client over an HTTP client that evaluates KQL. */
export function connectTo(workspace: Workspace): Connection {
  const httpClient: HttpClient = {
    sendRequest: (request): Promise<PipelineResponse> => {
      const sent: Sent = JSON.parse(String(request.body));
      workspace.asked?.push({ path: new URL(request.url).pathname, query: sent.query });
      const refused = workspace.refuse?.(sent.query);
      const { status, body } = refused ?? answer(workspace, sent);
      return Promise.resolve({
        request,
        status,
        headers: createHttpHeaders({ 'content-type': 'application/json', ...refused?.headers }),
        bodyAsText: JSON.stringify(body),
      });
    },
  };
  const credential = {
    getToken: () => Promise.resolve({ token: 'none', expiresOnTimestamp: Number.MAX_SAFE_INTEGER }),
  };
  const client = new LogsQueryClient(credential, {
    httpClient,
    endpoint: 'https://api.loganalytics.io',
    audience: 'https://api.loganalytics.io',
    retryOptions: { maxRetries: 0 },
  });
  return { ...connect(), clock: { now: () => new Date(workspace.now) }, logs: () => Promise.resolve(client) };
}

export function machine(given: Partial<VirtualMachine> = {}): VirtualMachine {
  const name = given.name ?? 'web01';
  return {
    id: `/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg-web/providers/Microsoft.Compute/virtualMachines/${name}`,
    name,
    resourceGroup: 'rg-web',
    subscriptionId: '11111111-1111-1111-1111-111111111111',
    subscriptionName: 'contoso-prod',
    location: 'eastus',
    os: 'windows',
    osName: 'Windows Server 2019',
    power: 'running',
    computerName: name,
    publicAddresses: [],
    networkInterfaces: [],
    tags: {},
    ...given,
  };
}

/** A logon event of a VM, by default as administrator from 203.0.113.77; 4625 with a wrong password. */
export function securityEvent(vm: VirtualMachine, TimeGenerated: string, EventID: number, given: Row = {}): Row {
  return {
    TimeGenerated,
    EventID,
    Computer: vm.computerName,
    _ResourceId: vm.id.toLowerCase(),
    EventSourceName: 'Microsoft-Windows-Security-Auditing',
    TargetUserName: 'administrator',
    IpAddress: '203.0.113.77',
    LogonType: 3,
    ...(EventID === 4625 ? { Status: '0xc000006d', SubStatus: '0xc000006a' } : {}),
    ...given,
  };
}

/** The failed logons of VMs that are all listed, in the subscriptions that they are in. */
export function fleetLogonsOf(connection: Connection, vms: readonly VirtualMachine[], options?: LogonOptions) {
  const ids = [...new Set(vms.map(({ subscriptionId }) => subscriptionId))];
  return readFleetLogons(connection, ids, new Listing(Promise.resolve(vms)), options);
}

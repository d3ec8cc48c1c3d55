import { at, type ExportShape, type Fields, textOf } from './export-shape.ts';

/** Network flows, each a row: Log Analytics has none of them but what Traffic Analytics adds up (NTANetAnalytics, whose names these are). */
export const flowTable = 'FlowLogs';

/**
 * Flow logs of network security groups and of virtual networks, as they lie in a storage account (PT1H.json;
 * learn.microsoft.com/azure/network-watcher/nsg-flow-logs-overview and vnet-flow-logs-overview, "Log format", as of 2025-04).
 */
const categories = new Set(['NetworkSecurityGroupFlowEvent', 'FlowLogFlowEvent']);

/** Is it a beginning of such a file, whose first record may be longer than what is looked at? */
export const beginsAsFlowLog = (text: string): boolean =>
  /"category"\s*:\s*"(?:NetworkSecurityGroupFlowEvent|FlowLogFlowEvent)"/.test(text);

const listAt = (value: unknown, name: string): readonly unknown[] => {
  const found = at(value, name);
  return Array.isArray(found) ? found : [];
};

/** Numbers of the IANA, by the letters that Traffic Analytics has for them. */
const protocols: ReadonlyMap<string, string> = new Map([
  ['6', 'T'],
  ['17', 'U'],
]);
const directions: ReadonlyMap<string, string> = new Map([
  ['I', 'Inbound'],
  ['O', 'Outbound'],
]);

/** Seconds since 1970, or milliseconds, as ISO 8601; what is neither stays. */
function timeOf(text: string): string {
  const number = /^\d{10}(?:\d{3})?$/.test(text) ? Number(text) * (text.length === 10 ? 1000 : 1) : Number.NaN;
  return Number.isNaN(number) ? text : new Date(number).toISOString();
}

const count = (text: string | undefined): number | string =>
  text === undefined || text === '' ? '' : /^\d{1,15}$/.test(text) ? Number(text) : text;

/** The columns of a tuple; `isVnet`: protocol and encryption are written otherwise. */
function tupleRow(tuple: unknown, isVnet: boolean): [string, unknown][] {
  const [time = '', source, dest, sourcePort, destPort, protocol = '', direction = '', ...rest] =
    textOf(tuple).split(',');
  // Of a group whether it was let through, and since version 2 the state; of a network the state, which can be a denial.
  const [decision, state, encryption, counts] = isVnet
    ? [rest[0] === 'D' ? 'D' : 'A', rest[0], rest[1], rest.slice(2)]
    : [rest[0], rest[1], '', rest.slice(2)];
  return [
    ['TimeGenerated', timeOf(time)],
    ['SrcIp', source ?? ''],
    ['SrcPort', count(sourcePort)],
    ['DestIp', dest ?? ''],
    ['DestPort', count(destPort)],
    ['L4Protocol', protocols.get(protocol) ?? protocol],
    ['FlowDirection', directions.get(direction) ?? direction],
    ['FlowStatus', decision === 'A' ? 'Allowed' : decision === 'D' ? 'Denied' : (decision ?? '')],
    ['FlowState', state ?? ''],
    ['FlowEncryption', encryption ?? ''],
    ['PacketsSrcToDest', count(counts[0])],
    ['BytesSrcToDest', count(counts[1])],
    ['PacketsDestToSrc', count(counts[2])],
    ['BytesDestToSrc', count(counts[3])],
  ];
}

function* rowsOf(record: Fields): Generator<Map<string, unknown>> {
  const isVnet = record.get('category') === 'FlowLogFlowEvent';
  const flows = listAt(record.get(isVnet ? 'flowRecords' : 'properties'), 'flows');
  const whole: [string, unknown][] = [
    ['TargetResourceId', record.get('targetResourceID') ?? record.get('resourceId') ?? ''],
    ['FlowLogResourceId', record.get('flowLogResourceID') ?? ''],
    ['Type', flowTable],
  ];
  for (const flow of flows)
    for (const group of listAt(flow, isVnet ? 'flowGroups' : 'flows')) {
      const about: [string, unknown][] = [
        ...whole,
        ['AclGroup', at(flow, 'aclID') ?? ''],
        ['AclRule', at(isVnet ? group : flow, 'rule') ?? ''],
        ['MacAddress', at(group, 'mac') ?? record.get('macAddress') ?? ''],
      ];
      for (const tuple of listAt(group, 'flowTuples')) yield new Map([...about, ...tupleRow(tuple, isVnet)]);
    }
}

export const flowLog: ExportShape = {
  tableOf: (record) => (categories.has(textOf(record.get('category'))) ? flowTable : undefined),
  rowsOf,
};

import { columnsOf } from '../../kql/table-schemas.ts';
import type { LineLog, LineReader } from './line-reader.ts';

/**
 * The columns of Log Analytics' table for the fields of the log of Windows' firewall (learn.microsoft.com/windows/security/operating-system-security/
 * network-security/windows-firewall/configure-logging, 2024-09; /azure/azure-monitor/reference/tables/windowsfirewall).
 */
const columnOf: ReadonlyMap<string, string> = new Map(
  Object.entries({
    action: 'FirewallAction',
    protocol: 'Protocol',
    'src-ip': 'SourceIP',
    'dst-ip': 'DestinationIP',
    'src-port': 'SourcePort',
    'dst-port': 'DestinationPort',
    size: 'RequestSizeInBytes',
    info: 'Info',
    path: 'CommunicationDirection',
  }),
);

/** The column of the other computer's address, by direction: of what is forwarded, and of no direction that is known, neither is. */
const farEnd: ReadonlyMap<string, string> = new Map([
  ['SEND', 'DestinationIP'],
  ['RECEIVE', 'SourceIP'],
]);

const mostFields = 50;

/** "-" is nothing. */
function reader(): LineReader {
  let columns: readonly string[] = [];
  let isFirewall = false;
  return (line) => {
    if (line.startsWith('#')) {
      isFirewall ||= /^#Software: Microsoft Windows Firewall\b/.test(line);
      const fields = /^#Fields:\s*(\S.*)$/.exec(line)?.[1];
      if (isFirewall && fields !== undefined) columns = fields.trim().toLowerCase().split(/\s+/, mostFields);
      return isFirewall || line.startsWith('#Version:') ? 'directive' : null;
    }
    const values = line.trimEnd().split(' ', mostFields + 1);
    const [date = '', time = ''] = [values[columns.indexOf('date')], values[columns.indexOf('time')]];
    if (values.length !== columns.length || !/^\d{4}-\d\d-\d\d$/.test(date) || !/^\d\d:\d\d:\d\d$/.test(time))
      return null;
    const row = new Map([['TimeGenerated', `${date}T${time}Z`]]);
    for (const [place, name] of columns.entries()) {
      const [column, value = '-'] = [columnOf.get(name), values[place]];
      if (column !== undefined && value !== '-') row.set(column, value);
    }
    const remote = farEnd.get(row.get('CommunicationDirection') ?? '');
    row.set('RemoteIP', (remote && row.get(remote)) ?? '');
    return row;
  };
}

/** The log of Windows' firewall (pfirewall.log), which has the time of its computer ("Time Format: Local"). */
export const firewallLog: LineLog = {
  table: 'WindowsFirewall',
  columns: columnsOf('WindowsFirewall'),
  remark:
    'its times are those of its computer, whose zone it does not say, and taken as UTC (the zone of a VM in Azure that was not given another)',
  reader,
};

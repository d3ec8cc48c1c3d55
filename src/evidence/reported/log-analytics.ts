import { type Ticks, ticksPerMinute } from '../../triage/logons/ticks.ts';
import { at, type Fields, textOf } from '../shapes/export-shape.ts';
import { fieldText, instantOf, processIdOf, type Reporter, valueText } from './reporter.ts';
import { windowsLogon } from './windows.ts';

const lacks = 'what the data collection rule, the workspace or the query of the export left out';

/** "admin" of "WEB01\admin". */
const parted = (account: string): [domain: string, name: string] => {
  const cut = account.indexOf('\\');
  return cut < 0 ? ['', account] : [account.slice(0, cut), account.slice(cut + 1)];
};

/** The table SecurityEvent (learn.microsoft.com/azure/azure-monitor/reference/tables/securityevent, as of 2026-11). */
export const securityEvent: Reporter = {
  lacks,
  logonOf: (row) => {
    const [domain, account] = parted(fieldText(row, 'TargetAccount', 'Account'));
    const whole: ReadonlyMap<string, string> = new Map([
      ['TargetUserName', account],
      ['TargetDomainName', domain],
    ]);
    return windowsLogon({
      eventId: Number(fieldText(row, 'EventID')),
      at: instantOf(row.get('TimeGenerated')),
      computer: fieldText(row, 'Computer'),
      recordId: fieldText(row, 'EventRecordId', '_EventRecordId'),
      field: (name) => fieldText(row, name) || (whole.get(name) ?? ''),
    });
  },
};

/** The table WindowsEvent, whose EventData is a bag of the event's own fields (…/tables/windowsevent, as of 2026-11). */
export const windowsEvent: Reporter = {
  lacks,
  logonOf: (row) => {
    if (fieldText(row, 'Channel') !== 'Security') return null;
    const data = bagOf(row.get('EventData'));
    return windowsLogon({
      eventId: Number(fieldText(row, 'EventID')),
      at: instantOf(row.get('TimeGenerated')),
      computer: fieldText(row, 'Computer'),
      recordId: fieldText(row, 'EventRecordId'),
      field: (name) => valueText(at(data, name)),
    });
  },
};

/** A bag, which is text in CSV. */
function bagOf(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}

/** Times of an agent that is no further from that of the workspace are in UTC: a zone that was not said is a quarter of an hour at least. */
const sameZone = 14 * ticksPerMinute;

/** When the line was written, by the agent's time where that can be in UTC: that of the workspace is when it got the line. */
function lineTime(row: Fields): Ticks | null {
  const [written, got] = [instantOf(row.get('EventTime')), instantOf(row.get('TimeGenerated'))];
  return written !== null && (got === null || Math.abs(got - written) <= sameZone) ? written : (got ?? written);
}

/** Lines of the table Syslog (…/tables/syslog, as of 2026-11). */
export const syslogTable: Reporter = {
  name: 'Log Analytics’ Syslog',
  lacks,
  lineOf: (row) => ({
    line: {
      program: fieldText(row, 'ProcessName'),
      message: textOf(row.get('SyslogMessage')).trim(),
      computer: fieldText(row, 'Computer', 'HostName'),
      processId: processIdOf(fieldText(row, 'ProcessID')),
    },
    at: () => lineTime(row),
  }),
};
